"""Cases of S4: formulas of drawn families through vectors and attention to VAR attention and back; and its parts.

Every output is moved against the rules by the share of the allowed error that the case states.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reductions.core.answer import Decision
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_solvers import count_by_table
from reductions.run.pipeline import solve_along
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import FAILS, drawn_check
from varproof.claims.attack_parts.joined import joined
from varproof.claims.model import Case
from varproof.claims.no_subquartic_algorithm import SCALING, without_chains
from varproof.claims.reduction_chain import COUNTING, FREE, INTERPOLATED, path_of
from varproof.families.formulas import FORMULAS, draw_formula
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

WIDEST = 3  # literals of a clause, 0 where there are fewer


def build(point: Point, _: Case) -> Instance:
    """A formula as its clauses, one a row, short ones filled with 0; clauses can be left out one by one."""
    rng = np.random.default_rng(int(point["seed"]))
    formula = draw_formula(str(point["family"]), int(point["variables"]), rng)
    clauses = np.zeros((len(formula.clauses), max(WIDEST, *(len(clause) for clause in formula.clauses))), np.int64)
    for row, clause in enumerate(formula.clauses):
        clauses[row, : len(clause)] = clause
    kept = rng.random(len(clauses)) < float(point["kept"])
    kept[0] = True
    return Instance(
        {"clauses": clauses[kept]},
        {"variables": formula.variables, "by": point["by"], "into": point["into"]},
        {"clauses": (("clauses", 0),)},
    )


def _right(instance: Instance, case: Case) -> bool:
    """The decision, a model that checks, and by counting the number of models, against a truth table."""
    clauses = tuple(tuple(x for x in row if x) for row in instance.arrays["clauses"].tolist())
    formula, by = Cnf(int(instance.numbers["variables"]), clauses), str(instance.numbers["by"])
    # by scaling every error up to delta is harmless with room to spare: the share is about counting
    share = case.constants["noise"]
    oracle = WorstNoise(ExactOracle("arb" if by == COUNTING else "float64"), share)
    answer: Any = solve_along(path_of(by, str(instance.numbers["into"])), formula, oracle=oracle)
    models = count_by_table(formula)
    shown = answer.witness is not None and formula.verify(answer.witness)
    counted = by != COUNTING or answer.count == models
    return answer.decision is Decision.of(models > 0) and shown is (models > 0) and counted


def measure(instance: Instance, case: Case) -> Measurement:
    """0 where the chain answers right, FAILS elsewhere."""
    return Measurement(0.0 if _right(instance, case) else FAILS, int(instance.numbers["variables"]))


def judge(instance: Instance, case: Case) -> Judgement:
    """The same: outputs are balls or floats with a proved error."""
    return Judgement.PASS if _right(instance, case) else Judgement.VIOLATED


CHAINS = Attack(
    Space(
        {
            "variables": Integer(1, 6),
            "family": Choice(tuple(FORMULAS)),
            "kept": Real(0.1, 1.0),
            "by": Choice((COUNTING, SCALING)),
            "into": Choice((FREE, INTERPOLATED)),
            "seed": Seed(),
        }
    ),
    build,
    measure,
    judge,
    ("by", "into"),
    cost=0.06,
)
PARTS = drawn_check(
    without_chains,
    Space({"root": Real(1.0625, 16.0, log=True), "keys": Integer(1, 3)}),
    cells=("keys",),
    size="keys",
    cost=0.02,
)

ATTACK = joined({"chains": CHAINS, "parts": PARTS}, cells=("part", "family"), most=500)
