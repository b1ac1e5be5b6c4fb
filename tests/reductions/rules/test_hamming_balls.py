"""Close pairs by lookup against the reference solver, and the number of points looked up."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from reductions.constructions.thresholds import hamming_balls
from reductions.constructions.thresholds.hamming_balls import ball_points, looked_up
from reductions.core.answer import Decision
from reductions.problems.gap_hamming import GapHamming


@pytest.mark.parametrize(("dim", "near"), [(0, 0), (1, 0), (1, 1), (6, 0), (6, 1), (6, 2), (6, 6), (6, 9), (70, 1)])
def test_all_pairs_within_the_distance_and_no_others(dim, near):
    rng = np.random.default_rng(dim)
    right = rng.integers(0, 2, (9, dim)).astype(np.uint8)
    left = right[rng.integers(0, 9, 5)].copy()
    if dim:
        left[np.arange(5), rng.integers(0, dim, 5)] ^= 1
        left[:2, 0] ^= 1
    instance = GapHamming.from_bits(left, right, near, near + 1)
    found = looked_up(instance)
    assert found.answer.witnesses == tuple(instance.witnesses())
    assert found.answer.decision is Decision.of(bool(found.answer.witnesses))
    assert found.points == 5 * ball_points(dim, near, 10**9)


def test_equal_right_rows_are_all_found():
    instance = GapHamming.from_bits([[0, 1, 1]], [[0, 1, 1], [1, 1, 1], [0, 1, 1]], 0, 1)
    assert looked_up(instance).answer.witnesses == ((0, 0), (0, 2))


def test_no_rows():
    empty = np.zeros((0, 4), np.uint8)
    assert looked_up(GapHamming.from_bits(empty, [[0, 0, 0, 1]], 1, 2)).answer.decision is Decision.NO
    assert looked_up(GapHamming.from_bits([[0, 0, 0, 1]], empty, 1, 2)).answer.decision is Decision.NO


def test_ball_points_by_counting():
    for dim, radius in product(range(6), range(8)):
        points = sum(sum(bits) <= radius for bits in product((0, 1), repeat=dim))
        assert ball_points(dim, radius, 10**9) == points


def test_long_lists_are_cut(monkeypatch):
    monkeypatch.setattr(hamming_balls, "MOST_WITNESSES", 3)
    zeros = np.zeros((2, 2), np.uint8)
    cut = looked_up(GapHamming.from_bits(zeros, zeros, 0, 1)).answer
    assert cut.witnesses == ((0, 0), (0, 1), (1, 0))
    assert cut.note == "only the first 3 witnesses are listed"
    monkeypatch.setattr(hamming_balls, "MOST_WITNESSES", 4)
    whole = looked_up(GapHamming.from_bits(zeros, zeros, 0, 1)).answer
    assert len(whole.witnesses) == 4
    assert not whole.note
