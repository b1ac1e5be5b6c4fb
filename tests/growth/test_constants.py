"""Exact signs of constants, and balls around expressions."""

from fractions import Fraction

import pytest
import sympy
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st
from sympy import E, Rational, exp, log, pi, sqrt

from varproof.base.errors import InputError
from varproof.growth.constants import UndecidedError, enclose, equal, sign

n = sympy.Symbol("n", positive=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (sympy.Integer(0), 0),
        (Rational(-1, 10**30), -1),
        (log(2) - Rational(693, 1000), 1),
        (log(2) - Rational(694, 1000), -1),
        (log(4) - 2 * log(2), 0),
        (log(12) / 2 - log(sqrt(3)) - log(2), 0),
        (sqrt(2) * sqrt(3) - sqrt(6), 0),
        (sqrt(5 + 2 * sqrt(6)) - sqrt(2) - sqrt(3), 0),
        (sqrt(5 + 2 * sqrt(6)) - sqrt(2) - sqrt(3) + Rational(1, 10**300), 1),
        (exp(pi * sqrt(163)) - 640320**3 - 744, -1),
        ((E + 1) * (E - 1) - E**2 + 1, 0),
        ((E**2 - 1) / (E - 1) - E - 1, 0),
        (exp(log(3) / 2) - sqrt(3), 0),
        (exp(-exp(exp(5))), 1),
        (sympy.Abs(log(2) - E, evaluate=False) - E + log(2), 0),
        (sympy.Abs(log(2) - E, evaluate=False) - E, -1),
    ],
)
def test_signs(value: sympy.Expr, expected: int) -> None:
    assert sign(value) == expected
    assert sign(-value) == -expected


def test_a_tiny_difference_is_seen_and_one_beyond_all_bits_is_undecided() -> None:
    assert sign(sympy.cosh(3).rewrite(exp) - exp(3) / 2) == 1
    assert sign(exp(-2000)) == 1
    with pytest.raises(UndecidedError, match="cannot tell"):
        sign(log(2 + exp(-4000)) - log(2))


@pytest.mark.parametrize("value", [sympy.I, sympy.oo, sympy.nan, sympy.zoo, sympy.sin(1), sqrt(-2), log(-1), n])
def test_what_is_no_explicit_real_number_is_refused(value: sympy.Expr) -> None:
    with pytest.raises(InputError):
        sign(value)


def test_equality_knows_the_infinities() -> None:
    assert equal(sympy.oo, sympy.oo)
    assert not equal(sympy.oo, -sympy.oo)
    assert not equal(sympy.Integer(5), sympy.oo)
    assert equal(log(9), 2 * log(3))
    assert not equal(log(9), log(10))


small = {"max_value": 3, "max_denominator": 20}


@given(st.fractions(min_value=-3, **small), st.fractions(min_value=Fraction(1, 20), **small))
def test_balls_contain_the_value(a: Fraction, b: Fraction) -> None:
    x, y = Rational(a.numerator, a.denominator), Rational(b.numerator, b.denominator)
    value = (x + sqrt(y)) * exp(x) - log(y) ** 2 + y**x
    with ctx.workprec(64):
        ball = enclose(value, {})
    with ctx.workprec(200):
        assert ball.contains(arb(str(sympy.N(value, 50))))


def test_known_values_are_used_and_large_powers_stay_small_balls() -> None:
    with ctx.workprec(128):
        huge = arb(50).exp().exp().exp()
        assert not huge.is_finite()
        known = {n: huge, log(n): arb(50).exp().exp(), log(log(n)): arb(50).exp()}
        assert abs(enclose(1 / sqrt(n), known)) < arb(2) ** -1000
        assert abs(enclose(n ** (-2), known)) < arb(2) ** -1000
        assert enclose(log(n**2 * log(n)), known).overlaps(2 * known[log(n)] + known[log(log(n))])
        assert not enclose(n**2, known).is_finite()
