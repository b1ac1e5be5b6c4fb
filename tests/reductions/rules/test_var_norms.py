"""Norms behind the bound on mixed keys: upper bounds for rows of any length."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reductions.constructions.blocks.norms import _norms
from varproof.base.balls import upper_rational


@pytest.mark.parametrize("length", [1, 7, 2**15, 2**15 + 1, 2**16 + 16])
@pytest.mark.parametrize("entry", [0, 1, 2**24 - 1, 2**24, 2**40 + 1])
def test_norms_are_upper_bounds_in_long_rows_too(length: int, entry: int) -> None:
    """At 2^16 + 16 columns the sum of squares of 24-bit entries is beyond int64."""
    found = [upper_rational(norm) for norm in _norms(np.full((2, length), entry, dtype=np.int64))]
    exact = [math.isqrt(length * entry**2), length * entry, entry]
    assert all(norm >= least for norm, least in zip(found, exact, strict=True))
    assert all(1000 * norm <= 1001 * least + 1000 for norm, least in zip(found, exact, strict=True))
