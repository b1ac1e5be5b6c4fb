"""The layout of arXiv:2302.13214: its levels, its tolerance against the sharp one, and where the threshold 5x fails."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from reductions.constructions.thresholds import gap_hamming_signs as sharp
from reductions.constructions.thresholds.as23_image import layout_of, levels_of, threshold_of
from reductions.core.answer import Answer, Decision
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.gap_hamming import GapHamming
from reductions.rules.gap_hamming_to_attention_as23 import RULE
from varproof.base.balls import ball, dyadic

BITS = 200


def pairs_at(dim, distances):
    right = np.zeros((len(distances), dim), np.uint8)
    for row, distance in zip(right, distances, strict=True):
        row[:distance] = 1
    return np.zeros((1, dim), np.uint8), right


def gap_instances(dim, near, far, keys):
    yes = GapHamming.from_bits(*pairs_at(dim, [dim] * (keys - 1) + [near]), near, far)
    return yes, GapHamming.from_bits(*pairs_at(dim, [far] * keys), near, far)


def x_of(near, far, keys):
    return (-arb(4 * keys).log() * near / (far - near)).exp() / (8 * keys)


def decided(instance, adverse, factor, dtype="arb", threshold=None):
    mapped = RULE.forward(instance, RULE.defaults())
    assert RULE.structure(instance, mapped) == []
    target = replace(mapped.targets[0], adverse=adverse)
    oracle = WorstNoise(ExactOracle(dtype), factor=factor) if factor else ExactOracle(dtype)
    context = mapped.context if threshold is None else replace(mapped.context, threshold=threshold)
    return RULE.decode(context, [Answer(outputs=oracle.outputs(target))])


CASES = [(8, 2, 3, 1), (8, 2, 4, 20), (12, 6, 7, 9), (10, 0, 1, 3), (6, 3, 6, 50)]


@pytest.mark.parametrize(("dim", "near", "far", "keys"), CASES)
def test_levels_are_2x_and_8x_up_to_n_over_n_plus_1(dim, near, far, keys):
    layout = layout_of(gap_instances(dim, near, far, keys)[0], RULE.defaults())
    with ctx.workprec(BITS):
        x = x_of(near, far, keys)
        below, above = levels_of(layout)
        rounding = arb("1.0001") ** (near + 1)  # the unit is rounded up, which costs a little at distance t
        assert below < 2 * x
        assert above * rounding > 8 * x * keys / (keys + 1)
        assert above < 8 * x


@pytest.mark.parametrize(("dim", "near", "far", "keys"), CASES)
def test_noise_both_ways_and_the_edge_of_the_tolerance(dim, near, far, keys):
    yes, no = gap_instances(dim, near, far, keys)
    inside, outside = Fraction(99, 100), Fraction(102, 100)
    assert decided(yes, -1, inside).decision is Decision.YES
    assert decided(no, 1, inside).decision is Decision.NO
    turned = decided(yes, -1, outside).decision is Decision.NO
    assert turned or decided(no, 1, outside).decision is Decision.PROMISE_VIOLATED


def test_the_tolerance_is_about_3x_and_the_sharp_one_a_quarter():
    yes, _ = gap_instances(24, 6, 9, 500)
    layout = layout_of(yes, RULE.defaults())
    with ctx.workprec(BITS):
        ratio = ball(layout.delta) / x_of(6, 9, 500)
        assert ball(Fraction(29, 10)) < ratio < ball(Fraction(31, 10))
    assert layout.delta < Fraction(1, 10**9)
    with_same_scores = sharp.layout_of(yes, {"scale": "d", "weight_gap": Fraction(4)})
    assert abs(float((with_same_scores.beta / layout.beta).mid()) - 1) < 1e-5
    assert abs(float(with_same_scores.delta) - 1 / 6) < 1e-5
    assert abs(float(sharp.layout_of(yes, {"scale": "d", "weight_gap": Fraction(9)}).delta) - 1 / 4) < 1e-5


def test_a_threshold_of_5x_fails_for_one_key_at_distance_zero():
    """n = 1, t = 0: equal rows have output 1/2 = 4x, below 5x = 5/8. From n = 2 on 8x n/(n + 1) is above 5x."""
    single = GapHamming.from_bits([[1, 0]], [[1, 0]], 0, 1)
    with ctx.workprec(BITS):
        five_x = dyadic(5 * x_of(0, 1, 1))
    assert five_x == Fraction(5, 8)
    assert decided(single, 0, 0, threshold=five_x).decision is Decision.NO
    assert decided(single, 0, 0).decision is Decision.YES
    two = GapHamming.from_bits([[1, 0]], [[1, 0], [0, 1]], 0, 1)
    assert decided(two, 0, 0, threshold=Fraction(5, 16)).decision is Decision.YES
    with ctx.workprec(BITS):
        for keys in range(2, 200):
            assert 8 * arb(keys) / (keys + 1) > 5


def test_the_threshold_is_the_middle():
    layout = layout_of(gap_instances(12, 6, 7, 9)[0], RULE.defaults())
    below, above = levels_of(layout)
    with ctx.workprec(BITS):
        middle = (below + above) / 2
        assert abs(ball(threshold_of(layout)) - middle) < ball(layout.delta) * arb(2) ** -40


def test_a_small_tolerance_is_beyond_floats_and_says_so():
    """Distances 60 and 61 of 64: outputs near 10^-127, which float64 cannot tell from errors of 10^-16."""
    yes, no = gap_instances(64, 60, 61, 20)
    assert decided(yes, 0, 0).decision is Decision.YES
    assert decided(no, 0, 0).decision is Decision.NO
    assert decided(no, 0, 0, dtype="float64").decision is Decision.UNDECIDED
    assert RULE.precision(yes, RULE.defaults())["dtypes"] == ("arb",)


@pytest.mark.parametrize("shape", [(0, 0, 0), (0, 2, 3), (2, 0, 3), (1, 1, 0), (2, 3, 0), (3, 2, 1)])
def test_odd_shapes(shape):
    left, right, dim = shape
    instance = GapHamming.from_bits(np.zeros((left, dim), np.uint8), np.ones((right, dim), np.uint8), 0, 1)
    answer = decided(instance, 1, Fraction(99, 100))
    assert answer.decision is instance.solve().decision
    assert answer.witnesses == tuple(instance.witnesses())
