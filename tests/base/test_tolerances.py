"""Rounding bounds hold for sums computed in floating point, and are not vacuous."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.tolerances import UNIT_ROUNDOFF, rounding_bound


@given(st.lists(st.floats(0, 1), min_size=2, max_size=60))
def test_sums_in_float64(values: list[float]) -> None:
    total = 0.0
    for value in values:
        total += value
    exact = sum(map(Fraction, values))
    assert abs(Fraction(total) - exact) <= Fraction(rounding_bound(len(values), float(exact) * (1 + 1e-9)))


@given(st.integers(0, 10**6))
def test_products_in_float32(seed: int) -> None:
    values = np.random.default_rng(seed).uniform(0.9, 1.1, 20).astype(np.float32)
    total = np.float32(1)
    for value in values:
        total = np.float32(total * value)
    exact = math.prod(Fraction(float(value)) for value in values)
    assert abs(Fraction(float(total)) - exact) <= Fraction(rounding_bound(20, float(exact), "float32"))


@pytest.mark.parametrize("dtype", sorted(UNIT_ROUNDOFF))
def test_size_of_the_bound(dtype: str) -> None:
    unit = UNIT_ROUNDOFF[dtype]
    assert np.finfo(dtype).eps / 2 == unit
    assert rounding_bound(0, 1.0, dtype) == 0
    assert unit < rounding_bound(1, 1.0, dtype) < 1.001 * unit
    assert rounding_bound(100, 3.0, dtype) == pytest.approx(300 * unit, rel=1e-4)


def test_beyond_the_model_the_bound_is_infinite_and_never_negative() -> None:
    assert rounding_bound(2**24, 1.0, "float32") == math.inf
    assert rounding_bound(2**25, 1.0, "float32") == math.inf
    assert 0 < rounding_bound(2**24 - 1, 1.0, "float32") < math.inf
