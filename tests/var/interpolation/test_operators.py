"""The interpolations of the models against torch, whose bicubic the reference model calls, and against their laws."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from varproof.approx.interpolation_kernels import Kernel
from varproof.base.errors import InputError
from varproof.base.tolerances import rounding_bound
from varproof.growth.schedules import PRESETS
from varproof.var.interpolation.operators import area, kernel_named, up
from varproof.var.interpolation.resampling import Resampling

DOUBLING = (1, 2, 4, 8, 16, 32, 64)
SCHEDULES = [*PRESETS.values(), DOUBLING]
STATED = 1e-14  # the accuracy that we state; 5.1e-15 is what one machine measured
KERNELS = ["bicubic", "bicubic:-1/2", "bicubic:1/3", "bspline", "bilinear", "nearest"]
NEEDED = "needs the extra [torch]"


def maps(side: int) -> Any:
    """(channels, side, side), all entries in [-1, 1]: first the lines that read single weights, then a random map."""
    lines = np.broadcast_to(np.eye(side)[:, :, None], (side, side, side))
    return np.concatenate([lines, np.random.default_rng(side).uniform(-1, 1, (1, side, side))])


def difference(operator: Resampling, mode: str, **options: Any) -> float:
    """The largest difference from torch's interpolation of `maps`, float64, relative to max |x| = 1."""
    torch = pytest.importorskip("torch", reason=NEEDED)
    x = maps(operator.source)
    size = (operator.target, operator.target)
    theirs = torch.nn.functional.interpolate(torch.from_numpy(x)[None], size=size, mode=mode, **options)[0].numpy()
    ours = operator.array @ x @ operator.array.T
    return float(np.abs(ours - theirs).max())


def slope(kernel: Kernel) -> float:
    """At least sum_k |W'(t-k)| for every phase: derivatives lie between their Bernstein coefficients."""
    total = Fraction(0)
    for polynomial in kernel.phase_polynomials():
        d = [power * c for power, c in enumerate(polynomial)][1:] + [Fraction(0)] * 2
        total += max(abs(d[0]), abs(d[0] + d[1] / 2), abs(d[0] + d[1] + d[2]))
    return float(total)


def tolerance(name: str, source: int) -> float:
    """What torch and we may differ by. Its phase rounds three times at size `source` and moves the weights by `slope`.

    A weight is a cubic in Horner's form, at most 7 operations on numbers up to 8; 4 weights a line, two lines of size
    at most 11/8; then inner products of 4 terms in both directions, ours of `source` terms.
    """
    axis = slope(kernel_named(name)) * rounding_bound(3, source) + 4 * rounding_bound(7, 8.0)
    return 2 * 11 / 8 * axis + rounding_bound(2 * (4 + source) + 4, 121 / 64)


def corner_aligned(name: str, source: int, target: int) -> Resampling:
    """What the operators are not: output cell i at i (p-1)/(n-1), so that the corners coincide."""
    kernel, rows = kernel_named(name), []
    for i in range(target):
        centre = Fraction(i * (source - 1), target - 1)
        row = [Fraction(0)] * source
        for k in range(math.floor(centre) - 2, math.floor(centre) + 4):
            row[min(max(k, 0), source - 1)] += kernel(centre - k)
        rows.append(tuple(row))
    return Resampling("corner aligned", tuple(rows))


@pytest.mark.parametrize("sides", SCHEDULES, ids=str)
def test_bicubic_is_that_of_torch(sides: tuple[int, ...]) -> None:
    for source, target in combinations(sides, 2):
        error = difference(up("bicubic", source, target), "bicubic", align_corners=False)
        assert error <= min(tolerance("bicubic", source), STATED), (source, target)


@pytest.mark.parametrize("sides", SCHEDULES, ids=str)
@pytest.mark.parametrize(("name", "mode"), [("bilinear", "bilinear"), ("nearest", "nearest-exact")])
def test_bilinear_and_nearest_are_those_of_torch(sides: tuple[int, ...], name: str, mode: str) -> None:
    for source, target in combinations(sides, 2):
        options = {"align_corners": False} if name == "bilinear" else {}
        # nearest copies entries: no tolerance
        allowed = min(tolerance(name, source), STATED) if name == "bilinear" else 0.0
        assert difference(up(name, source, target), mode, **options) <= allowed, (source, target)


@pytest.mark.parametrize("sides", SCHEDULES, ids=str)
def test_area_is_that_of_torch(sides: tuple[int, ...]) -> None:
    for p, n in combinations(sides, 2):
        for source, target in ((n, p), (p, n), (p, p)):
            # both are sums of at most ceil(p/n) + 1 entries a line, with weights that sum to 1
            allowed = rounding_bound(2 * (2 * source + 2), 1.0)
            assert difference(area(source, target), "area") <= allowed, (source, target)


@pytest.mark.parametrize("sides", SCHEDULES, ids=str)
def test_other_coefficients_and_alignments_are_far_from_torch(sides: tuple[int, ...]) -> None:
    for source, target in combinations(sides, 2):
        if source == 1:  # every kernel repeats one cell
            continue
        wrong = [up("bicubic:-27/40", source, target), up("bicubic:-33/40", source, target)]  # a off by 10 %
        wrong += [up("bicubic:-1/2", source, target), corner_aligned("bicubic", source, target)]
        for operator in wrong:
            assert difference(operator, "bicubic", align_corners=False) > 0.01, operator.name
        assert difference(area(target, source), "nearest-exact") > 0.01


def test_doubling_by_nearest_is_also_the_other_nearest_of_torch() -> None:
    for side in (1, 2, 5, 16):
        assert difference(up("nearest", side, 2 * side), "nearest") == 0


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize(("source", "target"), [(1, 1), (1, 7), (2, 3), (5, 13), (13, 16), (16, 5), (64, 9)])
def test_rows_sum_to_exactly_one(name: str, source: int, target: int) -> None:
    for operator in (up(name, source, target), area(source, target)):
        assert (operator.source, operator.target) == (source, target)
        assert all(sum(row) == 1 for row in operator.matrix)


@pytest.mark.parametrize("side", [1, 2, 3, 8, 13])
def test_equal_sides_give_the_identity_but_for_the_b_spline(side: int) -> None:
    identity = tuple(tuple(Fraction(i == j) for j in range(side)) for i in range(side))
    assert area(side, side).matrix == identity
    for name in KERNELS:
        assert (up(name, side, side).matrix == identity) == (name != "bspline" or side == 1), name
    if side > 2:
        assert up("bspline", side, side).matrix[1][:3] == (Fraction(1, 6), Fraction(2, 3), Fraction(1, 6))


def test_averages_cover_every_cell_once_when_the_sides_divide() -> None:
    for p, n in ((6, 2), (16, 4), (9, 9), (8, 1)):
        assert [sum(column) for column in zip(*area(p, n).matrix, strict=True)] == [Fraction(n, p)] * p


def test_averages_of_uneven_windows() -> None:
    """Windows of cell i: floor(i p/n) to ceil((i+1) p/n), written out."""
    half, third = Fraction(1, 2), Fraction(1, 3)
    assert area(4, 3).matrix == ((half, half, 0, 0), (0, half, half, 0), (0, 0, half, half))
    assert area(5, 2).matrix == ((third, third, third, 0, 0), (0, 0, third, third, third))
    assert area(2, 3).matrix == ((1, 0), (half, half), (0, 1))


def test_the_coefficient_of_a_bicubic_is_exact() -> None:
    assert kernel_named("bicubic:-3/4") == kernel_named("bicubic") == kernel_named("bicubic:-0.75")
    third = Fraction(1, 3)  # W(3/2) = a (3/2 - 1) (3/2 - 2)^2
    assert kernel_named("bicubic:1/3")(Fraction(3, 2)) == third / 8


@pytest.mark.parametrize(
    "name", ["lanczos", "", "Bicubic", "bicubic:", "bicubic:x", "bicubic:1/0", "bicubic:nan", "bicubic:2000", "area"]
)
def test_unknown_kernels_are_refused(name: str) -> None:
    for call in (lambda: kernel_named(name), lambda: up(name, 2, 4)):
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.allowed


@pytest.mark.parametrize("name", [None, 3, b"bicubic"])
def test_names_that_are_no_text_are_refused(name: Any) -> None:
    with pytest.raises(InputError, match="no interpolation kernel"):
        kernel_named(name)


@pytest.mark.parametrize("sides", [(0, 4), (4, 0), (-1, 4), (4097, 4), (4, 4097), (True, 4), (4, 2.0)])
def test_sides_out_of_range_are_refused(sides: Any) -> None:
    for call in (lambda: up("bicubic", *sides), lambda: area(*sides)):
        with pytest.raises(InputError, match="a side is out of range"):
            call()


def test_an_operator_is_made_once() -> None:
    assert up("bicubic", 3, 5) is up("bicubic", 3, 5)
    assert area(5, 3) is area(5, 3)
