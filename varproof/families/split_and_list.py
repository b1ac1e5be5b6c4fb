"""0/1 vectors of a formula by split and list, as vectors of the orthogonal-vectors problem and as real matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from varproof.families.formulas import FORMULAS, Formula, draw_formula
from varproof.families.scaled import scaled

MOST_VARIABLES = 12  # of a matrix's formula: 64 rows a side, repeated where more are asked for


def split_and_list(formula: Formula) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two lists of vectors with one entry per clause, 1 where the half assignment makes no literal of it true.

    The left list has 2^floor(n/2) rows for the first half of the variables, the right one 2^ceil(n/2). Row r sets
    variable i of its half to bit i of r. Row a of the left is orthogonal to row b of the right iff the assignment
    satisfies the formula, so orthogonal pairs and models are equally many.

    >>> left, right = split_and_list(Formula(2, ((1, 2), (-1, -2))))
    >>> (left @ right.T).tolist()
    [[1, 0], [0, 1]]
    """
    half = formula.variables // 2
    return _unsatisfied(formula, 0, half), _unsatisfied(formula, half, formula.variables)


def _unsatisfied(formula: Formula, first: int, end: int) -> NDArray[np.uint8]:
    assignments = np.arange(1 << (end - first))
    table = np.ones((len(assignments), len(formula.clauses)), dtype=np.uint8)
    for place, clause in enumerate(formula.clauses):
        for literal in clause:
            if first < abs(literal) <= end:
                bits = assignments >> (abs(literal) - 1 - first) & 1
                table[bits == (literal > 0), place] = 0
    return table


def sat_derived(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Vectors of a drawn formula with 0 and bound as entries, or with -bound and bound as the Hamming gadgets have.

    Rows and columns repeat in turn where the formula has fewer than asked for.
    """
    stack = np.empty(shape)
    for index in np.ndindex(shape[:-2]):
        name = tuple(FORMULAS)[int(rng.integers(len(FORMULAS)))]
        bits = split_and_list(draw_formula(name, int(rng.integers(2, MOST_VARIABLES + 1)), rng))[1]
        rows = np.resize(rng.permutation(len(bits)), shape[-2])
        columns = np.resize(rng.permutation(bits.shape[1]), shape[-1])
        chosen = bits[np.ix_(rows, columns)].astype(np.float64)
        stack[index] = scaled(chosen if rng.random() < 0.5 else 1.0 - 2.0 * chosen, bound)
    return stack
