"""Each displayed formula has the value of the Arb function it stands for."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp
from flint import arb

from varproof.approx import closed_forms as forms
from varproof.approx.degree_law import law_angle, law_degree
from varproof.approx.formulas import formula
from varproof.base.balls import to_float
from varproof.base.errors import InputError

DEGREE, BOUND, PARAMETER = 12, 5, Fraction(3, 2)
BOUNDS = {
    ("bessel_lower", "abs"): lambda: forms.absolute_lower(DEGREE, BOUND),
    ("bessel_upper", "abs"): lambda: forms.absolute_upper(DEGREE, BOUND),
    ("bessel_lower", "rel"): lambda: forms.relative_lower(DEGREE, BOUND),
    ("bessel_upper", "rel"): lambda: forms.relative_upper(DEGREE, BOUND),
    ("exponential_upper", "abs"): lambda: forms.absolute_exponential(DEGREE, BOUND, PARAMETER),
    ("exponential_upper", "rel"): lambda: forms.relative_exponential(DEGREE, BOUND, PARAMETER),
    ("poisson_upper", "rel"): lambda: forms.relative_poisson(DEGREE, BOUND, PARAMETER),
}


def value(expression, **numbers):
    """The number at these symbol values; an infinite sum is cut after 60 terms (the rest is below 1e-60 here)."""
    by_name = {symbol.name: symbol for symbol in expression.free_symbols}
    placed = expression.subs({by_name[name]: number for name, number in numbers.items() if name in by_name})
    cut = placed.replace(lambda e: isinstance(e, sp.Sum), lambda e: partial(e, 60))
    return float(cut.evalf(30))


def partial(total, terms):
    index, start, _ = total.limits[0]
    return sum(total.function.subs(index, start + i).evalf(40) for i in range(terms))


@pytest.mark.parametrize("key", BOUNDS, ids="-".join)
def test_bounds_agree(key):
    number = sp.Rational(PARAMETER.numerator, PARAMETER.denominator)
    shown = value(formula(*key), n=DEGREE + 1, B=BOUND, a=number, b=number, mu=number)
    assert shown == pytest.approx(to_float(BOUNDS[key]()), rel=1e-14)  # both are correctly rounded to 1e-15 or better


def test_the_contraction_of_the_relative_bound_is_there():
    """Just above n = B the denominator 1 - S_2n(2B) is far from 1."""
    shown = value(formula("bessel_upper", "rel"), n=BOUND + 1, B=BOUND)
    assert shown == pytest.approx(to_float(forms.relative_upper(BOUND, BOUND)), rel=1e-14)
    assert to_float(forms.bessel_j_tail(2 * BOUND + 2, 2 * BOUND)) > 0.1


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("bound", [1, 5, 64])
def test_lambert_degrees_agree(kind, bound):
    """Forty accuracies each, so that a slightly wrong constant moves some ceiling."""
    degree = forms.relative_lambert_degree if kind == "rel" else forms.absolute_lambert_degree
    for eps in [Fraction(99, 100), Fraction(1, 2), *(Fraction(1, 3**k) for k in range(2, 40))]:
        exact = sp.Rational(eps.numerator, eps.denominator)
        assert value(formula("lambert_degree", kind), B=bound, epsilon=exact) == degree(bound, eps) + 1, eps


def test_the_floor_of_the_relative_lambert_degree_is_there():
    """At eps near 1 and large B the maximum is 5B/4 (for absolute error its floor B never decides)."""
    assert value(formula("lambert_degree", "rel"), B=1000, epsilon=sp.Rational(9, 10)) == 1250
    assert forms.relative_lambert_degree(1000, Fraction(9, 10)) == 1249


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("eps", [Fraction(1, 100), Fraction(1, 10**9)])
def test_the_law_agrees(kind, eps):
    inverse = arb(eps.denominator).log()
    angle = to_float(law_angle(inverse / BOUND, kind=kind))
    shown = value(formula("law_degree", kind), B=BOUND, a=angle, b=angle)
    assert shown == pytest.approx(to_float(law_degree(BOUND, inverse, kind=kind)), rel=1e-13)


def test_formulas_are_printable():
    assert sp.latex(formula("bessel_lower", "abs")) == r"2 I_{n}\left(B\right)"


def test_an_unknown_combination_names_the_known_ones():
    with pytest.raises(InputError) as caught:
        formula("poisson_upper", "abs")
    assert "poisson_upper, rel" in caught.value.allowed
