"""The degree law: roots proved by signs, both closed forms, the proved upper half and the hidden constant."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb, ctx

from varproof.approx.closed_forms import rel_lower_degree, relative_exponential
from varproof.approx.degree_law import hidden_constant, law_angle, law_degree, law_upper_degree
from varproof.base.balls import ball
from varproof.base.errors import InputError


def left_side(angle: arb, kind: str) -> arb:
    if kind == "rel":
        return angle * angle.cosh() - angle.sinh()
    return angle * angle.sinh() - angle.cosh()


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("ratio", ["1e-60", "1e-3", "0.5", "1", "2.718", "57", "1e9", "1e3000"])
def test_the_angle_solves_its_equation(kind, ratio):
    with ctx.workprec(500):  # enough that a wrong ball of 128 bits would be seen
        angle = law_angle(ratio, kind=kind)
        assert left_side(angle.lower(), kind) < arb(ratio) < left_side(angle.upper(), kind)
        assert angle.rel_accuracy_bits() > 100


def test_a_ball_of_ratios_gives_a_ball_of_angles():
    wide = law_angle(arb(2, 0.25))
    for inside in ("1.76", "2", "2.24"):
        assert wide.contains(law_angle(inside).mid())
    assert not wide.contains(law_angle("5").mid())


@pytest.mark.parametrize("bad", [0, -1, Fraction(-1, 3), "nan", "inf", "x", arb("0 +/- 1"), 0.5j])
def test_ratios_must_be_positive(bad):
    with pytest.raises(InputError):
        law_angle(bad)


def test_kind_and_width_are_checked():
    with pytest.raises(InputError, match="kind"):
        law_angle(1, kind="both")
    with pytest.raises(InputError, match="too wide"):
        law_angle(arb(1000, 999))


@pytest.mark.parametrize("bound", [Fraction(1, 2), 4, 64])
@pytest.mark.parametrize("inverse", [5, 40, 200])
def test_both_closed_forms_of_the_law_agree(bound, inverse):
    for kind in ("rel", "abs"):
        angle = law_angle(Fraction(inverse) / bound, kind=kind)
        correction = angle.tanh() if kind == "rel" else angle.coth()
        law = law_degree(bound, inverse, kind=kind)
        assert law.overlaps(inverse / (angle - correction))
        assert (2 * law).overlaps(law_degree(2 * bound, 2 * inverse, kind=kind))


@pytest.mark.parametrize("bound", [2, 16, 100])
@pytest.mark.parametrize("digits", [2, 8, 40])
def test_the_upper_half_is_a_valid_degree(bound, digits):
    """At the rounded-up n the exponential bound proves the error, so no certified lower bound may exceed it."""
    eps = Fraction(1, 10**digits)
    inverse = digits * arb(10).log()
    count = int(law_upper_degree(bound, inverse).upper().ceil().unique_fmpz())
    error = relative_exponential(count - 1, bound, law_angle(inverse / bound))
    assert error is not None
    assert error <= ball(eps)
    assert rel_lower_degree(bound, eps) < count
    assert law_upper_degree(bound, inverse) > law_degree(bound, inverse)


def test_the_upper_half_refuses_where_it_says_nothing():
    with pytest.raises(InputError, match="says nothing"):
        law_upper_degree(10**6, Fraction(1, 100))


def test_hidden_constant_on_both_branches():
    top = law_angle("2.7182818284")
    assert arb("3.1445") < hidden_constant(top) < arb("3.1446")
    assert arb("1.1568") < hidden_constant(law_angle(arb("2.7182818285"))) < arb("1.1569")
    assert arb("1.49879") < hidden_constant(law_angle("20.78")) < arb("1.4988")
    assert arb("1.50127") < hidden_constant(law_angle("19.3777", kind="abs"), kind="abs") < arb("1.5013")
    for ratio in ("1", "30"):
        law = law_degree(1, ratio)
        literal = law if ratio == "1" else law * arb(ratio).log() / arb(ratio)
        assert hidden_constant(law_angle(ratio)).overlaps(literal)
    with pytest.raises(InputError, match="both sides"):
        hidden_constant(law_angle(arb(1).exp()).union(law_angle(3)))
