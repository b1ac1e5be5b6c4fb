"""The threshold lemma's functions against exact rows of weights, and their refusals."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varproof.approx import threshold
from varproof.base.balls import ball
from varproof.base.errors import InputError


def output(weights: list[Fraction], neutral: Fraction) -> Fraction:
    return sum(weights) / (sum(weights) + neutral)


@given(st.integers(1, 7), st.fractions(Fraction(11, 10), 30, max_denominator=20), st.data())
def test_rows_fall_on_their_side_of_the_levels(keys, root, data):
    """Weights e^s: low = 1, high = n root^2, so G = root^2 and the neutral weight n root is rational."""
    high, neutral = keys * root**2, keys * root
    below, above = threshold.output_levels(root**2)
    lows = data.draw(st.lists(st.fractions(0, 1, max_denominator=20), min_size=keys, max_size=keys))
    assert output(lows, neutral) <= below
    assert output([*lows[1:], high], neutral) >= above
    assert output([Fraction(1)] * keys, neutral) == below
    assert output([Fraction(0)] * (keys - 1) + [high], neutral) == above
    assert above - Fraction(1, 2) == threshold.tolerance_from_weight_gap(root**2)


def test_both_forms_of_the_tolerance_agree():
    for weight_gap in (Fraction(3, 2), 2, 9, 1000):
        by_score = threshold.tolerance(ball(weight_gap).log())
        assert by_score.overlaps(ball(threshold.tolerance_from_weight_gap(weight_gap)))
    assert threshold.tolerance_from_weight_gap(9) == Fraction(1, 4)


def test_the_neutral_score_is_split_over_its_copies():
    alone = threshold.neutral_score(6, 1, 8)
    shared = threshold.neutral_score(6, 1, 8, copies=5)
    assert (5 * shared.exp()).overlaps(alone.exp())
    assert (2 * alone).overlaps(ball(7) + ball(8).log())
    assert threshold.gap(6, 1, 8).overlaps(ball(5) - ball(8).log())


def test_irrational_levels_are_symmetric_balls():
    below, above = threshold.output_levels(2)
    assert (ball(below) + ball(above)).contains(1)
    assert (ball(above) / ball(below)).overlaps(ball(2).sqrt())


@pytest.mark.parametrize(
    "call",
    [
        lambda: threshold.gap(1, 1, 2),
        lambda: threshold.gap(1, 0, 3),
        lambda: threshold.gap(1, 0, 0),
        lambda: threshold.neutral_score(9, 0, 2, copies=0),
        lambda: threshold.tolerance(0),
        lambda: threshold.tolerance_from_weight_gap(1),
        lambda: threshold.tolerance_from_weight_gap("1/2"),
        lambda: threshold.output_levels(Fraction(9, 10)),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(InputError):
        call()
