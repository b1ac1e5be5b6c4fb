"""All small instances of orthogonal vectors through every rule to Hamming distance and inner products: all pairs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from reductions.constructions.vectors.gap_vectors import vectors_at_the_gap
from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Kind, Reduction
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_hamming import RULE as HAMMING
from reductions.rules.ov_to_maxip import RULE as MAXIP
from reductions.rules.ov_to_maxip_crt import RULE as CRT
from reductions.rules.ov_to_maxip_reed_solomon import RULE as REED_SOLOMON
from reductions.rules.ov_to_maxip_tensor import RULE as TENSOR

SETTINGS: list[tuple[Reduction, dict[str, int]]] = [
    (HAMMING, {}),
    (MAXIP, {}),
    (TENSOR, {"power": 1}),
    (TENSOR, {"power": 2}),
    (TENSOR, {"power": 3}),
    (CRT, {"per_integer": 1}),
    (CRT, {"per_integer": 2}),
    (CRT, {"per_integer": 3}),
    (REED_SOLOMON, {"blocks": 1}),
    (REED_SOLOMON, {"blocks": 2}),
    (REED_SOLOMON, {"blocks": 3}),
]
EVERY = pytest.mark.parametrize(("rule", "chosen"), SETTINGS, ids=lambda each: getattr(each, "name", str(each)))


def matrices(rows: int, dim: int) -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
    for bits in product((0, 1), repeat=rows * dim):
        yield np.array(bits, dtype=np.uint8).reshape(rows, dim)


def orthogonal(instance: OrthogonalVectors) -> list[tuple[int, int]]:
    inner = instance.left_bits.astype(int) @ instance.right_bits.astype(int).T
    return [(i, j) for i, row in enumerate(inner.tolist()) for j, value in enumerate(row) if value == 0]


def assert_same_pairs(rule: Reduction, instance: OrthogonalVectors, chosen: dict[str, int]) -> None:
    options = {**rule.defaults(), **chosen}
    assert rule.accepts is None or rule.accepts(instance, options) is None
    mapped = rule.forward(instance, options)
    targets = [mapped.targets[index] for index in range(len(mapped.targets))]
    answers = [target.solve() for target in targets]
    assert all(answer.decision is not Decision.PROMISE_VIOLATED for answer in answers)
    wanted = orthogonal(instance)
    found = [rule.extract(mapped.context, k, pair) for k, target in enumerate(targets) for pair in target.witnesses()]
    assert sorted(found) == wanted  # each pair once, in one target
    decoded: Answer = rule.decode(mapped.context, answers)
    assert decoded.decision is Decision.of(bool(wanted))
    assert decoded.count == len(wanted)
    assert (decoded.witness in wanted) if wanted else decoded.witness is None
    if rule.kind is Kind.OR_MANY:
        first = next((k for k, answer in enumerate(answers) if answer.decision is Decision.YES), len(answers) - 1)
        assert rule.decode(mapped.context, answers[: first + 1]).decision is decoded.decision


@EVERY
def test_every_single_pair(rule: Reduction, chosen: dict[str, int]) -> None:
    for dim in range(4):
        for left, right in product(matrices(1, dim), matrices(1, dim)):
            assert_same_pairs(rule, OrthogonalVectors.from_bits(left, right), chosen)


@EVERY
def test_every_instance_of_two_rows(rule: Reduction, chosen: dict[str, int]) -> None:
    for left, right in product(matrices(2, 2), matrices(2, 2)):
        assert_same_pairs(rule, OrthogonalVectors.from_bits(left, right), chosen)


@EVERY
def test_no_rows_and_sides_of_different_size(rule: Reduction, chosen: dict[str, int]) -> None:
    for rows, columns, dim in ((0, 0, 0), (0, 3, 2), (3, 0, 2), (1, 4, 0), (0, 0, 3)):
        for value in (0, 1):
            left, right = np.full((rows, dim), value), np.full((columns, dim), 1)
            assert_same_pairs(rule, OrthogonalVectors.from_bits(left, right), chosen)


@EVERY
def test_random_instances_and_those_at_the_gap(rule: Reduction, chosen: dict[str, int]) -> None:
    rng = np.random.default_rng(7)
    instances = vectors_at_the_gap(3, (1, 2, 4))
    for _ in range(6):
        rows, columns, dim = (int(rng.integers(1, top)) for top in (6, 6, 5))
        density = 0.25 + rng.random() / 2
        left, right = (rng.random((each, dim)) < density for each in (rows, columns))
        instances.append(OrthogonalVectors.from_bits(left.astype(np.uint8), right.astype(np.uint8)))
    assert {Decision.of(bool(orthogonal(each))) for each in instances} == {Decision.YES, Decision.NO}
    for instance in instances:
        assert_same_pairs(rule, instance, chosen)


def test_vectors_at_the_gap_are_at_the_gap() -> None:
    for seed in range(20):
        for instance in vectors_at_the_gap(seed, (2, 3, 6)):
            if instance.left.rows == 1 or instance.right.rows == 1:
                continue
            inner = instance.left_bits.astype(int) @ instance.right_bits.astype(int).T
            assert set(inner.ravel().tolist()) in ({1}, {0, 1}, {1, 2})
            assert len(orthogonal(instance)) <= 1
