"""Kernels: independent formulas, exact suprema and ranges, ties of the nearest neighbour, and refusals."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.approx.interpolation_kernels import (
    BILINEAR,
    BSPLINE,
    NEAREST,
    Kernel,
    keys_absolute_sum,
    keys_cubic,
    keys_range,
    row_sum_is_one,
)
from varproof.base.errors import InputError

GRID = [Fraction(i, 96) for i in range(96)]
KEYS = [Fraction(0), Fraction(-1, 2), Fraction(-3, 4), Fraction(-1), Fraction(-5, 2), Fraction(-3)]


def catmull_rom(points: list[Fraction], t: Fraction) -> Fraction:
    """Hermite interpolation with central differences: what Keys' cubic at a = -1/2 must reproduce."""
    before, start, end, after = points
    left, right = (end - before) / 2, (after - start) / 2
    return (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * left
        + (-2 * t**3 + 3 * t**2) * end
        + (t**3 - t**2) * right
    )


def uniform_spline(x: Fraction) -> Fraction:
    """Cubic B-spline by truncated powers: sum_k (-1)^k C(4, k) (x + 2 - k)_+^3 / 6."""
    total = Fraction(0)
    for k, binomial in enumerate((1, 4, 6, 4, 1)):
        total += (-1) ** k * binomial * max(x + 2 - k, Fraction(0)) ** 3
    return total / 6


def test_keys_at_one_half_is_hermite_interpolation():
    points = [Fraction(3), Fraction(-1), Fraction(7, 2), Fraction(10)]
    for t in GRID:
        value = sum(w * p for w, p in zip(keys_cubic("-1/2").weights(t), points, strict=True))
        assert value == catmull_rom(points, t)


def test_spline_agrees_with_truncated_powers():
    for x in [*GRID, *(1 + t for t in GRID), Fraction(2), Fraction(5, 2)]:
        assert BSPLINE(x) == BSPLINE(-x) == uniform_spline(x)


def test_keys_interpolates_and_is_continuous():
    for a in [*KEYS, Fraction(2)]:
        kernel = keys_cubic(a)
        assert [kernel(k) for k in range(-3, 4)] == [0, 0, 0, 1, 0, 0, 0]
        for knot in (1, 2):
            near = Fraction(1, 10**9)
            assert abs(kernel(knot - near) - kernel(knot + near)) < 100 * near


@pytest.mark.parametrize("a", KEYS)
def test_closed_forms_are_the_extremes_of_the_grid(a):
    kernel = keys_cubic(a)
    sums = [kernel.absolute_sum(t) for t in GRID]
    assert max(sums) == keys_absolute_sum(a) == kernel.absolute_sum(Fraction(1, 2))
    values = [w for t in GRID for w in kernel.weights(t)]
    assert (min(values), max(values)) == keys_range(a)
    products = [u * v for u in set(values) for v in (min(values), max(values))]
    assert (min(products), max(products)) == keys_range(a)


def test_stated_constants():
    assert keys_absolute_sum("-3/4") ** 2 == Fraction(121, 64)
    assert keys_absolute_sum("-0.5") ** 2 == Fraction(25, 16)
    assert keys_range("-0.75")[0] == Fraction(-1, 9)
    assert max(BSPLINE.absolute_sum(t) for t in GRID) == 1


def test_the_sum_needs_a_not_positive_and_the_range_a_above_minus_three():
    assert keys_absolute_sum(-5) == max(keys_cubic(-5).absolute_sum(t) for t in GRID)
    assert max(keys_cubic(1).absolute_sum(t) for t in GRID) < Fraction(3, 2)
    assert max(keys_cubic(-5)(t) for t in GRID) > 1
    for refused in (Fraction(1, 100), 2):
        with pytest.raises(InputError, match="closed form"):
            keys_absolute_sum(refused)
    for refused in (Fraction(1, 100), Fraction(-301, 100)):
        with pytest.raises(InputError, match="closed form"):
            keys_range(refused)


def test_row_sums():
    for kernel in (NEAREST, BILINEAR, BSPLINE, *map(keys_cubic, KEYS)):
        assert row_sum_is_one(kernel)
        assert all(sum(kernel.weights(t)) == 1 for t in GRID)
    lame = Kernel("bilinear with a wrong slope", ((Fraction(1), Fraction(-9, 10)),))
    assert not row_sum_is_one(lame)


def test_phase_polynomials_are_the_weights():
    for kernel in (BILINEAR, BSPLINE, keys_cubic("-3/4")):
        for t in GRID[::7]:
            values = tuple(sum(c * t**k for k, c in enumerate(p)) for p in kernel.phase_polynomials())
            assert values == kernel.weights(t)
    with pytest.raises(InputError):
        NEAREST.phase_polynomials()


def test_nearest_picks_one_cell_and_breaks_ties_to_the_right():
    assert NEAREST.weights(Fraction(1, 2)) == (0, 1)
    assert NEAREST.weights(Fraction(49, 100)) == (1, 0)
    assert NEAREST.weights(Fraction(51, 100)) == (0, 1)


@pytest.mark.parametrize("phase", [-1, 1, Fraction(3, 2), Fraction(-1, 100)])
def test_phases_outside_the_cell_are_refused(phase):
    with pytest.raises(InputError, match="phase"):
        BILINEAR.weights(phase)


@pytest.mark.parametrize("bad", [-0.75, "a", None, "1/0"])
def test_inexact_parameters_are_refused(bad):
    with pytest.raises(InputError):
        keys_cubic(bad)
