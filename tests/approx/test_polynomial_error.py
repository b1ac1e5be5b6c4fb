"""The sup norm of a given polynomial: never below sampled errors, never loose, on easy and on nasty inputs."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import mpmath
import pytest

from varproof.approx import sup_norm
from varproof.base.errors import InputError

KINDS = ("rel", "abs")


def sampled(coefficients: list[Fraction], left: Fraction, right: Fraction, kind: str, count: int = 400) -> mpmath.mpf:
    """The largest error on a grid and near its best point, in plain high precision."""
    with mpmath.workdps(60):
        numbers = [mpmath.mpf(c.numerator) / c.denominator for c in reversed(coefficients)]
        a, b = (mpmath.mpf(end.numerator) / end.denominator for end in (left, right))

        def error(x: mpmath.mpf) -> mpmath.mpf:
            value = mpmath.polyval(numbers, x)
            return abs(value * mpmath.exp(-x) - 1 if kind == "rel" else value - mpmath.exp(x))

        step = (b - a) / count
        best = max((a + step * j for j in range(count + 1)), key=error)
        for _ in range(100):  # ternary search around the best grid point
            step *= mpmath.mpf("0.7")
            best = max((max(a, best - step), best, min(b, best + step)), key=error)
        return error(best)


def compare(coefficients: list[Fraction], left: Fraction, right: Fraction, kind: str) -> tuple[Fraction, Fraction]:
    low, high = sup_norm(coefficients, (left, right), kind=kind)
    measured = sampled(coefficients, left, right, kind)
    with mpmath.workdps(60):
        below, above = (mpmath.mpf(x.numerator) / x.denominator for x in (low, high))
        assert measured <= above * (1 + mpmath.mpf(10) ** -30)  # 60 digits, up to 20 of them cancel
        assert measured >= below * (1 - mpmath.mpf(10) ** -8)
    assert 0 < low <= high
    assert high - low <= high / 2**40
    return low, high


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(12))
def test_random_polynomials(kind, seed):
    rng = random.Random(seed)
    coefficients = [Fraction(rng.randint(-50, 50), rng.randint(1, 50)) for _ in range(rng.randint(1, 9))]
    ends = sorted(Fraction(rng.randint(-300, 300), 100) for _ in range(2))
    compare(coefficients, ends[0], ends[1] + Fraction(1, 100), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("degree", [0, 1, 2, 3, 8, 20])
@pytest.mark.parametrize("interval", [(-1, 1), (0, 1), (-1, 0), (-4, 4), (Fraction(-1, 1000), 2)])
def test_taylor_polynomials(kind, degree, interval):
    # at x = 0 error and slope have a common root of high multiplicity
    left, right = map(Fraction, interval)
    low, high = compare([Fraction(1, math.factorial(k)) for k in range(degree + 1)], left, right, kind)
    with mpmath.workdps(60):
        ends = []
        for x in (left, right):
            t = mpmath.mpf(x.numerator) / x.denominator
            value = mpmath.fsum(t**k / mpmath.factorial(k) for k in range(degree + 1))
            ends.append(abs(value * mpmath.exp(-t) - 1) if kind == "rel" else abs(value - mpmath.exp(t)))
        # the error of a Taylor polynomial has no extreme but at the ends
        assert abs(mpmath.mpf(high.numerator) / high.denominator / max(ends) - 1) < mpmath.mpf(2) ** -39
    assert low <= high


@pytest.mark.parametrize("left", [-3, 0, 5])
def test_the_zero_polynomial(left):
    assert sup_norm([0], (left, left + 1), kind="rel") == (1, 1)
    low, high = sup_norm([0, "0", 0], (left, left + 1), kind="abs")
    assert low <= Fraction(str(mpmath.mp.exp(left + 1))) * (1 + Fraction(1, 10**12))
    assert abs(float(high) / math.exp(left + 1) - 1) < 1e-12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("constant", [1, -2, Fraction(3, 2), 100])
def test_constants(kind, constant):
    compare([Fraction(constant)], Fraction(-1), Fraction(2), kind)


def test_an_extreme_inside_is_found():
    high = sup_norm([0, 5], (Fraction(1, 2), 3), kind="rel")[1]  # 5 x e^-x - 1 peaks at x = 1
    assert abs(float(high) - (5 / math.e - 1)) < 1e-12
    high = sup_norm([1, 3], (0, Fraction(19, 10)), kind="abs")[1]  # 1 + 3x - e^x peaks at ln 3
    assert abs(float(high) - (3 * math.log(3) - 2)) < 1e-12
    high = sup_norm([0, 2], (Fraction(1, 2), 1), kind="abs")[1]  # 2x - e^x is negative and closest to 0 at ln 2
    assert abs(float(high) - (math.e - 2)) < 1e-12


def poly_from_roots(roots: list[Fraction]) -> list[Fraction]:
    product = [Fraction(1)]
    for root in roots:
        product = [a - root * b for a, b in zip([Fraction(0), *product], [*product, Fraction(0)], strict=True)]
    return product


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("multiplicity", [2, 3, 6])
def test_multiple_stationary_points(kind, multiplicity):
    # rel: P' - P = Q with a multiple root; abs: the same with P' in place of P
    wanted = poly_from_roots([Fraction(1, 3)] * multiplicity)
    solution = [Fraction(0)] * len(wanted)
    for i in range(len(wanted) - 1, -1, -1):
        following = (i + 1) * solution[i + 1] if i + 1 < len(wanted) else 0
        solution[i] = following - wanted[i]
    if kind == "abs":
        solution = [Fraction(0), *[c / (i + 1) for i, c in enumerate(solution)]]
    for left, right in ((-1, 1), (0, Fraction(1, 3)), (Fraction(1, 3), 2)):
        compare(solution, Fraction(left), Fraction(right), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_high_degree_and_wide_intervals(kind):
    rng = random.Random(3)
    compare([Fraction(rng.randint(-9, 9), math.factorial(k)) for k in range(51)], Fraction(-5), Fraction(5), kind)
    compare([Fraction(1, math.factorial(k)) for k in range(51)], Fraction(-30), Fraction(20), kind)
    compare([Fraction(1), Fraction(1, 2)], Fraction(-100), Fraction(100), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_shifts_are_exact(kind):
    # P(x - c) e^c on [a + c, b + c]: same relative error, absolute error times e^c; c = ln 2 up to a rounding
    coefficients = [Fraction(1), Fraction(1), Fraction(2, 5)]
    c = Fraction(str(mpmath.mp.log(2)))
    shifted = [coefficients[0] - c + Fraction(2, 5) * c * c, 1 - Fraction(4, 5) * c, Fraction(2, 5)]
    here = sup_norm(coefficients, (-1, 1), kind=kind)[1]
    there = sup_norm([2 * a for a in shifted], (-1 + c, 1 + c), kind=kind)[1]
    assert abs(float(there / here) - {"rel": 1, "abs": 2}[kind]) < 1e-12


@pytest.mark.parametrize(
    ("coefficients", "interval"),
    [
        ([], (0, 1)),
        (["x"], (0, 1)),
        ([0.5], (0, 1)),
        ([1], (1, 1)),
        ([1], (2, 1)),
        ([1], (0, "nan")),
        ([1], (0, 5000)),
        ([1], (-5000, 0)),
        ([1] * 514, (0, 1)),
        ([True], (0, 1)),
    ],
)
def test_bad_input(coefficients, interval):
    with pytest.raises(InputError):
        sup_norm(coefficients, interval)


def test_unknown_kind_is_refused():
    with pytest.raises(InputError, match="kind"):
        sup_norm([1], (0, 1), kind="both")
