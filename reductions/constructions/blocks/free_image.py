"""The image of attention on free token maps: data on the last scale, all other tokens neutral or suppressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.neutral import constant_channel, largest_but, lowered_neutral
from reductions.core.reduction import Mapped
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball, to_float, upper_rational
from varproof.growth.schedules import Schedule


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


def built(instance: ApproximateAttention, schedule: Schedule, options: Mapping[str, Any]) -> Mapped:
    """The image over this schedule."""
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
    made = layout.projections(source, suppression(instance, source, spare), copies)
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


def suppression(instance: ApproximateAttention, source: layout.Source, spare: int) -> arb:
    """An M whose cost is at most the share of delta: spare tokens score -M, some key of each query at least `floor`."""
    floor = layout.least_best_score(source, instance.neutral)
    factor = max(source.value_range * spare, Fraction(1))
    return (ball(factor * layout.SHARE) / ball(instance.delta)).log() - floor
