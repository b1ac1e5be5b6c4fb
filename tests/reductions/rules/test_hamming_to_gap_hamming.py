"""Integer distances as a gap instance: the promise always holds, and a gap of 2 is taken only where it is true."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from reductions.constructions.vectors.gap_vectors import vectors_at_the_gap
from reductions.core.answer import Answer, Decision
from reductions.problems.hamming import HammingClosestPair
from reductions.rules.hamming_to_gap_hamming import RULE, hard, parities
from reductions.rules.ov_to_hamming import RULE as FROM_VECTORS


def every() -> list[HammingClosestPair]:
    made = []
    for bits in product((0, 1), repeat=8):
        left, right = np.array(bits[:4]).reshape(2, 2), np.array(bits[4:]).reshape(2, 2)
        made += [HammingClosestPair.from_bits(left, right, threshold) for threshold in range(3)]
    return made


@pytest.mark.parametrize("gap", [1, 2])
def test_every_small_instance(gap: int) -> None:
    taken = 0
    for instance in every():
        distances = {int((x != y).sum()) for x in instance.left_bits for y in instance.right_bits}
        same_parity = {d % 2 for d in distances} == {instance.threshold % 2}
        reason = RULE.accepts(instance, {"gap": gap}) if RULE.accepts else None
        assert (reason is None) == (gap == 1 or same_parity)
        if reason is not None:
            continue
        taken += 1
        (target,) = RULE.forward(instance, {"gap": gap}).targets
        answer = target.solve()
        assert answer.decision is instance.solve().decision
        assert (target.near, target.far) == (instance.threshold, instance.threshold + gap)
        assert list(target.witnesses()) == list(instance.witnesses())
        assert RULE.decode(None, [answer]).witness == instance.solve().witness
    assert taken == (768 if gap == 1 else 96)


def test_vectors_always_give_a_gap_of_two() -> None:
    for seed in range(10):
        for vectors in vectors_at_the_gap(seed):
            instance = FROM_VECTORS.forward(vectors, {}).targets[0]
            assert RULE.accepts is not None
            assert RULE.accepts(instance, {"gap": 2}) is None
            assert RULE.forward(instance, {"gap": 2}).targets[0].solve().decision is vectors.solve().decision


def test_other_gaps_are_refused() -> None:
    instance = HammingClosestPair.from_bits([[0, 0]], [[1, 1]], 1)
    assert RULE.accepts is not None
    assert RULE.accepts(instance, {"gap": 1}) is None
    for gap in (0, 2, 3, -1):
        assert RULE.accepts(instance, {"gap": gap}) is not None


def test_no_pairs_have_every_parity() -> None:
    none = HammingClosestPair.from_bits(np.zeros((0, 3), np.uint8), [[1, 0, 0]], 2)
    assert parities(none) == set()
    assert RULE.accepts is not None
    assert RULE.accepts(none, {"gap": 2}) is None


def test_hard_instances_sit_at_both_levels() -> None:
    least = []
    for each in hard(0):
        distances = [int((x != y).sum()) for x in each.left_bits for y in each.right_bits]
        least.append(min(distances) - each.threshold)
    assert {0, 1, 2} <= set(least)


def test_what_an_oracle_leaves_open_stays_open() -> None:
    for decision in (Decision.UNDECIDED, Decision.PROMISE_VIOLATED):
        assert RULE.decode(None, [Answer(decision, note="why")]) == Answer(decision, note="why")
