"""Checks of free maps: everything in its place, spare tokens neutral or suppressed, scores those of the source."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.checks import score_faults
from reductions.constructions.blocks.neutral import constant_channel
from reductions.core.reduction import Mapped
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from varproof.base.balls import ball, upper_rational


def faults(instance: ApproximateAttention, mapped: Mapped) -> list[str]:
    """Keys and queries are where they belong, spare ones neutral or suppressed, scores those of the source."""
    target, context = mapped.targets[0], mapped.context
    found = []
    if target.inputs != "free" or target.delta > instance.delta - context.cost:
        found.append("the tolerance of the target is larger than what is left of delta")
    start = target.tokens - target.sides[-1] ** 2
    if not np.array_equal(target.rows, start + np.arange(len(instance.queries))):
        found.append("row i is not token i of the last scale")
        return found
    with working_precision():
        source = layout.source_of(instance)
        found += score_faults(instance, target, start + np.arange(len(context.placed)), context.placed)
        if context.neutral:
            found += _neutral_faults(instance, source, mapped)
        else:
            strength = layout.strength_of(source, target)
            floor = layout.least_best_score(source, instance.neutral)
            spare = target.tokens - len(instance.keys)
            if layout.suppression_cost(source.value_range * spare, -floor - strength) > context.cost:
                found.append("spare tokens are not suppressed enough")
            flags = np.concatenate([each[..., -1].ravel() for each in target.maps])
            data = np.zeros(target.tokens, dtype=bool)
            data[start : start + len(instance.keys)] = True
            if np.any(flags[data] != 0) or np.any(flags[~data] != -1):
                found.append("a flag is not 0 on a data token or not -1 on a spare one")
    return found


def _neutral_faults(instance: ApproximateAttention, source: layout.Source, mapped: Mapped) -> list[str]:
    target, context = mapped.targets[0], mapped.context
    attention = target.attention()
    start = target.tokens - target.sides[-1] ** 2
    spare = np.ones(target.tokens, dtype=bool)
    spare[start : start + len(context.placed)] = False
    found = []
    keys, values = attention.keys[spare], attention.values[spare]
    if np.any(keys != keys[:1]) or np.any(values != values[:1]):
        return ["spare tokens differ from each other"]
    old = source.values.numbers[instance.neutral].astype(object) * source.values.unit
    if np.any(values[0].astype(object) * attention.value_unit != old):
        found.append("spare tokens do not carry the neutral value")
    channel = constant_channel(instance)
    before = source.keys.numbers[instance.neutral].astype(object) * source.keys.unit
    change = keys[0].astype(object) * attention.key_unit - before
    others = [c for c in range(source.head_dim) if c != channel and change[c] != 0]
    unit = ball(attention.gamma) * ball(int(source.queries.numbers[0, channel]) * source.queries.unit)
    wrong = abs(ball(int(spare.sum())).log() + unit * ball(Fraction(change[channel])))
    if others or upper_rational(ball(source.value_range) * (wrong / 4).tanh()) > context.cost:
        found.append("the neutral mass is not that of the source")
    return found
