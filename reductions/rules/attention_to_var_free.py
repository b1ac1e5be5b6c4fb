"""Attention to attention over VAR scales, token maps free: data on the last scale, neutral or suppressed keys before.

Tokens on the last scale carry query i and key i. The other P tokens cannot be left out, as every query sees them. With
a designated neutral key and a channel that is constant over the queries they all become that key, its score lowered by
ln P: together they hold its mass. Otherwise they get the score -M (suppression).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from reductions.constructions.blocks import layout, limits
from reductions.constructions.blocks.free_checks import faults
from reductions.constructions.blocks.free_image import built, places, suppression
from reductions.constructions.blocks.free_mutants import mutants
from reductions.constructions.blocks.hard import threshold_instances
from reductions.constructions.blocks.needs import needs
from reductions.constructions.blocks.neutral import constant_channel, lowered_neutral
from reductions.constructions.blocks.options import COPIES_OPTION, in_one_line, schedule_option
from reductions.constructions.blocks.sides import schedule_with
from reductions.core.reduction import Exponents, Kind, Mapped, Reduction, size
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball
from varproof.base.errors import InputError


def accepts(instance: ApproximateAttention, options: Mapping[str, Any]) -> str | None:
    """None, or why not."""
    reason = limits.refusal(instance)
    if reason is not None:
        return reason
    if int(options["copies"]) < 1:
        return f"copies {options['copies']}: at least 1"
    try:
        schedule = schedule_with(places(instance), options["schedule"])
    except InputError as error:
        return in_one_line(error)
    if places(instance) > schedule.side**2:
        return f"{places(instance)} keys or queries do not fit {schedule.side}^2 tokens of the last scale"
    if len(schedule.sides) < 2:
        return "a schedule of one scale leaves no token for the neutral mass"
    channel = constant_channel(instance)
    d, columns = int(instance.keys.shape[1]), int(instance.values.shape[1])
    wide = layout.widened(instance.scale, d, int(options["copies"])).head_dim if channel is None else d
    reason = limits.too_large(schedule.tokens, schedule.tokens, 2 * d + columns + 2, wide, columns)
    if reason is not None:
        return reason
    source, spare = layout.source_of(instance), schedule.tokens - len(instance.keys)
    with working_precision():
        if channel is None or instance.neutral is None:
            return limits.too_long(source, suppression(instance, source, spare), int(options["copies"]))
        try:
            lowered_neutral(source, instance.neutral, spare + 1, channel, instance.delta)
        except InputError as error:
            return in_one_line(error)
    return None


def forward(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapped:
    """The image: one VAR instance. Raises `InputError` for what `accepts` refuses."""
    reason = accepts(instance, options)
    if reason is not None:
        raise InputError("the rule does not take this instance", got=reason)
    return built(instance, schedule_with(places(instance), options["schedule"]), options)


def precision(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the target needs."""
    mapped = forward(instance, options)
    source = layout.source_of(instance)
    with working_precision():
        largest, lowering = layout.largest_score(source), ball(mapped.context.lowering)
        bound = largest + lowering if mapped.context.neutral else largest.max(lowering)
    return needs(source, mapped.targets[0], bound)


def explain(instance: ApproximateAttention, mapped: Mapped) -> list[str]:
    """The step in words and numbers."""
    target = mapped.targets[0]
    return [
        f"Schedule {', '.join(map(str, target.sides))}: L = {target.tokens} tokens. Token i of the last scale carries "
        f"query i and key i. Every query there sees all L tokens, so the spare ones must not change its output.",
        *mapped.notes,
        f"Head dimension {target.key_projection.shape[1]}, scale {target.scale}. The oracle may be off by "
        f"{float(target.delta):.6g}; delta of the source is {float(instance.delta):.6g}.",
    ]


def hard(seed: int) -> Sequence[ApproximateAttention]:
    """Threshold instances at the gap: rows with exactly one orthogonal key, and rows with none."""
    return threshold_instances(seed)


QUERIES, KEYS, HEAD_DIM = size("queries"), size("keys"), size("head_dim")
# `schedule` is the last side of a named schedule and 0 where none is named; any schedule has at most sum s^2 tokens
NAMED = size("schedule")
LEAST = 2 * sympy.ceiling(sympy.sqrt(sympy.Max(QUERIES, KEYS)))
SIDE = sympy.Max(LEAST, NAMED)
TOKENS = sympy.Max(3 * LEAST**2, NAMED * (NAMED + 1) * (2 * NAMED + 1) / 6)

RULE = Reduction(
    name="attention_to_var_free",
    source=ApproximateAttention,
    target=VarAttention,
    kind=Kind.REAL_ORACLE,
    summary="Data on the last scale; all other tokens share the neutral mass, or are suppressed.",
    forward=forward,
    decode=layout.decode,
    extract=layout.extract,
    exact_size={"rows": QUERIES},
    upper_size={"side": SIDE, "tokens": TOKENS, "head_dim": 4 * (HEAD_DIM + size("copies")), "rows": QUERIES},
    exponents=Exponents(sympy.Rational(1, 2), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=(QUERIES + KEYS + TOKENS + 4 * (HEAD_DIM + size("copies")) + 1) * (11 * HEAD_DIM + 34)
    + 8 * (HEAD_DIM + size("copies")) * (3 * HEAD_DIM + 10)
    + QUERIES,
    claim_scope="token maps given: the vectors of all scales are free numbers of the input",
    sources=("arXiv:2404.02905", "arXiv:2501.04377"),
    page="docs/explanation/attention-to-var.md",
    options={
        "schedule": schedule_option("the smallest preset or doubling schedule that fits"),
        "copies": COPIES_OPTION,
    },
    structure=faults,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=mutants(forward),
)
