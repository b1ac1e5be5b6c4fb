"""Two more ways to solve a formula: python-sat, and a truth table of one bit an assignment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reductions.core.answer import Answer, Decision
from reductions.problems.cnf import Cnf
from varproof.base.errors import InputError
from varproof.base.extras import optional

TABLE_VARIABLES = 24  # a table of 2 MiB

# bit b of pattern v: whether bit v of b is set
_PATTERNS = tuple(np.uint64(sum(1 << b for b in range(64) if b >> v & 1)) for v in range(6))


def truth_table(formula: Cnf) -> NDArray[np.uint64]:
    """The models as bits: bit a (bit a mod 64 of word a div 64) is set iff assignment a is a model.

    Variable v is true in assignment a iff bit v - 1 of a is set. Cost: 2^n / 64 words a literal. Raises `InputError`
    for more than 24 variables.
    """
    if formula.variables > TABLE_VARIABLES:
        raise InputError("too many variables for a truth table", got=formula.variables, allowed=f"<= {TABLE_VARIABLES}")
    size = 1 << formula.variables
    index = np.arange(-(-size // 64), dtype=np.uint64)
    everything = np.uint64(2**64 - 1)
    table = np.full(len(index), everything if size >= 64 else np.uint64((1 << size) - 1))
    for clause in formula.clauses:
        holds = np.zeros_like(table)
        for literal in clause:
            v = abs(literal) - 1
            column = _PATTERNS[v] if v < 6 else np.where(index >> np.uint64(v - 6) & np.uint64(1), everything, 0)
            holds |= column if literal > 0 else ~column
        table &= holds
    return table


def count_by_table(formula: Cnf) -> int:
    """The number of models, from the truth table.

    >>> count_by_table(Cnf(3, ((1, 2, 3), (-1, -2))))
    5
    """
    return int(np.bitwise_count(truth_table(formula)).sum(dtype=np.int64))


def models_by_table(formula: Cnf) -> Iterator[tuple[int, ...]]:
    """All models in the order of their assignments, from the truth table.

    >>> list(models_by_table(Cnf(2, ((1, 2), (-1, -2)))))
    [(1, -2), (-1, 2)]
    """
    octets = truth_table(formula).astype("<u8").view(np.uint8)
    for a in np.flatnonzero(np.unpackbits(octets, bitorder="little")).tolist():
        yield tuple(v if a >> (v - 1) & 1 else -v for v in range(1, formula.variables + 1))


def solve_by_pysat(formula: Cnf, solver: str = "minisat22") -> Answer:
    """Verdict and model by python-sat. Raises `MissingExtraError` without the extra `sat`."""
    model = next(_models_of_used(formula, solver), None)
    if model is None:
        return Answer(Decision.NO, count=0)
    witness = tuple(v if v in model or -v not in model else -v for v in range(1, formula.variables + 1))
    return Answer(Decision.YES, witness=witness, witnesses=(witness,))


def count_by_pysat(formula: Cnf, solver: str = "minisat22") -> int:
    """The number of models by python-sat: those of the variables in use, each blocked in turn, times 2^(the others)."""
    unused = formula.variables - len(_used(formula))
    return sum(1 for _ in _models_of_used(formula, solver)) << unused


def _constraints(formula: Cnf) -> list[list[int]]:
    """The clauses that are no tautologies, repeated literals dropped."""
    sets = [set(clause) for clause in formula.clauses]
    return [sorted(clause) for clause in sets if not any(-literal in clause for literal in clause)]


def _used(formula: Cnf) -> list[int]:
    return sorted({abs(literal) for clause in _constraints(formula) for literal in clause})


def _models_of_used(formula: Cnf, solver: str) -> Iterator[frozenset[int]]:
    solvers = optional("pysat.solvers")
    clauses, used = _constraints(formula), _used(formula)
    if [] in clauses:  # solvers differ in what they make of an empty clause
        return
    with solvers.Solver(name=solver, bootstrap_with=clauses) as engine:
        while engine.solve():
            true = set(engine.get_model())
            model = [v if v in true else -v for v in used]
            yield frozenset(model)
            if not model:
                return
            engine.add_clause([-literal for literal in model])
