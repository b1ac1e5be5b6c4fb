"""Gap Hamming to attention, sharp: both ways of deciding, levels, the neutral entry, distances beyond d."""

from __future__ import annotations

from fractions import Fraction
from math import log

import numpy as np
import pytest

from reductions.constructions.thresholds.gap_hamming_signs import channels_of, layout_of
from reductions.constructions.thresholds.hamming_balls import by_lookup
from reductions.core.answer import Answer, Decision
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.gap_hamming import GapHamming
from reductions.rules.gap_hamming_to_attention import RULE

WORST = WorstNoise(ExactOracle("arb"))
NEVER, ALWAYS = {"small_ball": Fraction(0)}, {"small_ball": Fraction(1, 2)}


def options(**changed):
    return {**RULE.defaults(), **changed}


def decided(instance, oracle=WORST, **changed):
    mapped = RULE.forward(instance, options(**changed))
    assert RULE.structure(instance, mapped) == []
    answers = [Answer(outputs=oracle.outputs(target)) for target in mapped.targets]
    return RULE.decode(mapped.context, answers)


def pairs_at(dim, distances):
    """One left row, right rows at these distances."""
    right = np.zeros((len(distances), dim), np.uint8)
    for row, distance in zip(right, distances, strict=True):
        row[:distance] = 1
    return np.zeros((1, dim), np.uint8), right


@pytest.mark.parametrize("scale", ["d", "sqrt", "one"])
@pytest.mark.parametrize(
    ("dim", "near", "far"), [(9, 0, 1), (9, 2, 3), (9, 4, 7), (9, 8, 9), (9, 9, 10), (9, 3, 30), (9, 12, 40)]
)
def test_just_at_both_levels(dim, near, far, scale):
    """All at T: NO; one at t, all others as far as can be: YES. T beyond d cannot be a NO instance with pairs."""
    yes = GapHamming.from_bits(*pairs_at(dim, [dim] * 6 + [min(near, dim)]), near, far)
    assert decided(yes, scale=scale, **NEVER).decision is Decision.YES
    if far <= dim:
        no = GapHamming.from_bits(*pairs_at(dim, [far] * 7), near, far)
        assert decided(no, scale=scale, **NEVER) == Answer(Decision.NO)


def test_the_tolerance_is_tight():
    beyond = WorstNoise(ExactOracle("arb"), factor=Fraction(101, 100))
    no = GapHamming.from_bits(*pairs_at(12, [6] * 40), 4, 6)
    yes = GapHamming.from_bits(*pairs_at(12, [4] + [12] * 39), 4, 6)
    assert decided(no).decision is Decision.NO
    assert decided(yes).decision is Decision.YES
    assert decided(no, beyond).decision is Decision.PROMISE_VIOLATED or decided(yes, beyond).decision is Decision.NO


def test_the_neutral_entry_is_that_of_the_formula():
    for dim, near, far, keys in ((12, 4, 6, 40), (12, 6, 11, 4), (12, 1, 11, 3), (5, 0, 1, 1), (20, 9, 10, 1000)):
        instance = GapHamming.from_bits(np.zeros((1, dim), np.uint8), np.zeros((keys, dim), np.uint8), near, far)
        layout = layout_of(instance, options())
        channels = max(1, abs(dim - 2 * near), abs(dim - near - far))
        assert len(layout.channels) == channels == channels_of(instance)
        level = dim - near - far + (far - near) * log(keys) / (log(keys) + log(9))
        assert float(layout.entries[0]) == pytest.approx(level / channels, abs=2e-5)
        assert abs(layout.entries[0]) <= 1
        assert float(layout.beta.mid()) == pytest.approx((log(keys) + log(9)) / (2 * (far - near)), rel=1e-5)


def test_logit_and_entry_bounds_of_proportional_distances():
    """t = d/4, T = d/2, d = 8 log2 n: B/ln n and R/sqrt(ln n) at 1/d stay between constants."""
    ratios, entries = [], []
    for bits in (4, 8, 12):
        dim = 8 * bits
        instance = GapHamming.from_bits(
            np.zeros((1, dim), np.uint8), np.zeros((2**bits, dim), np.uint8), dim // 4, dim // 2
        )
        needs = RULE.precision(instance, options())
        ratios.append(needs["logit_bound"] / log(2**bits))
        entries.append(needs["entry_bounds"]["d"] / log(2**bits) ** 0.5)
    assert all(2 < ratio < 4 for ratio in ratios)
    assert all(1.9 < entry < 3.2 for entry in entries)


def test_small_distances_are_looked_up_and_no_attention_is_called():
    rows = np.eye(16, dtype=np.uint8)
    instance = GapHamming.from_bits(rows[:3], np.vstack([rows, rows[:5] ^ rows[5:10]]), 1, 4)
    assert by_lookup(instance, options())
    mapped = RULE.forward(instance, options())
    assert len(mapped.targets) == 0
    answer = RULE.decode(mapped.context, [])
    assert answer.decision is Decision.YES
    assert answer.witnesses == tuple(instance.witnesses())
    assert RULE.extract(mapped.context, 0, 1)[0] == 1
    assert decided(instance, **NEVER).witnesses == answer.witnesses
    assert "looked up" in mapped.notes[0]
    assert "no attention is called" in RULE.explain(instance, mapped)[0]


def test_no_lookup_where_balls_have_more_points_than_there_are_rows():
    left, right = pairs_at(16, [5] * 16)
    assert not by_lookup(GapHamming.from_bits(left, right, 1, 4), options())  # 17 points, 16 rows
    assert by_lookup(GapHamming.from_bits(left, np.vstack([right, right[:1]]), 1, 4), options())
    many = np.vstack([right] * 9)  # 144 rows, a ball of radius 2 has 137 points
    assert not by_lookup(GapHamming.from_bits(left, many, 2, 4), options())  # t = alpha d is not small
    assert by_lookup(GapHamming.from_bits(left, many, 2, 4), options(small_ball=Fraction(1, 7)))


def test_distances_beyond_d_count_as_d_and_d_plus_one():
    zeros = np.zeros((1, 9), np.uint8)
    assert channels_of(GapHamming.from_bits(zeros, zeros, 3, 30)) == 4  # |9 - 3 - 10|
    assert channels_of(GapHamming.from_bits(zeros, zeros, 50, 60)) == 10  # |9 - 9 - 10|
    layout = layout_of(GapHamming.from_bits(zeros, zeros, 3, 30), options())
    assert (layout.high, layout.low) == (3, -11)


@pytest.mark.parametrize("shape", [(0, 0, 0), (0, 2, 3), (2, 0, 3), (1, 1, 0), (2, 3, 0), (3, 2, 1)])
@pytest.mark.parametrize("ball", [NEVER, ALWAYS])
def test_odd_shapes(shape, ball):
    left, right, dim = shape
    instance = GapHamming.from_bits(np.zeros((left, dim), np.uint8), np.ones((right, dim), np.uint8), 0, 1)
    answer = decided(instance, **ball)
    assert answer.decision is instance.solve().decision
    assert answer.witnesses == tuple(instance.witnesses())


def test_off_the_promise_a_flagged_row_has_a_pair_below_far():
    """No pair within t, the best at T - 1: a flagged row shows the violation, a quiet one gives NO."""
    for keys in (1, 30):
        instance = GapHamming.from_bits(*pairs_at(12, [5] * keys), 3, 6)
        answer = decided(instance, ExactOracle("arb"), **NEVER)
        assert answer.decision in (Decision.PROMISE_VIOLATED, Decision.NO)
        if answer.decision is Decision.PROMISE_VIOLATED:
            assert "between the two levels" in answer.note
    near_miss = GapHamming.from_bits(*pairs_at(12, [4] * 30), 3, 6)
    assert decided(near_miss, ExactOracle("arb"), **NEVER).decision is Decision.PROMISE_VIOLATED
