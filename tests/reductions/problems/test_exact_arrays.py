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


@pytest.mark.parametrize("size", [2**31, 2**52])
def test_products_that_could_overflow_are_refused(size: int) -> None:
    big = ExactArray(np.full((2, 2), size))
    with pytest.raises(InputError, match="too long"):
        times(big, big, "x")
    with pytest.raises(InputError, match="too long"):
        joined([ExactArray(np.array([[size * 2 - 1]])), ExactArray(np.array([[1]]), Fraction(1, 2**32))], "x")


def test_products_beyond_53_bits_are_exact_integers() -> None:
    big = 2**30 + 1
    got = times(ExactArray(np.array([[big, 1], [-big, 0]])), ExactArray(np.array([[big], [1]])), "x")
    assert fractions_of(got) == [big * big + 1, -big * big]


def test_a_product_is_bounded_channel_by_channel() -> None:
    long, short = 2**40, 1
    left, right = np.array([[long, short]]), np.array([[1, 0], [0, long]])
    assert fractions_of(times(ExactArray(left), ExactArray(right), "x")) == [2**40, 2**40]
    with pytest.raises(InputError, match="too long"):
        times(ExactArray(left), ExactArray(right[::-1].copy()), "x")
    with pytest.raises(InputError, match="too long"):  # 3 x 2^61, each term alone would fit
        times(ExactArray(np.array([[1, 1, 1]])), ExactArray(np.full((3, 1), 2**61)), "x")


def test_joining_and_interpolating_beyond_53_bits() -> None:
    parts = [ExactArray(np.array([[2**55 + 1]])), ExactArray(np.array([[1]]), Fraction(1, 32))]
    assert fractions_of(joined(parts, "x")) == [2**55 + 1, Fraction(1, 32)]
    cells = ExactArray(np.array([[[2**45 + 1], [0]], [[0], [0]]]))
    got = interpolated(cells, "bilinear", 4, "x")
    row = exact_row(up("bilinear", 2, 4), 1, 1)
    assert int(got.numbers[1, 1, 0]) * got.unit == row[0, 0] * (2**45 + 1)


def test_long_integers_are_taken_where_they_are_allowed() -> None:
    long = np.array([2**60 + 1, 1])
    with pytest.raises(InputError, match="too long"):
        exact_array(long, "x")
    assert exact_array(long, "x", limit=2**62).numbers.tolist() == [2**60 + 1, 1]


@pytest.mark.parametrize("right", [np.zeros((3, 2), dtype=np.int64), np.array([[0, 3, 0], [0, 0, 0], [-2, 0, 5]])])
def test_selections_of_channels_are_products(right: Any) -> None:
    left = np.random.default_rng(0).integers(-9, 9, (2, 4, 3))
    expected = [int(x) for x in (left @ right).ravel()]
    assert fractions_of(times(ExactArray(left), ExactArray(right), "x")) == expected


def test_products_without_channels_are_zero() -> None:
    nothing = np.zeros((2, 0), dtype=np.int64)
    assert fractions_of(times(ExactArray(nothing), ExactArray(np.zeros((0, 3), dtype=np.int64)), "x")) == [0] * 6
