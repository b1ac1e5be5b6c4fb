"""Satisfiability of formulas in conjunctive normal form, with a plain search as the reference solver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from reductions.core.answer import Answer, Decision
from varproof.base.errors import InputError

MOST_VARIABLES = 10**7  # that a formula may have
MOST_SOLVED = 10**6  # that `solve` takes: a model names every variable

Clauses = list[frozenset[int]]


@dataclass(frozen=True)
class Cnf:
    """A formula over the variables 1..`variables`: every clause must have a true literal, v true or -v false.

    Clauses are kept as written: the empty clause (never true), tautologies, repeated literals and clauses, and
    variables that occur nowhere are all allowed. A witness is a tuple of signed literals, one for each variable.
    Raises `InputError` for literals out of range and for more than 10^7 variables.

    >>> formula = Cnf(2, ((1, 2), (-1,)))
    >>> formula.solve().witness
    (-1, 2)
    """

    variables: int
    clauses: tuple[tuple[int, ...], ...]

    NAME: ClassVar[str] = "cnf"
    TITLE: ClassVar[str] = "Satisfiability of a CNF formula"
    PARAMETERS: ClassVar[Mapping[str, str]] = {
        "variables": "number of variables n, used or not",
        "clauses": "number of clauses m",
        "width": "length of the longest clause k, repeated literals counted",
    }
    SIZE: ClassVar[str] = "2^variables"
    FUNCTION: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not _is_integer(self.variables) or self.variables < 0:
            raise InputError("the number of variables must be a nonnegative integer", got=self.variables)
        if self.variables > MOST_VARIABLES:
            raise InputError(
                "too many variables",
                got=self.variables,
                allowed=f"at most {MOST_VARIABLES}",
                hint="number the variables in use from 1 on, without gaps",
            )
        clauses = tuple(tuple(clause) for clause in self.clauses)
        for number, clause in enumerate(clauses, 1):
            for literal in clause:
                if not _is_integer(literal) or not 1 <= abs(literal) <= self.variables:
                    raise InputError(
                        f"clause {number} has a literal out of range",
                        got=literal,
                        allowed=f"1..{self.variables}, signed",
                    )
        object.__setattr__(self, "variables", int(self.variables))
        object.__setattr__(self, "clauses", tuple(tuple(int(x) for x in clause) for clause in clauses))

    def parameters(self) -> dict[str, int]:
        """Numbers of variables and clauses, and the width."""
        width = max((len(clause) for clause in self.clauses), default=0)
        return {"variables": self.variables, "clauses": len(self.clauses), "width": width}

    def verify(self, witness: Any) -> bool:
        """Whether `witness` names every variable once, signed, in any order, and makes every clause true."""
        if not isinstance(witness, tuple | list) or not all(_is_integer(literal) for literal in witness):
            return False
        if len(witness) != self.variables:  # before anything is allocated: n may be 10^7
            return False
        true = {int(literal) for literal in witness}
        if {abs(literal) for literal in true} != set(range(1, self.variables + 1)):
            return False
        return all(any(literal in true for literal in clause) for clause in self.clauses)

    def witnesses(self) -> Iterator[tuple[int, ...]]:
        """All models, each once, by branching with unit propagation."""
        stack: list[tuple[Clauses, tuple[int, ...]]] = [([frozenset(clause) for clause in self.clauses], ())]
        while stack:
            clauses, true = stack.pop()
            if not clauses:
                named = {abs(literal) for literal in true}
                free = [(v, -v) for v in range(1, self.variables + 1) if v not in named]
                for rest in product(*free):
                    yield tuple(sorted((*true, *rest), key=abs))
                continue
            shortest = min(clauses, key=len)
            if not shortest:
                continue
            literal = min(shortest, key=abs)
            if len(shortest) > 1:
                stack.append((_assign(clauses, -literal), (*true, -literal)))
            stack.append((_assign(clauses, literal), (*true, literal)))

    def solve(self) -> Answer:
        """The first model found by `witnesses`. Raises `InputError` for more than 10^6 variables."""
        if self.variables > MOST_SOLVED:
            raise InputError(
                "too many variables for the reference solver: a model names every one",
                got=self.variables,
                allowed=f"at most {MOST_SOLVED}",
                hint="leave out variables that occur in no clause",
            )
        witness = next(self.witnesses(), None)
        if witness is None:
            return Answer(Decision.NO, count=0)
        return Answer(Decision.YES, witness=witness, witnesses=(witness,))

    def to_json(self) -> dict[str, Any]:
        """Variables and clauses as they stand."""
        return {"problem": self.NAME, "variables": self.variables, "clauses": [list(clause) for clause in self.clauses]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cnf:
        """The formula of `to_json`. Raises `InputError` for anything else."""
        if not isinstance(data, Mapping) or data.get("problem") != cls.NAME:
            raise InputError("not a CNF formula", got=data, allowed='{"problem": "cnf", ...}')
        try:
            return cls(data["variables"], tuple(tuple(clause) for clause in data["clauses"]))
        except (KeyError, TypeError) as error:
            raise InputError("not a CNF formula", got=error, allowed="variables and clauses") from None

    def save(self, directory: Path, stem: str) -> list[Path]:
        """Write `stem.cnf` in DIMACS format."""
        from reductions.problems.dimacs import dimacs_text

        path = directory / f"{stem}.cnf"
        path.write_text(dimacs_text(self), encoding="ascii")
        return [path]

    @classmethod
    def samples(cls, seed: int) -> Iterator[Cnf]:
        """Edge cases, then formulas of all families without end, about half of them satisfiable."""
        from reductions.problems.cnf_families import edge_cases, mixture

        yield from edge_cases()
        yield from mixture(seed)


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _assign(clauses: Clauses, literal: int) -> Clauses:
    """What is left of the clauses when `literal` is true."""
    return [clause - {-literal} for clause in clauses if literal not in clause]


PROBLEM = Cnf
