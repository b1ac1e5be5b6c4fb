"""Ties: exact numbers that are equal count as compared, balls that touch do not."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb

from varproof.base.balls import ball
from varproof.base.verdict import Verdict
from varproof.claims.tally import Tally, exact

THIRD = Fraction(1, 3)


def test_equal_rationals_satisfy_both_inequalities():
    tally = Tally()
    tally.at_most(THIRD, THIRD)
    tally.at_least(THIRD, THIRD)
    assert tally.finding("").verdict is Verdict.PROVED


def test_balls_of_equal_numbers_stay_undecided():
    tally = Tally()
    tally.at_most(ball(THIRD), THIRD)
    assert tally.finding("").verdict is Verdict.UNKNOWN


def test_a_difference_below_the_working_precision_is_seen_exactly():
    below = THIRD - Fraction(1, 10**100)
    for compare in (Tally.at_most, Tally.at_least):
        tally = Tally()
        compare(tally, *((THIRD, below) if compare is Tally.at_most else (below, THIRD)))
        assert tally.finding("").verdict is Verdict.REFUTED


def test_exact_refuses_a_ball():
    assert exact(2) == 2
    with pytest.raises(TypeError, match="an exact number was promised"):
        exact(arb(2))


def test_differences_beyond_the_floating_point_range_are_compared():
    tally = Tally()
    tally.equal(10**400, 0)
    assert tally.finding("").verdict is Verdict.REFUTED
