"""The measurements of what a case costs measure what they say; the bars themselves are in the slow tests."""

from __future__ import annotations

import numpy as np
import pytest

from varproof.campaign.bench.overhead import adversarial_overhead, iid_speed, score_rows
from varproof.claims.attack import Instance
from varproof.claims.model import Case

CASE = Case({}, {})


@pytest.mark.parametrize("tokens", [1, 8, 64])
def test_the_batch_and_the_single_case_measure_the_same_and_the_lemma_holds(tokens: int) -> None:
    attack = score_rows(tokens)
    assert attack.batch is not None
    batch = attack.batch(attack.space, 40, np.random.default_rng(0), CASE)
    assert (batch.ratios <= 1 + 1e-3).all()
    if tokens > 1:
        assert (batch.ratios > 0.01).all()
    for place in range(40):
        found = attack.measure(batch.instance(place), CASE)
        assert found is not None
        assert found.size == batch.sizes[place] == tokens
        assert found.ratio == pytest.approx(batch.ratios[place], rel=1e-3, abs=1e-4)


@pytest.mark.slow
def test_a_costlier_property_hides_the_cost_of_the_arm() -> None:
    ratio = adversarial_overhead(2e-3, repeats=5, cases=15)
    assert 0.5 < ratio < 1.5


def test_batches_are_faster() -> None:
    assert iid_speed(8, repeats=1, cases=200) > 5


@pytest.mark.slow
def test_the_bars() -> None:
    """The least of three: what else runs on the machine can only add."""
    assert min(adversarial_overhead(1e-3, repeats=5) for _ in range(3)) <= 1.05
    assert min(adversarial_overhead(0.0) for _ in range(3)) <= 1.15
    assert max(iid_speed(8) for _ in range(3)) >= 20
    assert max(iid_speed(64, repeats=3) for _ in range(3)) >= 5


def test_the_bound_of_the_lemma_is_attained_by_opposite_moves_of_two_scores() -> None:
    arrays = {"scores": np.zeros((2, 2)), "moves": np.array([[1e-3, -1e-3], [0.0, 0.0]])}
    found = score_rows(2).measure(Instance(arrays, {"size": 1e-3}), CASE)
    assert found is not None
    assert found.ratio == pytest.approx(1, rel=1e-5)
