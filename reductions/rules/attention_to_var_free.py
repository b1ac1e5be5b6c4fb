"""Attention to attention over VAR scales, token maps free: data on the last scale, neutral or suppressed keys before.

Tokens on the last scale carry query i and key i. The other P tokens cannot be left out, as every query sees them. With
a designated neutral key and a channel that is constant over the queries they all become that key, its score lowered by
ln P: together they hold its mass. Otherwise they get the score -M (suppression).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import arb
from numpy.typing import NDArray

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.free_checks import faults
from reductions.constructions.blocks.free_mutants import mutants
from reductions.constructions.blocks.hard import threshold_instances
from reductions.constructions.blocks.neutral import constant_channel, largest_but, lowered_neutral
from reductions.core.reduction import Exponents, Kind, Mapped, Option, Reduction, size
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball, to_float, upper_rational
from varproof.base.errors import InputError
from varproof.growth.schedules import PRESETS, Schedule, doubling, parse_schedule


@dataclass(frozen=True, eq=False)
class Context:
    """`cost` of the construction in delta, and how the spare tokens were filled.

    Spare tokens score at most `lowering` away from what they would score with the key and without suppression.
    `schedule` is the last side of the schedule where one was named, else 0.
    """

    queries: int
    cost: Fraction
    placed: NDArray[np.int64]  # indices of the source keys on the last scale
    spare: int
    neutral: bool
    strength: float
    lowering: Fraction
    schedule: int
    notes: tuple[str, ...] = ()


def places(instance: ApproximateAttention) -> int:
    """Tokens that the last scale must have."""
    return max(len(instance.queries), len(instance.keys) - (constant_channel(instance) is not None), 1)


def schedule_for(instance: ApproximateAttention, text: str | None) -> Schedule:
    """The schedule named, or the smallest of the presets and of doubling whose last scale has the places."""
    if text is not None:
        return parse_schedule(text)
    needed, side = places(instance), 2
    while side * side < needed:
        side *= 2
    for name in PRESETS:
        if parse_schedule(name).side == side:
            return parse_schedule(name)
    return doubling(side)


def accepts(instance: ApproximateAttention, options: Mapping[str, Any]) -> str | None:
    """None, or why not."""
    reason = layout.refusal(instance)
    if reason is not None:
        return reason
    if int(options["copies"]) < 1:
        return f"copies {options['copies']}: at least 1"
    schedule = schedule_for(instance, options["schedule"])
    if places(instance) > schedule.side**2:
        return f"{places(instance)} keys or queries do not fit {schedule.side}^2 tokens of the last scale"
    if len(schedule.sides) < 2:
        return "a schedule of one scale leaves no token for the neutral mass"
    reason = layout.too_large(schedule.tokens, 2 * instance.keys.shape[1] + instance.values.shape[1] + 2)
    channel = constant_channel(instance)
    if reason is not None:
        return reason
    source, spare = layout.source_of(instance), schedule.tokens - len(instance.keys)
    with working_precision():
        if channel is None or instance.neutral is None:
            return layout.too_long(source, _suppression(instance, source, spare), int(options["copies"]))
        try:
            lowered_neutral(source, instance.neutral, spare + 1, channel, instance.delta)
        except InputError as error:
            return str(error)
    return None


def forward(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapped:
    """The image: one VAR instance."""
    reason = accepts(instance, options)
    if reason is not None:
        raise InputError("the rule does not take this instance", got=reason)
    schedule = schedule_for(instance, options["schedule"])
    source = layout.source_of(instance)
    channel = constant_channel(instance)
    keys = np.arange(len(instance.keys))
    placed = keys if channel is None else keys[keys != instance.neutral]
    spare = schedule.tokens - len(placed)
    with working_precision():
        if channel is None:
            mapped = _suppressed(instance, source, schedule, placed, spare, int(options["copies"]))
        else:
            mapped = _shared(instance, source, schedule, placed, spare, channel)
    named = 0 if options["schedule"] is None else schedule.side
    return replace(mapped, context=replace(mapped.context, schedule=named))


def _shared(
    instance: ApproximateAttention,
    source: layout.Source,
    schedule: Schedule,
    placed: NDArray[np.int64],
    spare: int,
    channel: int,
) -> Mapped:
    assert instance.neutral is not None
    lowered, cost, entry = lowered_neutral(source, instance.neutral, spare, channel, instance.delta)
    old = int(source.keys.numbers[instance.neutral, channel]) * source.keys.unit
    moved = abs(source.score_unit * int(source.queries.numbers[0, channel])) * ball(abs(entry - old) / source.keys.unit)
    source = replace(source, keys=lowered)
    vectors = _tokens(source, schedule, placed, instance.neutral, 0)
    made = layout.projections(source, None, 0)
    fits = abs(entry) <= max(source.queries.largest * source.queries.unit, largest_but(source, instance.neutral))
    notes = (
        f"{len(placed)} data keys on the last scale, side {schedule.side}; {spare} of {schedule.tokens} tokens share "
        f"the neutral key, its score lowered by ln {spare} = {to_float(ball(spare).log()):.4f}.",
        f"The lowered neutral entry is {float(entry):.6g}: "
        + ("within" if fits else "beyond")
        + " the entry bound of the source (P <= N e^(g/2) for threshold instances).",
    )
    context = Context(len(instance.queries), cost, placed, spare, True, 0.0, upper_rational(moved), 0, notes)
    return _mapped(instance, source, schedule, vectors, made, context)


def _suppressed(
    instance: ApproximateAttention,
    source: layout.Source,
    schedule: Schedule,
    placed: NDArray[np.int64],
    spare: int,
    copies: int,
) -> Mapped:
    made = layout.projections(source, _suppression(instance, source, spare), copies)
    floor = layout.least_best_score(source, instance.neutral)
    cost = layout.padded(layout.suppression_cost(source.value_range * spare, -floor - made.strength))
    vectors = _tokens(source, schedule, placed, None, 2)
    notes = (
        f"No neutral key with a constant query channel: {spare} of {schedule.tokens} tokens get the score -M, "
        f"M = {to_float(made.strength):.4f}, through {made.copies} further channels. Cost {float(cost):.3g} of delta.",
    )
    strength = to_float(made.strength)
    context = Context(
        len(instance.queries), cost, placed, spare, False, strength, upper_rational(made.strength), 0, notes
    )
    return _mapped(instance, source, schedule, vectors, made, context)


def _suppression(instance: ApproximateAttention, source: layout.Source, spare: int) -> arb:
    """An M whose cost is at most the share of delta: spare tokens score -M, some key of each query at least `floor`."""
    floor = layout.least_best_score(source, instance.neutral)
    factor = max(source.value_range * spare, Fraction(1))
    return (ball(factor * layout.SHARE) / ball(instance.delta)).log() - floor


def _tokens(
    source: layout.Source, schedule: Schedule, placed: NDArray[np.int64], neutral: int | None, extra: int
) -> NDArray[np.int64]:
    """Token vectors (L, C): spare everywhere first, then queries and placed keys on the last scale."""
    d, columns = source.head_dim, source.values.numbers.shape[1]
    vectors = np.zeros((schedule.tokens, 2 * d + columns + extra), dtype=np.int64)
    if neutral is not None:
        vectors[:, d : 2 * d] = source.keys.numbers[neutral]
        vectors[:, 2 * d : 2 * d + columns] = source.values.numbers[neutral]
    if extra:
        vectors[:, -2], vectors[:, -1] = 1, -1
    last = vectors[schedule.tokens - schedule.side**2 :]
    last[: len(source.queries.numbers), :d] = source.queries.numbers
    last[: len(placed), d : 2 * d] = source.keys.numbers[placed]
    last[: len(placed), 2 * d : 2 * d + columns] = source.values.numbers[placed]
    if extra:
        last[: len(placed), -1] = 0
    return vectors


def _mapped(
    instance: ApproximateAttention,
    source: layout.Source,
    schedule: Schedule,
    vectors: NDArray[np.int64],
    made: layout.Projections,
    context: Context,
) -> Mapped:
    sides, first = schedule.sides, schedule.tokens - schedule.side**2
    cuts = np.cumsum([side * side for side in sides])[:-1]
    parts = np.split(vectors, cuts)
    target = VarAttention(
        sides=sides,
        kernel="bicubic",
        inputs="free",
        maps=tuple(part.reshape(side, side, -1) for part, side in zip(parts, sides, strict=True)),
        query_projection=made.query,
        key_projection=made.key,
        value_projection=made.value,
        rows=first + np.arange(len(instance.queries)),
        delta=layout.remaining(instance.delta, context.cost),
        scale=instance.scale,
        query_unit=made.query_unit,
        key_unit=made.key_unit,
        value_unit=source.values.unit,
        adverse=instance.adverse,
    )
    written = vectors.size + made.query.size + made.key.size + made.value.size + len(instance.queries)
    return Mapped((target,), context, source.read + int(written), context.notes)


def precision(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the target needs."""
    mapped = forward(instance, options)
    source = layout.source_of(instance)
    with working_precision():
        largest, lowering = layout.largest_score(source), ball(mapped.context.lowering)
        bound = largest + lowering if mapped.context.neutral else largest.max(lowering)
    return layout.needs(source, mapped.targets[0], bound)


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
        "schedule": Option(None, str, "the schedule; None: the smallest preset or doubling schedule that fits"),
        "copies": Option(4, int, "channels that carry the suppression where there is no neutral key"),
    },
    structure=faults,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=mutants(forward),
)
