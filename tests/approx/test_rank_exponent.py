"""The exponent rho, its value along the degree law and the critical logit bound: enclosures and monotonicity."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import log

import pytest
from flint import arb, ctx

from varproof.approx.rank import monomial_rank
from varproof.approx.rank_exponent import critical_logit_bound, effective_exponent, law_exponent, rho
from varproof.base.balls import ball
from varproof.base.errors import InputError

CRITICAL = {Fraction(1, 2): "0.34377", 1: "0.06330", 2: "0.01576", 4: "0.00469"}


def test_rho_is_the_entropy_form():
    for alpha, gamma in ((1.0, 2.0), (0.3, 5.0)):
        share = alpha / (alpha + gamma)
        entropy = -share * log(share) - (1 - share) * log(1 - share)
        assert abs(float(rho(arb(alpha), arb(gamma)).mid()) - (alpha + gamma) * entropy) < 1e-13


def test_rho_at_the_edge_and_its_scaling():
    assert rho(0, 3).is_zero()
    assert rho(3, 0).is_zero()
    assert rho(Fraction(2), Fraction(6)).overlaps(2 * rho(1, 3))
    assert not rho(2, 6).overlaps(2 * rho(1, 4))


def test_the_count_lies_in_the_entropy_bracket():
    for head_dim in (1, 4, 50, 700):
        for degree in (1, 3, 60, 500):
            count, bound = ball(monomial_rank(head_dim, degree)), rho(head_dim, degree).exp()
            assert count <= bound
            assert count >= bound / (head_dim + degree + 1)
            assert not count >= bound  # the upper side is strict, as several terms of the binomial sum are positive


@pytest.mark.parametrize("alpha", CRITICAL)
def test_critical_logit_bounds(alpha):
    found = critical_logit_bound(alpha, 1)
    assert abs(found - arb(CRITICAL[alpha])) <= arb("5e-6")
    assert found.rel_accuracy_bits() > 50
    with ctx.workprec(400):  # fine enough to tell the two ends of the enclosure apart
        assert law_exponent(alpha, found.lower(), 1, bits=400) < 1
        assert law_exponent(alpha, found.upper(), 1, bits=400) > 1


def test_critical_bound_for_other_targets_and_for_absolute_error():
    half = critical_logit_bound(1, 1, target=Fraction(1, 2))
    assert half < critical_logit_bound(1, 1)
    assert law_exponent(1, half, 1).overlaps(ball(Fraction(1, 2)))
    absolute = critical_logit_bound(1, 1, kind="abs")
    assert absolute < critical_logit_bound(1, 1)
    assert law_exponent(1, absolute, 1, kind="abs").overlaps(arb(1))


def test_the_exponent_decays_very_slowly():
    values = [law_exponent(1, f"1e-{k}", 1) for k in (1, 2, 6, 100, 1000)]
    assert all(later < earlier for earlier, later in pairwise(values))
    assert abs(values[2] - arb("0.310841659939252994")) < arb("1e-15")
    assert values[3] > arb("0.02")


def test_precision_follows_the_request():
    with ctx.workprec(400):
        assert critical_logit_bound(1, 1, bits=256).rel_accuracy_bits() > 200
        assert critical_logit_bound(1, 1, bits=64).rel_accuracy_bits() < 100


def test_effective_exponent():
    assert effective_exponent(8, 2).overlaps(arb(3))
    assert not effective_exponent(9, 2).overlaps(arb(3))
    for cost, tokens in ((0, 8), (-1, 8), (5, 1), (5, 0)):
        with pytest.raises(InputError):
            effective_exponent(cost, tokens)


@pytest.mark.parametrize("bad", [-1, 0, "nan", "text", arb("0 +/- 1"), Fraction(-1, 2)])
def test_bad_input_is_refused(bad):
    with pytest.raises(InputError):
        critical_logit_bound(1, bad)
    with pytest.raises(InputError):
        law_exponent(1, bad, 1)
    with pytest.raises(InputError):
        critical_logit_bound(1, 1, target=bad)


def test_negative_arguments_of_rho_are_refused():
    with pytest.raises(InputError):
        rho(-1, 2)
    with pytest.raises(InputError):
        rho(1, Fraction(-1, 5))


def test_an_exponent_that_cannot_be_reached_is_refused():
    with pytest.raises(InputError, match="out of reach"):
        critical_logit_bound(Fraction(1, 10**4), 1)
    with pytest.raises(InputError, match="alpha must be positive"):
        critical_logit_bound(0, 1)
