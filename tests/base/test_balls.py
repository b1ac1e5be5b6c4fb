"""Balls: what goes in is contained, what comes out is on the right side."""

from fractions import Fraction

from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.balls import (
    ball,
    ceiling_integer,
    dyadic,
    floor_integer,
    lower_rational,
    rational,
    to_float,
    upper_rational,
)

fractions = st.fractions(max_denominator=10**12)


@given(fractions)
def test_a_ball_contains_its_number(x: Fraction) -> None:
    assert lower_rational(ball(x)) <= x <= upper_rational(ball(x))
    assert rational(x) == fmpq(x.numerator, x.denominator)
    assert abs(to_float(ball(x)) - float(x)) <= 1e-12 * abs(float(x))


@given(fractions, fractions)
def test_rational_ends_enclose_the_ball(x: Fraction, radius: Fraction) -> None:
    value = ball(x) + arb(0, abs(to_float(radius)))
    low, high = lower_rational(value), upper_rational(value)
    assert low <= x <= high
    assert low <= dyadic(value) <= high
    assert dyadic(value).denominator & (dyadic(value).denominator - 1) == 0


def test_overlapping_balls_decide_nothing() -> None:
    third = ball(Fraction(1, 3))
    assert not third < third
    assert not third > third
    assert lower_rational(ball("0.1")) < Fraction(1, 10) < upper_rational(ball("0.1"))


def test_integers_are_exact() -> None:
    assert ball(10).is_exact()
    assert dyadic(ball(2**100)) == 2**100
    assert dyadic(ball(Fraction(3, 8))) == Fraction(3, 8)
    assert to_float(Fraction(1, 4)) == 0.25


@given(st.integers(-(10**40), 10**40), st.fractions(min_value=Fraction(1, 10**9), max_value=Fraction(10**9 - 1, 10**9)))
def test_whole_parts_of_decided_balls(whole: int, part: Fraction) -> None:
    with ctx.workprec(300):
        assert floor_integer(ball(whole + part)) == whole == floor_integer(ball(whole))
        assert ceiling_integer(ball(whole + part)) == whole + 1
        assert ceiling_integer(ball(whole)) == whole
