"""Maximum inner product to attention: levels clipped, neutral scores in digits, gaps, entries of any size."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from reductions.constructions.thresholds.maxip_image import channels_of, layout_of, levels_of
from reductions.core.answer import Answer, Decision, Outputs
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.maxip import MaxInnerProduct
from reductions.rules.maxip_to_attention import RULE

INTEGERS = np.int64


def instance_of(left, right, threshold, low=None):
    left, right = np.array(left, INTEGERS), np.array(right, INTEGERS)
    return MaxInnerProduct(left, right, threshold) if low is None else MaxInnerProduct(left, right, threshold, low)


def decided(instance, oracle=None, **changed):
    chosen = {**RULE.defaults(), **changed}
    assert RULE.accepts(instance, chosen) is None
    mapped = RULE.forward(instance, chosen)
    assert RULE.structure(instance, mapped) == []
    outputs = (oracle or ExactOracle("arb")).outputs(mapped.targets[0])
    return RULE.decode(mapped.context, [Answer(outputs=outputs)])


@pytest.mark.parametrize("threshold", [-(10**12), -13, -12, -3, 0, 4, 11, 12, 13, 10**12])
@pytest.mark.parametrize("scale", ["d", "sqrt", "one"])
def test_every_threshold_reachable_or_not(threshold, scale):
    """Products of these rows are 12, 6, -12 and -6: every pair counts when the threshold is low, none when high."""
    instance = instance_of([[2, 2, 2], [1, 1, 1]], [[2, 2, 2], [-2, -2, -2]], threshold)
    for oracle in (ExactOracle("arb"), WorstNoise(ExactOracle("arb"))):
        answer = decided(instance, oracle, scale=scale)
        assert answer.decision is instance.solve().decision
        assert answer.witnesses == tuple(instance.witnesses())


@pytest.mark.parametrize("low", [-(10**9), -12, 0, 5, 11])
def test_gap_instances(low):
    instance = instance_of([[2, 2, 2]], [[2, 2, 2], [-2, -2, -2]], 12, low)
    assert decided(instance, WorstNoise(ExactOracle("arb"))).decision is Decision.YES
    below = instance_of([[2, 2, 2]], [[-2, -2, -2], [-2, -2, -2]], 12, low)
    expected = below.solve().decision
    if expected is Decision.NO:
        assert decided(below, WorstNoise(ExactOracle("arb"))).decision is Decision.NO


def test_neutral_score_is_theta_of_the_lemma():
    """Unit gap: theta = beta tau - g/2, whatever the number of channels it is spread over."""
    for threshold in (0, 1, 7, 24, 40):
        instance = instance_of(np.full((1, 10), 2), np.full((3, 10), 2), threshold)
        layout = layout_of(instance, RULE.defaults())
        theta = float(layout.beta.mid()) * float(layout.neutral_product)
        assert theta == pytest.approx(float(layout.beta.mid()) * threshold - float(layout.gap.mid()) / 2, abs=1e-5)
        assert all(abs(entry) <= 2 for entry in layout.entries)


def test_channels_only_where_they_are_needed():
    ones = np.ones((1, 50), INTEGERS)
    assert len(channels_of(instance_of(ones, ones, 0))) == 1
    assert len(channels_of(instance_of(ones, ones, 1))) == 1
    assert len(channels_of(instance_of(ones, ones, 20))) == 20
    assert len(channels_of(instance_of(ones, ones, 10**6))) == 51
    assert len(channels_of(instance_of(30 * ones, ones, 20))) == 1
    assert levels_of(instance_of(ones, ones, 10**6)) == (51, 50)
    assert levels_of(instance_of(ones, ones, -(10**6))) == (-50, -51)


@pytest.mark.parametrize("shape", [(0, 0, 0), (0, 2, 3), (2, 0, 3), (1, 1, 0), (2, 3, 0), (3, 2, 4)])
@pytest.mark.parametrize("threshold", [-1, 0, 1])
def test_odd_shapes_and_zeros(shape, threshold):
    left, right, dim = shape
    instance = instance_of(np.zeros((left, dim)), np.zeros((right, dim)), threshold)
    answer = decided(instance, WorstNoise(ExactOracle("arb")))
    assert answer.decision is instance.solve().decision
    assert answer.witnesses == tuple(instance.witnesses())


def test_large_entries_are_exact():
    """Products around 2^60 that differ by one, on both sides of the threshold."""
    big = 2**30
    left = [[big, 1]]
    for last, expected in ((0, Decision.YES), (-1, Decision.NO)):
        instance = instance_of(left, [[big, last], [-big, 0]], big * big)
        assert decided(instance, WorstNoise(ExactOracle("arb"))).decision is expected


def test_entries_beyond_what_keys_hold_are_refused():
    instance = instance_of([[2**31 + 1]], [[1]], 1)
    reason = RULE.accepts(instance, RULE.defaults())
    assert reason is not None
    assert str(2**31 + 1) in reason


def test_rows_between_the_levels():
    """Off the promise nothing is claimed; with a witness in another row the answer is YES all the same."""
    instance = instance_of([[1, 1]], [[1, 0]], 2, 0)
    mapped = RULE.forward(instance, RULE.defaults())

    def given(mapped, *values):
        return RULE.decode(mapped.context, [Answer(outputs=Outputs(np.array(values).reshape(-1, 1), Fraction(1, 8)))])

    assert given(mapped, 0.9).decision is Decision.PROMISE_VIOLATED
    assert given(mapped, 0.2).decision is Decision.NO
    mixed = instance_of([[1, 1], [2, 2]], [[1, 0]], 2, 0)
    answer = given(RULE.forward(mixed, RULE.defaults()), 0.9, 0.9)
    assert (answer.decision, answer.witnesses) == (Decision.YES, ((1, 0),))


def test_the_tolerance_is_tight():
    beyond = WorstNoise(ExactOracle("arb"), factor=Fraction(101, 100))
    cases = list(RULE.hard(3))
    turned = [decided(each, beyond).decision is not each.solve().decision for each in cases]
    kept = [decided(each, WorstNoise(ExactOracle("arb"))).decision is each.solve().decision for each in cases]
    assert all(kept)
    assert sum(turned) >= 4


def test_a_promised_gap_lowers_the_scores():
    """beta (tau - low) = ln n + g: the promise buys a smaller logit bound, as far as products can go."""
    for low, gap in ((39, 1), (30, 10), (-40, 80), (-41, 81), (-1000, 81)):
        layout = layout_of(instance_of(np.full((1, 10), 2), np.full((3, 10), 2), 40, low), RULE.defaults())
        assert float(layout.beta.mid()) * gap == pytest.approx(np.log(27), rel=1e-5)
