"""Best errors of a given degree against values known in closed form and against the certified search."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb, ctx

from varproof.approx import certify
from varproof.approx.best_error import best_error
from varproof.approx.flint_checker import certified_sides
from varproof.approx.integer_checker import parse
from varproof.base.balls import ball
from varproof.base.errors import InputError


@pytest.mark.parametrize("bound", [Fraction(1, 7), 1, 5, 20])
def test_degree_zero_is_tanh_and_sinh(bound):
    """R_0(B) = tanh B (the constant 1/cosh B) and A_0(B) = sinh B (the constant cosh B)."""
    with ctx.workprec(200):
        for kind, value in (("rel", ball(bound).tanh()), ("abs", ball(bound).sinh())):
            sides = best_error(0, bound, kind)
            assert ball(sides.lower) <= value + arb("1e-50")
            assert ball(sides.upper) >= value - arb("1e-50")
            assert sides.upper - sides.lower <= sides.upper / 10**5


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize(("degree", "bound"), [(3, 1), (9, 4), (30, 8), (40, 32), (66, 64)])
def test_sides_are_ordered_and_tight(kind, degree, bound):
    sides = best_error(degree, bound, kind)
    assert 0 < sides.lower <= sides.upper <= sides.lower * (1 + Fraction(1, 10**6))
    assert best_error(degree + 1, bound, kind).upper < sides.lower


def test_agrees_with_the_certified_search():
    found = certify(16, "1e-8")
    searched = certified_sides(parse(found.certificate.payload))
    direct = best_error(found.degree, 16, "rel")
    assert direct.lower <= searched.upper <= direct.upper * (1 + Fraction(1, 1000))
    assert searched.lower <= best_error(found.degree - 1, 16, "rel").upper


def test_far_below_the_bound_the_zero_polynomial_is_the_certified_one():
    sides = best_error(20, 64, "rel")
    assert Fraction(999, 1000) < sides.lower < 1
    assert sides.upper <= 1


@pytest.mark.parametrize(("degree", "bound"), [(-1, 1), (257, 1), (3, 0), (3, -2)])
def test_refuses_what_has_no_meaning(degree, bound):
    with pytest.raises(InputError, match="no best error"):
        best_error(degree, bound, "rel")
