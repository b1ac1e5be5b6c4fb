"""Hamming closest pair, gap Hamming and maximum inner product against definitions written out once more."""

from __future__ import annotations

import json
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reductions.core.answer import Decision
from reductions.problems.gap_hamming import GapHamming
from reductions.problems.hamming import HammingClosestPair
from reductions.problems.maxip import MaxInnerProduct, largest_entries
from varproof.base.errors import InputError

PROBLEMS: list[Any] = [HammingClosestPair, GapHamming, MaxInnerProduct]
EVERY = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.NAME)


def values(instance: Any) -> list[list[int]]:
    """Distances, or inner products with the sign turned: small is YES in all three problems."""
    if isinstance(instance, MaxInnerProduct):
        rows, columns = instance.left.tolist(), instance.right.tolist()
        return [[-sum(a * b for a, b in zip(x, y, strict=True)) for y in columns] for x in rows]
    rows, columns = instance.left_bits.tolist(), instance.right_bits.tolist()
    return [[sum(a != b for a, b in zip(x, y, strict=True)) for y in columns] for x in rows]


def levels(instance: Any) -> tuple[int, int]:
    """Largest value that means YES, smallest that NO allows."""
    if isinstance(instance, HammingClosestPair):
        return instance.threshold, instance.threshold + 1
    if isinstance(instance, GapHamming):
        return instance.near, instance.far
    return -instance.threshold, -instance.low


def assert_solved(instance: Any) -> Decision:
    yes, no = levels(instance)
    table = values(instance)
    pairs = [(i, j) for i, row in enumerate(table) for j, value in enumerate(row) if value <= yes]
    flat = [value for row in table for value in row]
    answer = instance.solve()
    wanted = Decision.NO if all(value >= no for value in flat) else Decision.PROMISE_VIOLATED
    assert answer.decision is (Decision.YES if pairs else wanted)
    assert list(instance.witnesses()) == pairs
    assert answer.count == len(pairs)
    assert answer.witness == (pairs[0] if pairs else None)
    for i, row in enumerate(table):
        assert [instance.verify((i, j)) for j in range(len(row))] == [value <= yes for value in row]
    assert isinstance(answer.decision, Decision)
    return answer.decision


@EVERY
def test_samples_are_solved_and_cover_every_decision(problem: Any) -> None:
    seen = [assert_solved(instance) for instance in islice(problem.samples(5), 250)]
    assert min(seen.count(Decision.YES), seen.count(Decision.NO)) > 70
    violated = seen.count(Decision.PROMISE_VIOLATED)
    assert violated == 0 if problem is HammingClosestPair else 5 < violated < 60


@EVERY
def test_samples_have_the_edge_cases(problem: Any) -> None:
    shapes = {
        tuple(each.parameters()[name] for name in ("left", "right", "dim")) for each in islice(problem.samples(0), 40)
    }
    assert {(0, 0, 0), (1, 1, 0), (0, 2, 3), (2, 0, 3), (1, 1, 1), (2, 3, 0)} <= shapes


@EVERY
def test_every_small_instance(problem: Any) -> None:
    for bits in product((0, 1), repeat=6):
        left, right = np.array(bits[:2]).reshape(1, 2), np.array(bits[2:]).reshape(2, 2)
        for level in range(4):
            if problem is HammingClosestPair:
                assert_solved(HammingClosestPair.from_bits(left, right, level))
            for wide in range(1, 4):
                if problem is GapHamming:
                    assert_solved(GapHamming.from_bits(left, right, level, level + wide))
                if problem is MaxInnerProduct:
                    assert_solved(MaxInnerProduct(left - 1, right, level - 2, level - 2 - wide))


@EVERY
def test_witnesses_that_are_none(problem: Any) -> None:
    bits = np.zeros((2, 3), np.uint8)
    one: Any = {
        "hamming": HammingClosestPair.from_bits(bits, bits, 3),
        "gap-hamming": GapHamming.from_bits(bits, bits, 3, 5),
        "maxip": MaxInnerProduct(bits.astype(np.int64), bits.astype(np.int64), 0),
    }[problem.NAME]
    assert one.verify((1, 1))
    assert one.verify([0, np.int64(1)])
    wrong = [None, 3, "01", (0,), (0, 1, 0), (-1, 0), (0, -1), (2, 0), (0, 2), (True, 0), (0.0, 0), ("0", 0), {0, 1}]
    assert [one.verify(each) for each in wrong] == [False] * len(wrong)


@EVERY
def test_json_and_files_bring_the_instance_back(problem: Any, tmp_path: Path) -> None:
    for index, instance in enumerate(islice(problem.samples(2), 30)):
        (file,) = instance.save(tmp_path, f"x{index}")
        copy = problem.from_json(json.loads(file.read_text(encoding="utf-8")))
        assert copy == instance
        assert hash(copy) == hash(instance)
        assert copy.parameters() == instance.parameters()
        assert set(copy.parameters()) == set(problem.PARAMETERS)


@EVERY
def test_json_of_anything_else_is_refused(problem: Any) -> None:
    good = list(islice(problem.samples(1), 20))[-1].to_json()
    level = "near" if problem is GapHamming else "threshold"
    changes: list[Any] = [
        None,
        [],
        {**good, "problem": "ov"},
        {key: value for key, value in good.items() if key != "right"},
        {**good, level: 1.5},
        {**good, level: True},
        {**good, level: "1"},
        {**good, "left": 7},
    ]
    for change in changes:
        with pytest.raises(InputError):
            problem.from_json(change)


def test_levels_and_shapes_that_are_none() -> None:
    two, three = np.zeros((1, 2), np.uint8), np.zeros((1, 3), np.uint8)
    with pytest.raises(InputError, match="length"):
        HammingClosestPair.from_bits(two, three, 0)
    with pytest.raises(InputError, match="never negative"):
        HammingClosestPair.from_bits(two, two, -1)
    with pytest.raises(InputError, match="length"):
        GapHamming.from_bits(two, three, 0, 1)
    for near, far in ((1, 1), (2, 1), (-1, 1)):
        with pytest.raises(InputError, match="gap"):
            GapHamming.from_bits(two, two, near, far)
    wide, wider = two.astype(np.int64), three.astype(np.int64)
    with pytest.raises(InputError, match="length"):
        MaxInnerProduct(wide, wider, 0)
    with pytest.raises(InputError, match="gap"):
        MaxInnerProduct(wide, wide, 3, 3)
    for other in (two, wide.astype(float), wide[0], [[0, 0]]):
        with pytest.raises(InputError, match="int64"):
            MaxInnerProduct(other, wide, 0)  # type: ignore[arg-type]


def test_maxip_json_refuses_entries_that_are_no_int64() -> None:
    good = MaxInnerProduct(np.array([[1, 2]]), np.array([[3, 4]]), 0).to_json()
    for rows in ([[1.0, 2]], [[True, 2]], [[2**63, 0]], [[1]], [1, 2], [[1, "2"]]):
        with pytest.raises(InputError):
            MaxInnerProduct.from_json({**good, "left": rows})


def test_inner_products_beyond_int64_are_exact() -> None:
    large = 2**62
    rows = np.array([[large, large, -(2**63)], [1, -1, 0]], dtype=np.int64)
    exact = 2 * large**2 + 2**126
    assert largest_entries(rows) == [large, large, 2**63]
    for threshold, wanted in ((exact, Decision.YES), (exact + 1, Decision.NO)):
        instance = MaxInnerProduct(rows, rows, threshold)
        assert not instance.fits
        assert assert_solved(instance) is wanted
        assert MaxInnerProduct.from_json(json.loads(json.dumps(instance.to_json()))) == instance


def test_levels_far_outside_int64_compare_rightly() -> None:
    rows = np.array([[3]])
    assert assert_solved(MaxInnerProduct(rows, rows, 2**70)) is Decision.NO
    assert assert_solved(MaxInnerProduct(rows, rows, -(2**70))) is Decision.YES
    assert assert_solved(MaxInnerProduct(rows, rows, 2**70, -(2**70))) is Decision.PROMISE_VIOLATED
