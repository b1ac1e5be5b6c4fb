"""The degree paid for: the certified least one where a certificate is quick, a proved upper bound everywhere else."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.approx import minimal_degree
from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import rel_lower_degree, rel_upper_degree
from varproof.approx.softmax_lemma import relative_error_for
from varproof.approx.sufficient_degree import (
    CLOSED_FORM,
    LEAST,
    SufficientDegree,
    growth_refutes,
    rounded_outwards,
    sufficient_degree,
)
from varproof.base.errors import InputError
from varproof.growth.symbolic import log, sqrt


@pytest.mark.parametrize("bound", ["1/1000", "1/2", "4", "16", "64"])
@pytest.mark.parametrize("eps", ["9/10", "1/2", "0.01", "1e-8", "1e-40"])
def test_common_questions_get_the_least_degree(bound, eps):
    found = sufficient_degree(Fraction(bound), Fraction(eps))
    assert found.degree == found.lower == minimal_degree(bound, eps)
    assert found.kind == LEAST


def test_degree_zero_exactly_up_to_the_hyperbolic_tangent():
    # tanh(1/2) = 0.46211715...
    assert sufficient_degree(Fraction(1, 2), Fraction("0.462118")).degree == 0
    found = sufficient_degree(Fraction(1, 2), Fraction("0.462117"))
    assert (found.degree, found.kind) == (1, LEAST)
    assert sufficient_degree(Fraction(1, 10**90), Fraction(1, 10**90)).degree == 0
    assert sufficient_degree(Fraction(10**200), Fraction(1)).degree == 0


def test_beyond_the_quick_certificates_it_is_an_upper_bound_and_says_so():
    for bound, eps in ((Fraction(140), Fraction(1, 100)), (Fraction(16), Fraction(1, 10**300))):
        found = sufficient_degree(bound, eps)
        assert found.kind == CLOSED_FORM
        assert rel_lower_degree(bound, eps) <= found.lower <= found.degree == rel_upper_degree(bound, eps)
    for bound in (Fraction(10**4), Fraction(10**100), Fraction(10**250, 3)):
        found = sufficient_degree(bound, Fraction(1, 10**30))
        assert found.kind == CLOSED_FORM
        assert bound / 2 < found.lower < bound < found.degree <= 2 * bound


def test_closed_forms_that_agree_prove_the_least_degree():
    # too many digits, too large a bound and too large a degree for a certificate
    for bound, digits, degree in ((1, 700, 298), (140, 100, 349), (100, 300, 513)):
        eps = Fraction(1, 10**digits)
        assert sufficient_degree(Fraction(bound), eps) == SufficientDegree(degree, LEAST, degree)
        assert rel_lower_degree(Fraction(bound), eps) == rel_upper_degree(Fraction(bound), eps) == degree
    assert sufficient_degree(Fraction(1), relative_error_for("1e-400")) == SufficientDegree(186, LEAST, 186)
    assert sufficient_degree(Fraction(4), Fraction(1, 10**1200)) == SufficientDegree(589, CLOSED_FORM, 588)


def test_balls_and_long_numbers_are_rounded_outwards():
    ball = sqrt(2)
    low, high = rounded_outwards(ball)
    assert low**2 < 2 < high**2
    assert sufficient_degree(ball, Fraction(1, 100)).kind == LEAST
    long = Fraction(4) + Fraction(1, 7**400)
    low, high = rounded_outwards(long)
    assert low < long < high < low + Fraction(1, 2**100)
    assert sufficient_degree(long, Fraction(1, 100)) == sufficient_degree(Fraction(4), Fraction(1, 100))
    wide = log(2).union(log(4)) - log(2) / 4  # 0.52 to 1.21: the two ends need different degrees
    found = sufficient_degree(wide, Fraction(1, 100))
    assert (found.kind, found.lower, found.degree) == (CLOSED_FORM, 2, 4)
    assert [minimal_degree(end, "0.01") for end in ("0.52", "1.21")] == [2, 4]


def test_monotone_in_both_arguments_across_all_kinds():
    bounds = [Fraction(1, 10**30), Fraction(1, 9), Fraction(2), Fraction(9), Fraction(40), Fraction(200), Fraction(600)]
    errors = [Fraction(1, 10**700), Fraction(1, 10**9), Fraction(1, 3), Fraction(9, 10), Fraction(19, 20), Fraction(1)]
    table = [[sufficient_degree(bound, eps).degree for eps in errors] for bound in bounds]
    for row in table:
        assert row == sorted(row, reverse=True)
    for column in zip(*table, strict=True):
        assert list(column) == sorted(column)


def test_near_one_the_degree_never_rises_with_eps():
    errors = [Fraction(k, 1000) for k in (890, 900, 905, 950, 989, 990, 995, 999)] + [1 - Fraction(1, 10**9)]
    for bound in (Fraction(3, 2), Fraction(2), Fraction(20), Fraction(70)):
        degrees = [sufficient_degree(bound, eps).degree for eps in errors]
        assert degrees == sorted(degrees, reverse=True)
    # tanh 2 = 0.964: one constant is not enough below it
    assert sufficient_degree(Fraction(2), Fraction(95, 100)).degree == 1
    assert sufficient_degree(Fraction(2), Fraction(97, 100)).degree == 0


def test_growth_refutes_only_what_the_certified_error_refutes():
    refuted = set()
    for degree in (0, 1, 3, 8):
        for eps in (Fraction(1, 100), Fraction(1, 2), Fraction(99, 100)):
            for bound in (Fraction(1, 2), Fraction(2), Fraction(6), Fraction(8), Fraction(15), Fraction(20)):
                if growth_refutes(degree, bound, eps):
                    assert best_error(degree, bound, "rel").lower > eps
                    refuted.add(degree)
    assert refuted == {0, 1, 3, 8}
    # at degree 0 it is tanh(bound) > eps, weakened by a factor 2: (1+eps)/(1-eps) < e^B instead of e^(2B)
    assert growth_refutes(0, Fraction(111, 100), Fraction(1, 2))
    assert not growth_refutes(0, Fraction(109, 100), Fraction(1, 2))


@pytest.mark.parametrize(("bound", "eps"), [(0, "1/2"), (-1, "1/2"), (1, "0"), (1, "-1/2")])
def test_nothing_but_positive_numbers(bound, eps):
    with pytest.raises(InputError):
        sufficient_degree(Fraction(bound), Fraction(eps))
