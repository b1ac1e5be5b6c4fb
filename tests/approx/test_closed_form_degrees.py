"""The comparison rows of `varproof degree`: every closed form on its side of the certified degree, shifts included."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.approx import certify
from varproof.approx.closed_form_degrees import centred_question, closed_form_degrees, exponential_degree
from varproof.approx.closed_forms import absolute_exponential, relative_exponential
from varproof.base.balls import to_float


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("interval", ["sym", "pos", "neg"])
@pytest.mark.parametrize(("bound", "eps"), [("1/2", "1e-3"), ("3", "1e-2"), ("6", "1e-12"), ("12", "1/3")])
def test_every_form_is_on_its_side(kind, interval, bound, eps):
    found = certify(bound, eps, kind=kind, interval=interval)
    half, centred = centred_question(Fraction(bound), Fraction(eps), kind, interval)
    forms = closed_form_degrees(half, centred, kind)
    assert forms.bessel_lower <= found.degree <= forms.bessel_upper <= forms.exponential_upper
    if forms.lambert_upper is not None:
        assert found.degree <= forms.lambert_upper
    assert (forms.lambert_upper is None) == (forms.law is None) == bool(centred >= 1)


def test_the_centred_question():
    assert centred_question(Fraction(4), Fraction(1, 8), "abs", "sym")[0] == 4
    for kind, interval, factor in (
        ("rel", "pos", 1.0), ("rel", "neg", 1.0), ("abs", "pos", 0.1353352832366127), ("abs", "neg", 7.38905609893065)
    ):  # fmt: skip
        half, eps = centred_question(Fraction(4), Fraction(1, 8), kind, interval)
        assert half == 2
        assert abs(to_float(eps) * 8 / factor - 1) < 1e-12
        assert eps.rel_accuracy_bits() > 50


@pytest.mark.parametrize(("bound", "eps"), [(4, 10**-4), (1, 10**-9), (32, 10**-2)])
def test_the_parameter_is_a_certificate(bound, eps):
    eps = Fraction(eps).limit_denominator(10**10)
    for kind, form in (("rel", relative_exponential), ("abs", absolute_exponential)):
        degree, parameter = exponential_degree(Fraction(bound), eps, kind)
        value, before = form(degree, bound, parameter), form(degree - 1, bound, parameter)
        assert value is not None
        assert to_float(value) <= eps
        assert before is None or to_float(before) > eps
        assert parameter.denominator <= 1024


def test_a_question_that_needs_no_degree():
    half, centred = centred_question(Fraction(200), Fraction(9, 10), "abs", "neg")
    forms = closed_form_degrees(half, centred, "abs")
    assert (forms.bessel_lower, forms.lambert_upper, forms.law) == (0, None, None)
