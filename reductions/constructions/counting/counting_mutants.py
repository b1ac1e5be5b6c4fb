"""The counting rule with one deliberate mistake each; the tests must notice every one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from reductions.constructions.counting.counting_decode import Interval, decode
from reductions.constructions.counting.counting_image import Calls, Context, Plan, forward, make_plan
from reductions.core.answer import Answer
from reductions.core.reduction import Mapped, Mutant
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from varproof.base.balls import dyadic


def _planned(change: Callable[[Plan, int], Plan]) -> Callable[..., Mapped]:
    """`forward` with another plan, in the calls and in the context; `change` gets the plan and the head dimension."""

    def mutated(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
        mapped = forward(instance, options)
        if not isinstance(mapped.targets, Calls):
            return mapped
        plan = change(mapped.targets.plan, instance.left.dim)
        return replace(mapped, targets=replace(mapped.targets, plan=plan), context=Context(instance, plan))

    return mutated


def _one_node_less(plan: Plan, dim: int) -> Plan:
    if plan.degree == 1:
        return plan
    return make_plan(plan.keys, plan.degree - 1, dim, plan.scale, plan.logit_ratio)


def _weights_exchanged(plan: Plan, dim: int) -> Plan:
    *first, last, final = plan.weights
    return replace(plan, weights=(*first, final, last))


def _scores_off(plan: Plan, dim: int) -> Plan:
    return replace(plan, key_units=tuple(unit * Fraction(101, 100) for unit in plan.key_units))


def _larger_logits(plan: Plan, dim: int) -> Plan:
    return replace(make_plan(plan.keys + 1, plan.degree, dim, plan.scale, plan.logit_ratio), keys=plan.keys)


def _loose_tolerance(plan: Plan, dim: int) -> Plan:
    return replace(plan, delta=plan.delta * (plan.keys + 1))


def _neutral_value_zero(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    mapped = forward(instance, options)
    if not isinstance(mapped.targets, Calls):
        return mapped
    return replace(mapped, targets=replace(mapped.targets, values=np.zeros_like(mapped.targets.values)))


def _floor(interval: Interval, keys: int) -> range:
    if interval is None:
        return range(0)
    count = math.floor(dyadic((interval[0] + interval[1]) / 2))
    return range(count, count + 1)


def _rounds_down(context: Context, answers: Sequence[Answer]) -> Answer:
    return decode(context, answers, read=_floor)


def _zero_key_counted(context: Context, answers: Sequence[Answer]) -> Answer:
    plan = context.plan
    if plan is None:
        return decode(context, answers)
    # S(1) = n + 1: the term of the free node has one key too many
    first = plan.weights[0] * (arb(plan.keys + 1) / plan.keys)
    return decode(Context(context.instance, replace(plan, weights=(first, *plan.weights[1:]))), answers)


MUTANTS = (
    Mutant("one node less than the degree asks for", forward=_planned(_one_node_less)),
    Mutant("the last two weights exchanged", forward=_planned(_weights_exchanged)),
    Mutant("scores off by one percent", forward=_planned(_scores_off)),
    Mutant("kappa ln N with one key too many", forward=_planned(_larger_logits)),
    Mutant("tolerance without one factor n + 1", forward=_planned(_loose_tolerance)),
    Mutant("neutral value 0", forward=_neutral_value_zero),
    Mutant("counts rounded down", decode=_rounds_down),
    Mutant("the zero key counted at x = 1", decode=_zero_key_counted),
)
