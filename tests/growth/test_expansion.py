"""Sums and products of truncated expansions: what is cut is always said."""

import pytest
import sympy
from sympy import Rational, log

from varproof.growth.expansion import (
    ZERO,
    Expansion,
    MoreTermsNeededError,
    add,
    build,
    constant,
    largest,
    multiply,
)
from varproof.growth.monomial import ONE, Monomial, iterated_log

N, LOG = iterated_log(0), iterated_log(1)
one = sympy.Integer(1)


def n_to(p: object) -> Monomial:
    return N.power(sympy.sympify(p))


def test_build_orders_collects_and_cuts() -> None:
    terms = [(one, ONE), (one, n_to(2)), (2 * one, LOG), (-one, ONE), (one, n_to(-1))]
    assert str(build(terms, None, 8)) == "n**2 + 2*log(n) + 1/n"
    assert str(build(terms, None, 2)) == "n**2 + 2*log(n) + O(1/n)"
    assert str(build(terms, ONE, 8)) == "n**2 + 2*log(n) + O(1)"
    assert str(build(terms, LOG, 8)) == "n**2 + O(log(n))"  # a term as large as the remainder says nothing
    assert str(build(terms, n_to(-5), 1)) == "n**2 + O(log(n))"


def test_exact_cancellation_leaves_an_exact_zero_and_inexact_leaves_none() -> None:
    exact = Expansion(((one, N), (-one, ONE)))
    assert add([exact, exact.scaled(-one, ONE)], 8).is_zero
    rough = Expansion(((one, N),), ONE)
    left = add([rough, Expansion(((-one, N),))], 8)
    assert not left.is_zero
    assert str(left) == "0 + O(1)"
    with pytest.raises(MoreTermsNeededError, match="cancellation"):
        left.lead()


def test_products_carry_both_remainders() -> None:
    a = Expansion(((one, n_to(2)),), N)
    b = Expansion(((3 * one, LOG), (one, ONE)), n_to(-1))
    assert str(multiply(a, b, 8)) == "3*n**2*log(n) + n**2 + O(n*log(n))"
    assert str(multiply(a, Expansion((), LOG), 8)) == "0 + O(n**2*log(n))"
    assert multiply(a, ZERO, 8).is_zero
    assert multiply(ZERO, a, 8).is_zero


def test_a_long_exact_product_is_cut_at_the_first_term_left_out() -> None:
    square = Expansion(((one, N), (one, ONE)))
    for _ in range(3):
        square = multiply(square, square, 4)
    assert str(square) == "n**8 + 8*n**7 + 28*n**6 + 56*n**5 + O(n**4)"


def test_scaling_by_a_term() -> None:
    e = Expansion(((one, N), (Rational(1, 2), ONE)), n_to(-1))
    assert str(e.scaled(-2 * one, LOG)) == "-2*n*log(n) - log(n) + O(log(n)/n)"


def test_constants_and_the_largest_monomial() -> None:
    assert constant(log(4) - 2 * log(2)).is_zero
    assert str(constant(log(2))) == "log(2)"
    assert largest([LOG, None, N, ONE]) == N
    assert largest([None]) is None
