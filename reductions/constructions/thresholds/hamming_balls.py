"""Close pairs by looking up every point of a Hamming ball around each left row: no attention, for small distances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any

from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Option
from reductions.precision.decode import MOST_WITNESSES
from reductions.problems.gap_hamming import GapHamming
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational


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

    Pairs beyond 65536 are not listed, a note says so.

    >>> looked_up(GapHamming.from_bits([[0, 0]], [[1, 0], [1, 1]], 1, 2)).answer.witnesses
    ((0, 0),)
    """
    dim = instance.left.dim
    table: dict[int, list[int]] = {}
    for j, row in enumerate(_integers(instance.right.words)):
        table.setdefault(row, []).append(j)
    points = close = 0
    witnesses: list[tuple[int, int]] = []
    for i, row in enumerate(_integers(instance.left.words)):
        partners: list[int] = []
        for flips in _flips(dim, instance.near):
            points += 1
            partners.extend(table.get(row ^ flips, ()))
        close += len(partners)
        witnesses.extend((i, j) for j in sorted(partners)[: MOST_WITNESSES - len(witnesses)])
    operations = (instance.left.rows + instance.right.rows) * dim + points * (dim + 1) + instance.right.rows
    if not witnesses:
        return LookedUp(Answer(Decision.NO), points, operations)
    note = "" if close <= MOST_WITNESSES else f"only the first {MOST_WITNESSES} witnesses are listed"
    return LookedUp(Answer(Decision.YES, witnesses[0], tuple(witnesses), note=note), points, operations)


def _flips(dim: int, radius: int) -> Iterator[int]:
    """All integers of at most `radius` ones among the lowest `dim` bits, each once."""
    for distance in range(min(radius, dim) + 1):
        for positions in combinations(range(dim), distance):
            yield sum(1 << position for position in positions)


def _integers(words: object) -> list[int]:
    """Packed rows as Python integers."""
    return [sum(int(word) << (64 * k) for k, word in enumerate(row)) for row in words.tolist()]  # type: ignore[attr-defined]


def by_lookup(instance: GapHamming, options: Mapping[str, Any]) -> bool:
    """Whether t < alpha d, and a ball of radius t has at most as many points as there are right rows."""
    near, dim = instance.near, instance.left.dim
    return near < options["small_ball"] * dim and ball_points(dim, near, instance.right.rows) <= instance.right.rows


def parse_small_ball(text: str) -> Fraction:
    """alpha with 0 <= alpha <= 1/2; 0 never looks up. Raises `InputError` for anything else.

    >>> parse_small_ball("1/8")
    Fraction(1, 8)
    """
    value = parse_rational(text, name="small_ball")
    if not 0 <= value <= Fraction(1, 2):
        raise InputError("the part of d below which t is small", got=text, allowed="0 to 1/2")
    return value


SMALL_BALL = Option(Fraction(1, 8), parse_small_ball, "alpha: distances t < alpha d are looked up, without attention")
