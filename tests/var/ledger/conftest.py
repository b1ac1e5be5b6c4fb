"""Arrays with errors for the tests of single rules, and the truth in exact rationals."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray, Floats

Exact = np.ndarray[Any, Any]  # of dtype object: Fractions


def exactly(x: Floats) -> Exact:
    """The floats as Fractions."""
    found = np.empty(np.shape(x), dtype=object)
    for place in np.ndindex(*np.shape(x)):
        found[place] = Fraction(float(np.asarray(x)[place]))
    return found


class Rules:
    """Makes inputs with a given bound, and says how much of a bound a true result uses up."""

    def __init__(self) -> None:
        self.ops = Bounded(np.empty(0), reference=False)

    def given(self, value: Any, bound: Any) -> BoundedArray:
        """A computed value that may be off by `bound`."""
        array = np.asarray(value, dtype=np.float64)
        return BoundedArray(array, np.broadcast_to(np.asarray(bound, dtype=np.float64), array.shape).copy())

    def used(self, found: BoundedArray, truth: Any) -> Floats:
        """|value - truth| / bound, entrywise; inf where the bound is 0 and the difference is not."""
        return self.used_of(found.numbers, found.bound, truth)

    @staticmethod
    def used_of(value: Floats, bound: Floats, truth: Any) -> Floats:
        """The same for a value and a bound."""
        off = exactly(value) - truth
        result = np.empty(np.shape(value))
        for place in np.ndindex(*np.shape(value)):
            size, allowed = abs(off[place]), float(bound[place])
            result[place] = 0.0 if size == 0 else np.inf if allowed == 0 else float(size / Fraction(allowed))
        return result


@pytest.fixture
def rules() -> Rules:
    return Rules()


@pytest.fixture
def exact() -> Callable[[Floats], Exact]:
    return exactly
