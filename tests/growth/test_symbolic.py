"""Elementary functions of numbers and expressions: exact where rational, enclosing balls elsewhere."""

from fractions import Fraction

import pytest
import sympy
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.errors import CertificateError, InputError
from varproof.growth.symbolic import PRECISION, binomial, ceil, is_symbolic, lift, log, product, quotient, sqrt

positive = st.fractions(min_value=Fraction(1, 1000), max_value=1000)


@given(positive)
def test_the_root_of_a_square_is_exact(x: Fraction) -> None:
    assert sqrt(x * x) == x
    assert isinstance(sqrt(x * x), Fraction)


@given(positive)
def test_an_irrational_root_is_enclosed(x: Fraction) -> None:
    root = sqrt(x * x * 2)
    assert isinstance(root, arb)
    with ctx.workprec(256):
        assert (root * root).contains(arb(x.numerator) ** 2 * 2 / arb(x.denominator) ** 2)
        assert root.rad() < arb(2) ** -(PRECISION - 20) * root


@given(positive, positive)
def test_logarithms_add(x: Fraction, y: Fraction) -> None:
    difference = log(x * y) - log(x) - log(y)
    assert difference == 0 or difference.contains(0)


@given(st.integers(-50, 50), st.integers(1, 50))
def test_quotients_and_ceilings_of_integers_are_exact(a: int, b: int) -> None:
    assert quotient(a, b) == Fraction(a, b)
    assert ceil(quotient(a, b)) == -((-a) // b)


def test_logarithm_of_one_is_exact_and_of_two_is_not() -> None:
    assert log(1) == 0
    assert log(2) > Fraction(693, 1000).numerator / arb(1000)
    assert log(2) < arb("0.6932")


def test_expressions_stay_expressions() -> None:
    n = sympy.Symbol("n", positive=True)
    assert log(n) == sympy.log(n)
    assert sqrt(n**2) == n
    assert ceil(n) == sympy.ceiling(n)
    assert binomial(n, 2) == sympy.binomial(n, 2)
    assert product(Fraction(1, 3), n) == n / 3
    assert quotient(n, Fraction(1, 3)) == 3 * n
    assert is_symbolic(n)
    assert not is_symbolic(Fraction(1, 2))


def test_a_ball_that_straddles_an_integer_has_no_ceiling() -> None:
    with pytest.raises(CertificateError, match="straddles"):
        ceil(arb(2, 0.5))
    assert ceil(arb(2.5, 0.25)) == 3


@pytest.mark.parametrize("bad", [0.1, True, "2", None, 1j])
def test_inexact_numbers_are_refused(bad: object) -> None:
    for function in (sqrt, log, ceil):
        with pytest.raises(InputError, match="not an exact number"):
            function(bad)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "call",
    [
        lambda: sqrt(-1),
        lambda: sqrt(arb(0, 1)),
        lambda: log(0),
        lambda: log(Fraction(-1, 2)),
        lambda: log(arb(1, 2)),
        lambda: quotient(1, 0),
        lambda: quotient(1, arb(0, 1)),
        lambda: binomial(3, 4),
        lambda: binomial(-1, 0),
        lambda: binomial(10**9, 5),
        lambda: binomial(Fraction(7, 2), 1),
        lambda: lift(arb(2), sympy.Symbol("n")),
    ],
)
def test_arguments_outside_the_domain_are_refused(call) -> None:
    with pytest.raises(InputError):
        call()
