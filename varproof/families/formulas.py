"""Small formulas in conjunctive normal form as tuples of signed variables: random, planted, pigeonhole, parity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from varproof.base.errors import InputError

WIDTH = 3
RATIO = 4.27  # clauses per variable at which about half of the random formulas of width 3 are satisfiable


class Formula(NamedTuple):
    """Variables 1 .. `variables`; every clause a tuple of literals, v for the variable and -v for its negation."""

    variables: int
    clauses: tuple[tuple[int, ...], ...]


def random_formula(variables: int, rng: np.random.Generator) -> Formula:
    """Clauses of three different variables with random signs, as many as leave the answer open."""
    return Formula(variables, tuple(_clause(variables, rng) for _ in range(round(RATIO * variables))))


def planted_formula(variables: int, rng: np.random.Generator) -> Formula:
    """The same, but one random assignment makes every clause true."""
    truth = rng.choice((-1, 1), size=variables)
    clauses: list[tuple[int, ...]] = []
    while len(clauses) < round(RATIO * variables):
        clause = _clause(variables, rng)
        if any(truth[abs(literal) - 1] * literal > 0 for literal in clause):
            clauses.append(clause)
    return Formula(variables, tuple(clauses))


def pigeonhole_formula(variables: int, rng: np.random.Generator) -> Formula:
    """Pigeons that each need a hole of their own, one pigeon too many or just enough; at most `variables` variables.

    Variable p holes + h + 1 says that pigeon p sits in hole h.

    >>> pigeonhole_formula(2, np.random.default_rng(0)).clauses
    ((1,), (2,), (-1, -2))
    """
    holes = max(1, int(((4 * variables + 1) ** 0.5 - 1) / 2))  # holes (holes + 1) <= variables
    pigeons = holes + (1 if holes * (holes + 1) <= variables and rng.random() < 0.75 else 0)
    at = [[pigeon * holes + hole + 1 for hole in range(holes)] for pigeon in range(pigeons)]
    apart = ((-at[p][h], -at[q][h]) for h in range(holes) for p, q in combinations(range(pigeons), 2))
    return Formula(pigeons * holes, (*map(tuple, at), *apart))


def parity_formula(variables: int, rng: np.random.Generator) -> Formula:
    """x_1 + .. + x_m even or odd by a chain of partial sums, m = (variables + 1) // 2: 2^(m-1) models."""
    terms = max(1, (variables + 1) // 2)
    clauses: list[tuple[int, ...]] = []
    last = 1
    for term in range(2, terms + 1):
        total = terms + term - 1  # total = last xor term
        clauses += [(-total, last, term), (-total, -last, -term), (total, -last, term), (total, last, -term)]
        last = total
    return Formula(2 * terms - 1, (*clauses, (last if rng.random() < 0.5 else -last,)))


FORMULAS: Mapping[str, Callable[[int, np.random.Generator], Formula]] = {
    "random": random_formula,
    "planted": planted_formula,
    "pigeonhole": pigeonhole_formula,
    "parity": parity_formula,
}


def draw_formula(name: str, variables: int, rng: np.random.Generator) -> Formula:
    """A formula of the named family with at most `variables` variables (at least 1), the same for the same generator.

    Raises `InputError` for an unknown name and for less than one variable.

    >>> draw_formula("parity", 3, np.random.default_rng(2))
    Formula(variables=3, clauses=((-3, 1, 2), (-3, -1, -2), (3, -1, 2), (3, 1, -2), (3,)))
    """
    if name not in FORMULAS:
        raise InputError("no such family of formulas", got=name, allowed=", ".join(FORMULAS))
    if variables < 1:
        raise InputError("the number of variables", got=variables, allowed=">= 1")
    return FORMULAS[name](variables, rng)


def _clause(variables: int, rng: np.random.Generator) -> tuple[int, ...]:
    chosen = rng.choice(variables, size=min(WIDTH, variables), replace=False) + 1
    return tuple(int(v) for v in chosen * rng.choice((-1, 1), size=len(chosen)))
