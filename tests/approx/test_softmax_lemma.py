"""The softmax lemma's functions against instances built here, and their refusals."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from varproof.approx import softmax_lemma as lemma
from varproof.base.balls import ball
from varproof.base.errors import InputError

POSITIVE = st.fractions(Fraction(1, 40), 40, max_denominator=40)


def l1_move(weights: list[Fraction], factors: list[Fraction]) -> Fraction:
    total = sum(weights)
    moved = [weight * factor for weight, factor in zip(weights, factors, strict=True)]
    return sum((abs(m / sum(moved) - w / total) for m, w in zip(moved, weights, strict=True)), Fraction(0))


@given(st.lists(POSITIVE, min_size=1, max_size=6), st.data(), st.fractions(1, 7, max_denominator=30))
def test_no_instance_moves_further_than_the_ratio_allows(weights, data, root):
    rho = root * root
    factor = st.fractions(0, 1, max_denominator=60).map(lambda share: 3 + share * 3 * (rho - 1))
    factors = data.draw(st.lists(factor, min_size=len(weights), max_size=len(weights)))
    assert l1_move(weights, factors) <= lemma.l1_bound_from_ratio(rho)


@given(st.fractions(1, 40, max_denominator=60))
def test_two_groups_attain_the_bound_exactly(root):
    moved = l1_move([Fraction(1), root], [root * root, Fraction(1)])
    assert moved == lemma.l1_bound_from_ratio(root * root)


@given(st.fractions(0, Fraction(199, 200), max_denominator=300))
def test_relative_error_form_agrees_with_its_closed_form(eps):
    bound = ball(lemma.l1_bound_from_relative_error(eps))
    as_ball = lemma.l1_bound_from_relative_error(ball(eps))
    assert bound.overlaps(as_ball)
    assert (bound - as_ball).abs_upper() < 1e-12
    # the defining quadratic of b = 2(1 - sqrt(1 - e^2))/e, free of a division by e
    assert (bound**2 * ball(eps) - 4 * bound + 4 * ball(eps)).contains(0)


@given(st.fractions(Fraction(1, 1000), 2, max_denominator=1000), st.fractions(Fraction(1, 9), 9, max_denominator=50))
def test_the_largest_relative_error_inverts_the_output_bound(delta, values):
    eps = lemma.relative_error_for(delta, values)
    if eps == 1:
        assert delta >= 2 * values
        return
    back = lemma.output_bound(lemma.l1_bound_from_relative_error(eps), lowest=-values, highest=values)
    assert back == delta
    beyond = lemma.l1_bound_from_relative_error((1 + 3 * eps) / 4)
    assert ball(beyond) * ball(values) > ball(delta)


def test_only_the_spread_of_the_values_counts():
    assert lemma.output_bound(Fraction(1, 3), lowest=2, highest=8) == 1
    assert lemma.output_bound(ball(1), lowest=-5, highest=-1) == 2


def test_score_error_form_is_attained_by_opposite_moves():
    """Weights 4 and 7 multiplied by 7/4 and 4/7: scores moved by +eta and -eta with eta = ln(7/4)."""
    eta = ball(Fraction(7, 4)).log()
    moved = l1_move([Fraction(4), Fraction(7)], [Fraction(7, 4), Fraction(4, 7)])
    assert lemma.l1_bound_from_score_error(eta).contains(arb(moved.numerator) / moved.denominator)
    assert moved == 2 * Fraction(7 - 4, 7 + 4)


def test_vertices_of_three_weights_stay_below_and_come_close():
    rho = Fraction(2)
    best = max(
        l1_move([Fraction(a), Fraction(b), Fraction(30 - a - b)], list(factors))
        for a in range(1, 29)
        for b in range(1, 30 - a)
        for factors in product((Fraction(1), rho), repeat=3)
    )
    bound = lemma.l1_bound_from_ratio(rho)
    assert ball(best) < bound
    assert ball(best) > bound * ball(Fraction(999, 1000))


def test_small_errors_keep_their_relative_accuracy():
    eps = Fraction(1, 10**40)
    bound = ball(lemma.l1_bound_from_relative_error(eps))
    assert (bound / ball(eps) - 1).abs_upper() < 1e-12


@pytest.mark.parametrize(
    "call",
    [
        lambda: lemma.l1_bound_from_ratio(Fraction(1, 2)),
        lambda: lemma.l1_bound_from_ratio(0.5),
        lambda: lemma.l1_bound_from_ratio(arb("nan")),
        lambda: lemma.l1_bound_from_relative_error(1),
        lambda: lemma.l1_bound_from_relative_error(Fraction(-1, 9)),
        lambda: lemma.l1_bound_from_relative_error(arb(2)),
        lambda: lemma.l1_bound_from_score_error(-1),
        lambda: lemma.l1_bound_from_score_error("abc"),
        lambda: lemma.output_bound(1, lowest=1, highest=0),
        lambda: lemma.relative_error_for(0),
        lambda: lemma.relative_error_for("nan"),
        lambda: lemma.relative_error_for(1, 0),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(InputError):
        call()
