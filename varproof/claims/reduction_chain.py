"""Formulas through vectors and attention to VAR attention and back, executed, for S4, with the constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import isqrt, log
from typing import Any

import numpy as np

from reductions.constructions.counting.chebyshev_extrapolation import bits_of, constants
from reductions.core.answer import Decision
from reductions.core.reduction import Mapped, Reduction
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.attention import ApproximateAttention
from reductions.problems.cnf import Cnf
from reductions.problems.cnf_families import uniform
from reductions.problems.cnf_solvers import count_by_table
from reductions.problems.var_attention import VarAttention
from reductions.registry import rule_named
from reductions.run.pipeline import solve_along
from varproof.base.verdict import Finding
from varproof.claims.tally import Tally

PAGE = "docs/explanation/attention-to-var.md"
INTERPOLATED, FREE = "attention_to_var_interpolated", "attention_to_var_free"
COUNTING = "ov_to_attention_counting"
DENSITY = Fraction(17, 4)  # clauses a variable, near half satisfiable


@cache
def formulas(variables: int) -> tuple[Cnf, ...]:
    """A 3-CNF with models, for 6 variables one without models too: NO takes as long as YES."""
    clauses = max(2, round(DENSITY * variables))
    wanted = (True, False) if variables == 6 else (True,)
    return tuple(uniform(variables, clauses, min(3, variables), variables, satisfiable=each) for each in wanted)


def path_of(*names: str) -> list[Reduction]:
    """Rules by name, the split of formulas into lists first."""
    return [rule_named(name) for name in ("cnf_to_ov", *names)]


@cache
def chain(variables: tuple[int, ...], attention: str, noise: Fraction) -> Finding:
    """Decisions, models and, by counting, their number, through interpolated maps; outputs moved by noise x delta."""
    tally, numbers = Tally(), {}
    oracle = WorstNoise(ExactOracle("arb" if attention == COUNTING else "float64"), noise)
    for formula in _each(variables):
        if tally.counterexamples:  # one is enough, and the larger formulas take longer
            break
        models = count_by_table(formula)
        answer = solve_along(path_of(attention, INTERPOLATED), formula, oracle=oracle)
        cell = {"variables": formula.variables, "clauses": len(formula.clauses), "models": models}
        tally.holds(answer.decision is Decision.of(models > 0), **cell, decision=answer.decision)
        shown = answer.witness is not None and formula.verify(answer.witness)
        tally.holds(shown is (models > 0), **cell, witness=answer.witness)
        if attention == COUNTING:
            tally.holds(answer.count == models, **cell, counted=answer.count)
        numbers[f"{formula.variables} variables, {models} models"] = _constants(formula, attention)
    finding = tally.finding(
        f"{PAGE} and the pages it names prove every step; here formulas with and without models, every output moved by "
        f"{noise} of the error allowed in the worst direction, counted by truth tables beside"
    )
    return replace(finding, evidence={**finding.evidence, "constants": numbers})


def images(formula: Cnf, attention: str, var: str) -> tuple[Mapped, ApproximateAttention, Mapped]:
    """The attention calls of a formula, the last of them, and its image in VAR attention."""
    vectors, call, last = path_of(attention, var)
    lists = vectors.forward(formula, vectors.defaults()).targets[0]
    calls = call.forward(lists, call.defaults())
    return calls, calls.targets[-1], last.forward(calls.targets[-1], last.defaults())


def _constants(formula: Cnf, attention: str) -> dict[str, Any]:
    calls, instance, mapped = images(formula, attention, INTERPOLATED)
    target: VarAttention = mapped.targets[0]
    context = mapped.context
    extrapolated: dict[str, Any] = {}
    if attention == COUNTING:
        plan = calls.context.plan
        c = Fraction(round(plan.degree / log(len(instance.keys)) * 1000), 1000)  # rounded, for display
        exponent = constants(plan.logit_ratio, c).str(4, radius=False)
        extrapolated = {"kappa": str(plan.logit_ratio), "c = D/ln N": str(c), "C_a": exponent}
    return extrapolated | {
        "keys": len(instance.keys),
        "dimension": int(instance.keys.shape[1]),
        "calls": len(calls.targets),
        "logit bound B": round(float(instance.logit_bound), 4),
        "entries R, gamma = 1/d": round(float(instance.entry_bounds["d"]), 4),
        "bits of delta": bits_of(instance.delta),
        "sides": list(target.sides),
        "tokens": target.tokens,
        "head dimension": int(target.key_projection.shape[1]),
        "suppression M": round(context.strength, 3),
        "largest flag f": str(context.blocks.largest_flag),
        "sum of weights w": str(context.blocks.weight_sum),
        "cost of delta": float(context.cost / instance.delta),
    }


@cache
def given_maps(variables: tuple[int, ...]) -> Finding:
    """The image is the interpolation of maps that are given: X_1, ..., X_{K-1}, and nothing else about tokens."""
    tally = Tally()
    for formula in _each(variables):
        _, instance, mapped = images(formula, COUNTING, INTERPOLATED)
        target: VarAttention = mapped.targets[0]
        rule = rule_named(INTERPOLATED)
        assert rule.structure is not None
        shapes = [each.shape[0] for each in target.maps]
        wanted = [target.sides[0], *target.sides[:-1]]
        cell = {"variables": formula.variables}
        tally.holds(target.inputs == "interpolated" and shapes == wanted, **cell, maps=shapes)
        found = rule.structure(instance, mapped)
        tally.holds(not found, **cell, found=found)
        # blocks of 7 x 7 cells, two tokens a cell: n of order sqrt(N), so that n^(4-eps) is N^(2-eps/2)
        tally.equal(target.sides[-1], 14 * (isqrt(len(instance.keys) - 1) + 1), **cell, keys=len(instance.keys))
    return tally.finding(
        f"docs/explanation/lower-bounds.md (E3) and {PAGE}; the chain above ran on these images, whose last token map "
        "is the interpolation of X_{K-1}; here flags, data and error bound of each are checked"
    )


@cache
def position_table(variables: tuple[int, ...], noise: Fraction) -> Finding:
    """A table makes the wanted tokens: before the last scale all tokens are equal, so maps are known constants."""
    tally = Tally()
    for formula in _each(variables):
        if tally.counterexamples:
            break
        *_, mapped = images(formula, COUNTING, FREE)
        target: VarAttention = mapped.targets[0]
        earlier = np.concatenate([each.reshape(-1, each.shape[2]) for each in target.maps[:-1]])
        tally.holds(not np.any(earlier != earlier[:1]), variables=formula.variables, fact="equal tokens before scale K")
        answer = solve_along(path_of(COUNTING, FREE), formula, oracle=WorstNoise(ExactOracle("arb"), noise))
        models = count_by_table(formula)
        tally.holds(answer.count == models, variables=formula.variables, models=models, counted=answer.count)
    return tally.finding(
        "docs/explanation/ledger.md (S4, scopes): the table has L C free numbers; all tokens before the last scale are "
        "equal, so the maps are constants known without work and the table adds what is missing to the wanted tokens "
        "(E1); here the chain through these tokens, counts exact"
    )


def _each(variables: Sequence[int]) -> list[Cnf]:
    return [formula for number in variables for formula in formulas(number)]
