"""Bessel values and tails against sums in much higher precision, and against mpmath."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from flint import arb, ctx

from varproof.approx.bessel import bessel_i, bessel_i_tail, bessel_j, bessel_j_tail
from varproof.base.balls import ball

BOUNDS = [Fraction(1, 10**6), Fraction(1, 3), 1, Fraction(7, 2), 16, 100]
ORDERS = [0, 1, 2, 5, 17, 40, 150]


def same(found: arb, expected: mpmath.mpf, digits: int) -> None:
    with mpmath.workdps(80):
        value = mpmath.mpf(0) + mpmath.mpf(found.mid().str(70, radius=False))
        scale = abs(expected) + mpmath.mpf(10) ** -600
        assert abs(value - expected) <= scale * mpmath.mpf(10) ** -digits


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("order", ORDERS)
def test_values_agree_with_mpmath_and_are_tight(order, bound):
    with mpmath.workdps(120):
        x = mpmath.mpf(Fraction(bound).numerator) / Fraction(bound).denominator
        same(bessel_i(order, bound), mpmath.besseli(order, x), 18)
        same(bessel_j(order, bound), mpmath.besselj(order, x), 18)
    assert bessel_i(order, bound).rel_accuracy_bits() > 60
    assert bessel_j(order, bound).rel_accuracy_bits() > 60


def long_sum(order: int, bound: int | Fraction, kind: str) -> arb:
    """The tail by plain addition of many terms in high precision (the rest is far below every tolerance here)."""
    with ctx.workprec(2500):
        argument = ball(bound)
        terms = range(order, order + 400 + 3 * int(bound))
        return sum((getattr(argument, f"bessel_{kind}")(arb(k)) for k in terms), arb(0))


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("order", [0, 1, 4, 30, 90])
def test_tails_contain_the_sum_and_are_tight(order, bound):
    for kind, tail in (("i", bessel_i_tail), ("j", bessel_j_tail)):
        if kind == "j" and order <= bound:
            continue
        found, expected = tail(order, bound), long_sum(order, bound, kind)
        with ctx.workprec(2500):
            assert found.lower() <= expected <= found.upper() or found.overlaps(expected)
        assert found.rel_accuracy_bits() > 40


@pytest.mark.parametrize("bound", [1, 16, Fraction(7, 2)])
def test_generating_functions(bound):
    # sum over all k of I_k is e^B; J_0 + 2 (J_2 + J_4 + ...) = 1 and the tails differ by one value
    with ctx.workprec(200):
        assert (bessel_i(0, bound) + 2 * bessel_i_tail(1, bound)).overlaps(ball(bound).exp())
        for k in (20, 33):
            assert (bessel_j_tail(k, bound) - bessel_j_tail(k + 1, bound)).overlaps(bessel_j(k, bound))
            assert (bessel_i_tail(k, bound) - bessel_i_tail(k + 1, bound)).overlaps(bessel_i(k, bound))


def test_a_tail_of_tiny_terms_is_positive_and_ends():
    tail = bessel_j_tail(120, Fraction(1, 10**6))
    assert tail > 0
    assert tail < arb("1e-800")
    assert bessel_i_tail(3, Fraction(1, 10**300)) > 0
    assert bessel_j_tail(2, Fraction(1, 10**300)) > 0
