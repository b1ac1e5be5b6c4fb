"""Close pairs by looking up every point of a Hamming ball around each left row: no attention, for small distances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

from reductions.core.answer import Answer, Decision
from reductions.precision.decode import MOST_WITNESSES
from reductions.problems.gap_hamming import GapHamming


@dataclass(frozen=True)
class LookedUp:
    """The answer of an instance that was decided without any target, the points looked up and the operations."""

    answer: Answer
    points: int
    operations: int


def ball_points(dim: int, radius: int, enough: int) -> int:
    """Points of {0,1}^dim within `radius` of one; counting stops above `enough`.

    >>> ball_points(10, 2, 1000), ball_points(10**6, 10**5, 50)
    (56, 1000001)
    """
    total = 0
    for distance in range(min(radius, dim) + 1):
        total += comb(dim, distance)
        if total > enough:
            break
    return total


def looked_up(instance: GapHamming) -> LookedUp:
    """All pairs within `near` by lookup; PROMISE_VIOLATED cannot be seen this way: without a close pair it is NO.

    >>> looked_up(GapHamming.from_bits([[0, 0]], [[1, 0], [1, 1]], 1, 2)).answer.witnesses
    ((0, 0),)
    """
    dim = instance.left.dim
    table: dict[int, list[int]] = {}
    for j, row in enumerate(_integers(instance.right.words)):
        table.setdefault(row, []).append(j)
    points = 0
    witnesses: list[tuple[int, int]] = []
    for i, row in enumerate(_integers(instance.left.words)):
        partners: list[int] = []
        for flips in _flips(dim, instance.near):
            points += 1
            partners.extend(table.get(row ^ flips, ()))
        witnesses.extend((i, j) for j in sorted(partners)[: MOST_WITNESSES - len(witnesses)])
    operations = (instance.left.rows + instance.right.rows) * dim + points * (dim + 1) + instance.right.rows
    if not witnesses:
        return LookedUp(Answer(Decision.NO), points, operations)
    return LookedUp(Answer(Decision.YES, witnesses[0], tuple(witnesses)), points, operations)


def _flips(dim: int, radius: int) -> Iterator[int]:
    """All integers of at most `radius` ones among the lowest `dim` bits, each once."""
    for distance in range(min(radius, dim) + 1):
        for positions in combinations(range(dim), distance):
            yield sum(1 << position for position in positions)


def _integers(words: object) -> list[int]:
    """Packed rows as Python integers."""
    return [sum(int(word) << (64 * k) for k, word in enumerate(row)) for row in words.tolist()]  # type: ignore[attr-defined]
