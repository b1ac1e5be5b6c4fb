"""Rounding goes the promised way, and never by more than it says."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from reductions.precision.rounding import nearest_entry, root_up, strictly_below
from varproof.base.balls import ball

positive = st.fractions(Fraction(1, 10**9), 10**9, max_denominator=10**9)


@given(positive)
def test_a_unit_is_at_least_the_root_and_hardly_more(x):
    with ctx.workprec(192):
        unit = root_up(ball(x))
    assert unit**2 >= x
    assert unit**2 <= x * (1 + Fraction(1, 2**19)) ** 2
    assert unit.numerator.bit_length() <= 22
    assert unit.denominator & (unit.denominator - 1) == 0


@pytest.mark.parametrize("x", [1, 4, Fraction(1, 4), 2**40, Fraction(1, 2**41)])
def test_roots_of_powers_of_two(x):
    with ctx.workprec(192):
        unit = root_up(ball(x))
    assert x <= unit**2 <= x * (1 + Fraction(1, 2**17))


@given(st.fractions(-100, 100, max_denominator=10**6))
def test_an_entry_is_the_nearest_multiple(x):
    with ctx.workprec(192):
        entry = nearest_entry(ball(x))
    assert (entry * 2**20).denominator == 1
    assert abs(entry - x) <= Fraction(1, 2**21)


@given(positive)
def test_strictly_below_is_strict_and_near(x):
    with ctx.workprec(192):
        low = strictly_below(ball(x))
    assert x * (1 - Fraction(1, 2**37)) < low < x


def test_strictly_below_an_exact_dyadic_number():
    assert strictly_below(arb(1)) < 1
    assert strictly_below(arb(1) / 4) < Fraction(1, 4)
