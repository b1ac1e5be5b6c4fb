"""Orthogonal vectors against a plain double loop, with lists of any size and witnesses of any shape."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from reductions.core.answer import Decision
from reductions.core.problem import Counting
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from varproof.base.errors import InputError


def plain(instance: OrthogonalVectors) -> list[tuple[int, int]]:
    left, right = instance.left_bits.tolist(), instance.right_bits.tolist()
    return [
        (i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if not any(x and y for x, y in zip(a, b, strict=True))
    ]


def samples(count: int = 200, seed: int = 5) -> list[OrthogonalVectors]:
    return list(itertools.islice(OrthogonalVectors.samples(seed), count))


def test_samples_are_solved_as_by_the_double_loop() -> None:
    for instance in samples():
        pairs = plain(instance)
        assert list(instance.witnesses()) == pairs
        answer = instance.solve()
        assert answer.decision is Decision.of(bool(pairs))
        assert answer.witness == (pairs[0] if pairs else None)
        assert answer.count == (None if pairs else 0)
        rows, columns, _ = instance.parameters().values()
        for pair in itertools.product(range(-1, rows + 1), range(-1, columns + 1)):
            assert instance.verify(pair) == (pair in pairs)


def test_samples_are_of_both_kinds_and_hold_lists_of_different_size() -> None:
    kinds = [bool(plain(instance)) for instance in samples()]
    assert 70 <= sum(kinds) <= 130
    assert any(each.left.rows != each.right.rows for each in samples())
    assert isinstance(samples()[0], Counting)


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [
        ([], [], 0),
        ([[1, 0]], [], 0),
        ([], [[1, 0]], 0),
        ([[]], [[], []], 2),  # dimension 0: every pair is orthogonal
        ([[0, 0]], [[1, 1]], 1),
        ([[1]], [[1]], 0),
        ([[0], [1]], [[0], [1]], 3),
    ],
)
def test_borders(left: list[list[int]], right: list[list[int]], count: int) -> None:
    instance = OrthogonalVectors.from_bits(left, right)
    assert len(list(instance.witnesses())) == count
    assert instance.solve().decision is Decision.of(count > 0)
    assert OrthogonalVectors.from_json(json.loads(json.dumps(instance.to_json()))) == instance


@pytest.mark.parametrize(
    "witness", [None, 0, (), (0,), (0, 0, 0), "00", (0.0, 0), (False, 0), (0, None), {0: 0}, ((0,), 0), (-1, 0), (0, 1)]
)
def test_malformed_witnesses(witness: object) -> None:
    assert not OrthogonalVectors.from_bits([[0, 0]], [[1, 1]]).verify(witness)


@pytest.mark.parametrize("witness", [(0, 0), [0, 0], (np.int64(0), np.uint8(0))])
def test_pairs_of_any_integer_type_are_witnesses(witness: object) -> None:
    assert OrthogonalVectors.from_bits([[0, 0]], [[1, 1]]).verify(witness)


def test_files(tmp_path: Path) -> None:
    instance = samples(30)[-1]
    (path,) = instance.save(tmp_path, "name")
    assert path.name == "name.json"
    assert OrthogonalVectors.from_json(json.loads(path.read_text())) == instance


@pytest.mark.parametrize("wrong", [{}, {"problem": "cnf"}, {"problem": "ov"}, {"problem": "ov", "left": 1, "right": 2}])
def test_other_json_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        OrthogonalVectors.from_json(wrong)
    with pytest.raises(InputError):
        OrthogonalVectors.from_json({**samples(1)[0].to_json(), "problem": "hamming"})


def test_dimensions_must_agree() -> None:
    with pytest.raises(InputError):
        OrthogonalVectors.from_bits([[0, 1]], [[0]])
