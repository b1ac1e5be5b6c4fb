"""Exact arrays: equal to fractions, and refused before anything could overflow."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reductions.problems.exact_arrays import ExactArray, exact_array, interpolated, joined, times
from varproof.base.errors import InputError
from varproof.var.interpolation.operators import up
from varproof.var.interpolation.sparse import exact_row


def fractions_of(x: ExactArray) -> list[Fraction]:
    return [int(n) * x.unit for n in x.numbers.ravel()]


@given(st.lists(st.integers(-(2**20), 2**20), min_size=1, max_size=6), st.integers(-30, 30))
def test_floats_are_taken_exactly(numbers: list[int], shift: int) -> None:
    floats = np.array([np.ldexp(float(n), shift) for n in numbers])
    assert fractions_of(exact_array(floats, "numbers")) == [Fraction(float(x)) for x in floats]


@pytest.mark.parametrize("bad", [[1.0, 2.0**-60], [np.inf], [np.nan], ["a"], [2**53 + 1, 1]])
def test_what_is_no_exact_array_is_refused(bad: list[Any]) -> None:
    with pytest.raises(InputError):
        exact_array(np.array(bad), "numbers")


@pytest.mark.parametrize("kernel", ["bicubic", "bspline", "bilinear", "nearest", "bicubic:-1/2"])
@pytest.mark.parametrize(("source", "target"), [(1, 3), (2, 4), (3, 4), (4, 9), (5, 7)])
def test_interpolation_is_that_of_the_single_weights(kernel: str, source: int, target: int) -> None:
    cells = np.random.default_rng(source).integers(-9, 9, (source, source, 2))
    got = interpolated(ExactArray(cells, Fraction(1, 3)), kernel, target, "cells")
    for i in range(target):
        for j in range(target):
            row = exact_row(up(kernel, source, target), i, j)
            expected = [sum(w * int(cells[a, b, c]) for (a, b), w in row.items()) / 3 for c in range(2)]
            assert [int(n) * got.unit for n in got.numbers[i, j]] == expected


def test_constant_channels_stay_at_any_size() -> None:
    cells = np.full((60, 60, 1), 2**52 - 1)
    got = interpolated(ExactArray(cells), "bicubic", 119, "cells")
    assert set(fractions_of(got)) == {Fraction(2**52 - 1)}
    cells[0, 0] = 0
    with pytest.raises(InputError, match="small denominator"):
        interpolated(ExactArray(cells), "bicubic", 119, "cells")


def test_products_and_joining_keep_units() -> None:
    left = ExactArray(np.array([[1, 2], [3, 4]]), Fraction(1, 6))
    right = ExactArray(np.array([[5], [7]]), Fraction(1, 4))
    assert fractions_of(times(left, right, "x")) == [Fraction(19, 24), Fraction(43, 24)]
    both = joined([left, ExactArray(np.array([[1, 1]]), Fraction(1, 4))], "x")
    assert fractions_of(both) == [Fraction(n, 12) for n in (2, 4, 6, 8, 3, 3)]


@pytest.mark.parametrize("size", [2**30, 2**52])
def test_products_that_could_overflow_are_refused(size: int) -> None:
    big = ExactArray(np.full((2, 2), size))
    with pytest.raises(InputError, match="too long"):
        times(big, big, "x")
    with pytest.raises(InputError, match="too long"):
        joined([ExactArray(np.array([[size * 2 - 1]])), ExactArray(np.array([[1]]), Fraction(1, 2**24))], "x")
