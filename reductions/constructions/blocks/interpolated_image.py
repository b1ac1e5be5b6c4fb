"""The image of attention among blocks of cells: maps, projections, rows and what the construction costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.cells import cells, reading_rows, transfer
from reductions.constructions.blocks.flags import Blocks
from reductions.constructions.blocks.sides import sides_for
from reductions.core.reduction import Mapped
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import to_float
from varproof.growth.schedules import Schedule


@dataclass(frozen=True, eq=False)
class Context:
    """`cost` of the construction in delta, the blocks, how many of them hold keys, and M.

    `schedule` is the last side of the schedule where one was named, else 0.
    """

    queries: int
    keys: int
    cost: Fraction
    blocks: Blocks
    strength: float
    copies: int
    mixture: float
    schedule: int


def built(instance: ApproximateAttention, options: Mapping[str, Any], blocks: Blocks) -> Mapped:
    """The image with these blocks, whether or not they keep keys apart."""
    source = layout.source_of(instance)
    sides = Schedule(sides_for(instance, options)).sides
    with working_precision():
        finest = cells(source, blocks)
        margin = transfer(source, sides, blocks, finest, instance.neutral)
        made = layout.projections(source, margin.strength_for(instance.delta / layout.SHARE), int(options["copies"]))
        cost = layout.padded(margin.cost(made.strength))
        maps = [np.zeros((side, side, finest.shape[2]), dtype=np.int64) for side in (1, *sides[:-2])]
        for each in maps:
            each[..., -2], each[..., -1] = 1, -1
        target = VarAttention(
            sides=sides,
            kernel=blocks.kernel,
            inputs="interpolated",
            maps=(*maps, finest),
            query_projection=made.query,
            key_projection=made.key,
            value_projection=made.value,
            rows=reading_rows(sides, blocks, len(instance.queries)),
            delta=layout.remaining(instance.delta, cost),
            scale=instance.scale,
            query_unit=made.query_unit,
            key_unit=made.key_unit,
            value_unit=source.values.unit,
            adverse=instance.adverse,
        )
        strength, mixture = to_float(made.strength), to_float(margin.mixture)
    named = 0 if options["schedule"] is None else sides[-1]
    context = Context(len(instance.queries), len(instance.keys), cost, blocks, strength, made.copies, mixture, named)
    written = sum(each.size for each in target.maps) + made.query.size + made.key.size + made.value.size
    operations = source.read + int(written) + len(instance.queries) + blocks.fine**2 * source.head_dim
    return Mapped((target,), context, operations, _notes(target, context))


def _notes(target: VarAttention, context: Context) -> tuple[str, ...]:
    blocks = context.blocks
    return (
        f"Schedule {', '.join(map(str, target.sides))}: L = {target.tokens} tokens, {blocks.per_side}^2 blocks of "
        f"{blocks.block} x {blocks.block} cells on the map of side {blocks.coarse}.",
        f"Largest flag f = {blocks.largest_flag}, sum of |weights| w = {blocks.weight_sum} ({blocks.kernel}). Mixed "
        f"keys score at most {context.mixture:.4f}; M = {context.strength:.4f} through {context.copies} channels.",
        f"The construction moves an output by at most {float(context.cost):.3g}.",
    )
