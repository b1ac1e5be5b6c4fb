"""Vectors of partial assignments: a 1 for every clause that the assignment leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reductions.problems.bits import BitMatrix
from reductions.problems.cnf import Cnf


@dataclass(frozen=True)
class Split:
    """What extraction needs: the formula; its variables 1..`cut` are the first half, the others the second."""

    formula: Cnf
    cut: int

    @classmethod
    def of(cls, formula: Cnf) -> Split:
        """Half of the variables on each side, the odd one on the second."""
        return cls(formula, formula.variables // 2)

    @property
    def halves(self) -> tuple[Sequence[int], Sequence[int]]:
        """The variables of the two halves."""
        return range(1, self.cut + 1), range(self.cut + 1, self.formula.variables + 1)

    def matrices(self) -> tuple[BitMatrix, BitMatrix]:
        """One row for each assignment of the half, one coordinate for each clause."""
        left, right = (open_clauses(self.formula, half) for half in self.halves)
        return left, right

    def literals(self, i: int, j: int) -> tuple[int, ...]:
        """The assignment of row i of the first matrix and row j of the second.

        >>> Split.of(Cnf(3, ())).literals(1, 2)
        (1, -2, 3)
        """
        first, second = self.halves
        return (*row_literals(i, first), *row_literals(j, second))

    def operations(self) -> int:
        """Numbers read and written: the formula, all assignments, a bit a row and clause, a value a row and literal."""
        clauses = self.formula.clauses
        total = sum(len(clause) + 1 for clause in clauses)
        for half in self.halves:
            of_half = sum(1 for clause in clauses for literal in clause if abs(literal) in half)
            total += (len(half) + len(clauses) + of_half) << len(half)
        return total


def row_literals(row: int, variables: Sequence[int]) -> tuple[int, ...]:
    """The assignment of row `row`: the variable at place p is true iff bit p of the row is set.

    >>> row_literals(2, (4, 5))
    (-4, 5)
    """
    return tuple(v if row >> place & 1 else -v for place, v in enumerate(variables))


def open_clauses(formula: Cnf, variables: Sequence[int]) -> BitMatrix:
    """Bit c of row r: whether assignment r of `variables` makes no literal of clause c true.

    Built a clause at a time in packed words: 2^h ceil(m / 64) words and a few arrays of 2^h numbers.

    >>> open_clauses(Cnf(2, ((1, 2), (-1,))), (1,)).to_bits().tolist()
    [[1, 0], [0, 1]]
    """
    place = {v: p for p, v in enumerate(variables)}
    rows = np.arange(1 << len(variables), dtype=np.uint64)
    one = np.uint64(1)
    words = np.zeros((len(rows), -(-len(formula.clauses) // 64)), dtype=np.uint64)
    for c, clause in enumerate(formula.clauses):
        still_open = np.ones(len(rows), dtype=bool)
        for literal in clause:
            if abs(literal) in place:
                value = rows >> np.uint64(place[abs(literal)]) & one
                still_open &= value != (literal > 0)
        words[:, c // 64] |= still_open.astype(np.uint64) << np.uint64(c % 64)
    return BitMatrix(words, len(formula.clauses))
