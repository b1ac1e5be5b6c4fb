"""Families of formulas: random ones about half of which are satisfiable, and structured ones with a known answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, count
from random import Random

from reductions.problems.cnf import Cnf
from reductions.problems.cnf_solvers import count_by_table
from varproof.base.errors import InputError

MIXED = (1, 2, 3, 4, 5)  # widths of the family "mixed", each equally often

# numbers of clauses at n = 1, 2, .. variables for which about half of the random formulas are satisfiable, measured on
# 1,500 formulas each (500 above 14 variables); the last entry is the growth for each further variable
HALF_SATISFIABLE: dict[str, tuple[tuple[int, ...], float]] = {
    "2": ((2, 7, 9, 11, 12, 14, 16, 17, 19, 21, 22, 24, 25, 27, 28, 30, 31, 33, 33, 35), 1.4),
    "3": ((2, 7, 19, 24, 29, 32, 37, 41, 45, 49, 55, 58, 63, 67, 71, 75, 79, 84, 88, 91), 4.27),
    "4": ((2, 7, 20, 50, 60, 70, 79, 89, 100, 109, 117, 128, 138, 146, 158, 167, 177, 186, 194, 207), 9.9),
    "mixed": ((2, 5, 10, 12, 15, 16, 18, 19, 20, 22, 24, 26, 26, 27, 28, 29, 31, 31, 32, 34), 1.2),
}


def half_clauses(family: str, variables: int) -> int:
    """The number of clauses at which about half of the formulas of "2", "3", "4" or "mixed" are satisfiable.

    >>> half_clauses("3", 16), half_clauses("2", 30)
    (75, 49)
    """
    table, growth = HALF_SATISFIABLE[family]
    if variables == 0:
        return 0
    return table[variables - 1] if variables <= len(table) else table[-1] + round(growth * (variables - len(table)))


def uniform(
    variables: int, clauses: int, width: int | Sequence[int], seed: int, *, satisfiable: bool | None = None
) -> Cnf:
    """Random clauses of `width` different variables (a width above `variables` means all of them), random signs.

    A sequence of widths: each clause draws one of them. With `satisfiable` True or False formulas are drawn until one
    has that property by its truth table (at most 24 variables, at most 10,000 formulas, else `InputError`). The
    formula depends on the arguments only, not on versions of libraries.

    >>> uniform(3, 2, 2, seed=1).parameters()
    {'variables': 3, 'clauses': 2, 'width': 2}
    """
    rng = Random(seed)
    widths = (width,) if isinstance(width, int) else tuple(width)
    if not widths or min(widths) < 0 or variables < 0 or clauses < 0:
        raise InputError("sizes must be nonnegative", got=(variables, clauses, width))
    if variables == 0 and clauses and satisfiable is None:
        raise InputError("without variables every clause is empty", got=clauses, allowed="0 clauses, or variables")
    for _ in range(10_000):
        formula = Cnf(
            variables, tuple(_clause(rng, variables, widths[_below(rng, len(widths))]) for _ in range(clauses))
        )
        if satisfiable is None or (count_by_table(formula) > 0) == satisfiable:
            return formula
    wanted = "satisfiable" if satisfiable else "unsatisfiable"
    raise InputError(f"no formula of 10,000 was {wanted}", got=(variables, clauses, width), hint="change the sizes")


def half(family: str, variables: int, seed: int) -> Cnf:
    """A random formula of the family "2", "3", "4" or "mixed" at its threshold: satisfiable about half of the time.

    Without variables: no clause or the empty clause, in turn.
    """
    if variables == 0:
        return Cnf(0, ((),) * (seed % 2))
    widths = MIXED if family == "mixed" else (int(family),)
    return uniform(variables, half_clauses(family, variables), widths, seed)


def planted(variables: int, clauses: int, width: int, seed: int) -> Cnf:
    """Random clauses that one random assignment makes true: always satisfiable.

    Where clauses > 0, raises `InputError` for no variable and for a width below 1.

    >>> planted(5, 40, 3, seed=2).solve().decision.value
    'YES'
    """
    if clauses and (variables < 1 or width < 1):
        raise InputError("a planted clause needs a literal", got=(variables, width), allowed=">= 1")
    rng = Random(seed)
    true = {v if rng.random() < 0.5 else -v for v in range(1, variables + 1)}
    kept: list[tuple[int, ...]] = []
    while len(kept) < clauses:
        clause = _clause(rng, variables, width)
        if true.intersection(clause):
            kept.append(clause)
    return Cnf(variables, tuple(kept))


def pigeonhole(pigeons: int, holes: int) -> Cnf:
    """Every pigeon has a hole and no two share one: satisfiable iff pigeons <= holes. Variable p holes + h + 1.

    Raises `InputError` for negative numbers.

    >>> [pigeonhole(p, 2).solve().decision.value for p in (2, 3)]
    ['YES', 'NO']
    """
    if pigeons < 0 or holes < 0:
        raise InputError("numbers of pigeons and holes must be nonnegative", got=(pigeons, holes))
    at = [[p * holes + h + 1 for h in range(holes)] for p in range(pigeons)]
    apart = [(-at[p][h], -at[q][h]) for h in range(holes) for p, q in combinations(range(pigeons), 2)]
    return Cnf(pigeons * holes, (*(tuple(row) for row in at), *apart))


def parity(variables: int, odd: bool, contradict: bool = False) -> Cnf:
    """x1 + .. + xn is odd (or even) mod 2, by a chain of partial sums: 2n - 1 variables and 2^(n-1) models.

    `contradict` adds a second chain, from xn down and with sums of its own, that asks for the other parity: 3n - 2
    variables and no model, though each chain alone has some. Raises `InputError` below one variable.

    >>> [parity(3, True, contradict).solve().decision.value for contradict in (False, True)]
    ['YES', 'NO']
    """
    if variables < 1:
        raise InputError("a parity chain needs a variable", got=variables, allowed=">= 1")
    forward = list(range(1, variables + 1))
    clauses = _chain(forward, variables + 1, odd)
    if contradict:
        clauses += _chain(forward[::-1], 2 * variables, not odd)
    return Cnf((3 * variables - 2) if contradict else 2 * variables - 1, tuple(clauses))


def _chain(terms: Sequence[int], fresh: int, odd: bool) -> list[tuple[int, ...]]:
    clauses: list[tuple[int, ...]] = []
    last = terms[0]
    for total, v in enumerate(terms[1:], fresh):
        # total = last xor v
        clauses += [(-total, last, v), (-total, -last, -v), (total, -last, v), (total, last, -v)]
        last = total
    return [*clauses, (last,) if odd else (-last,)]


def full(variables: int, missing: int | None = None) -> Cnf:
    """All 2^n clauses of width n but number `missing`: one model if one is missing, none otherwise.

    >>> [count_by_table(full(3, missing)) for missing in (None, 5)]
    [0, 1]
    """
    clauses = [
        tuple(v if a >> (v - 1) & 1 else -v for v in range(1, variables + 1))
        for a in range(1 << variables)
        if a != missing
    ]
    return Cnf(variables, tuple(clauses))


def edge_cases() -> Iterator[Cnf]:
    """Formulas at the borders of the definition: no variables, no clause, empty clause, tautologies, repetitions."""
    yield Cnf(0, ())
    yield Cnf(0, ((),))
    for variables in (1, 2, 3, 4):
        yield Cnf(variables, ())
        yield Cnf(variables, ((), (1,)))
        yield Cnf(variables, ((1, -1),))
        yield Cnf(variables, ((variables, variables), (variables,)))
        yield Cnf(variables, ((1,), (-1,)))
        yield Cnf(variables, ((1, -variables, -1), (-variables,), (-variables,)))
    yield Cnf(5, ((2, 4), (-2, -4), (4, 2), (2, -2, 5)))  # 1 and 3 unused, 5 only in a tautology
    yield Cnf(5, ((2, 4), (-2,), (-4,)))
    for variables in (1, 2, 3):
        yield full(variables)
        yield full(variables, missing=variables)
    yield from (pigeonhole(2, 2), pigeonhole(3, 2), parity(3, True), parity(3, False, contradict=True))


def mixture(seed: int) -> Iterator[Cnf]:
    """All families in turn without end, 0 to 10 variables, about half of the formulas satisfiable."""
    rng = Random(seed)
    for turn in count():
        number = _below(rng, 1 << 30)
        variables = _below(rng, 11)
        kind = (*HALF_SATISFIABLE, "structured")[turn % 5]
        if kind != "structured":
            yield half(kind, variables, number)
        elif turn % 4 == 0:
            yield planted(variables + 1, half_clauses("3", variables + 1), 3, number)
        elif turn % 4 == 1:
            yield parity(1 + variables // 3, number % 2 == 1, contradict=number % 4 > 1)
        elif turn % 4 == 2:
            yield pigeonhole(2 + number % 2, 2)
        else:
            yield full(variables % 5, missing=None if number % 2 else 0)


def _below(rng: Random, bound: int) -> int:
    # Random.random is the one method whose numbers are promised to stay the same
    return int(rng.random() * bound)


def _clause(rng: Random, variables: int, width: int) -> tuple[int, ...]:
    left = list(range(1, variables + 1))
    chosen = [left.pop(_below(rng, len(left))) for _ in range(min(width, variables))]
    return tuple(v if rng.random() < 0.5 else -v for v in chosen)
