"""Flowers in a set of clauses, and branching on them until none is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

Clause = frozenset[int]
Clauses = tuple[Clause, ...]


@dataclass(frozen=True)
class Flower:
    """Clauses of one size that all contain `heart`, which is not empty and smaller than they are."""

    heart: Clause
    clauses: Clauses


# the two sets of clauses that replace one with a flower: the heart added, the petals added
Branch = Callable[[Clauses, Flower], tuple[Clauses, Clauses]]


@dataclass(frozen=True)
class Leaves:
    """What branching left: the leaves in order, how many of them still hold a flower, splits and numbers touched."""

    leaves: tuple[Clauses, ...]
    unfinished: int
    splits: int
    operations: int


def minimal(clauses: Iterable[Clause]) -> tuple[Clauses, int]:
    """The clauses that are no tautologies and contain no other one, each once, in a fixed order; numbers read.

    The formula they make is equivalent.

    >>> [sorted(c) for c in minimal(map(frozenset, [(1, 2), (1,), (2, 3), (4, -4)]))[0]]
    [[1], [2, 3]]
    """
    kept: list[Clause] = []
    touched = 0
    for clause in sorted(set(clauses), key=_order):
        touched += len(clause)
        if any(-literal in clause for literal in clause):
            continue
        covered = False
        for other in kept:
            touched += len(other)
            if other <= clause:
                covered = True
                break
        if not covered:
            kept.append(clause)
    return tuple(kept), touched


def find_flower(clauses: Clauses, petals: Sequence[int]) -> tuple[Flower | None, int]:
    """The first flower with at least theta_p clauses, p the size of its petals; numbers read.

    Smallest clauses first, then smallest petals. theta_p is `petals[p - 1]`, the last entry for all larger p.

    >>> flower, _ = find_flower(tuple(map(frozenset, [(1, 2), (1, 3), (1, -4)])), (3,))
    >>> sorted(flower.heart)
    [1]
    """
    touched = 0
    for width in sorted({len(clause) for clause in clauses if len(clause) > 1}):
        same = [clause for clause in clauses if len(clause) == width]
        for petal in range(1, width):
            threshold = petals[min(petal, len(petals)) - 1]
            around: dict[Clause, list[Clause]] = {}
            for clause in same:
                for heart in combinations(sorted(clause, key=_place), width - petal):
                    touched += width - petal
                    around.setdefault(frozenset(heart), []).append(clause)
            for core, members in around.items():
                if len(members) >= threshold:
                    return Flower(core, tuple(members)), touched
    return None, touched


def branches(clauses: Clauses, flower: Flower) -> tuple[Clauses, Clauses]:
    """With the heart added as a clause, and with every petal added: a model of the set is a model of one of the two."""
    return (*clauses, flower.heart), (*clauses, *(clause - flower.heart for clause in flower.clauses))


def split_all(clauses: Iterable[Clause], petals: Sequence[int], leaves: int, branch: Branch = branches) -> Leaves:
    """Branch, breadth first, until no set holds a flower or one more split would make more than `leaves` sets.

    Every split replaces a set by two of fewer literals in all and at most as many clauses.
    """
    start, operations = minimal(clauses)
    waiting = deque([start])
    done: list[Clauses] = []
    unfinished = splits = 0
    while waiting:
        current = waiting.popleft()
        flower, touched = find_flower(current, petals)
        operations += touched
        if flower is None or len(done) + len(waiting) + 2 > leaves:
            unfinished += flower is not None
            done.append(current)
            continue
        splits += 1
        for part in branch(current, flower):
            reduced, touched = minimal(part)
            operations += touched
            waiting.append(reduced)
    return Leaves(tuple(done), unfinished, splits, operations)


def _place(literal: int) -> tuple[int, bool]:
    return abs(literal), literal < 0


def _order(clause: Clause) -> tuple[int, list[tuple[int, bool]]]:
    return len(clause), sorted(map(_place, clause))


def written(clause: Clause) -> tuple[int, ...]:
    """The literals in the order of their variables.

    >>> written(frozenset((3, -1)))
    (-1, 3)
    """
    return tuple(sorted(clause, key=_place))
