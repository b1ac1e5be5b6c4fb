"""Attention to attention over VAR scales whose token maps are up-interpolated: blocks of cells and a flag channel.

The last token map is Up(X_{K-1}). All cells of block i carry query i, key i and value i; a flag is +1 in the core of a
block that has a key and -1 elsewhere. Tokens that mix blocks have flag exactly -1 and are suppressed by M (1 + f_max);
the others carry their block's data exactly, with the same flags in every block, so that their common mass cancels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import arb

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.block_checks import faults
from reductions.constructions.blocks.block_mutants import mutants
from reductions.constructions.blocks.cells import cells, coarse_transfer, reading_rows, transfer
from reductions.constructions.blocks.flags import Blocks
from reductions.constructions.blocks.hard import threshold_instances
from reductions.core.reduction import Exponents, Kind, Mapped, Option, Reduction, size
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball, to_float
from varproof.base.errors import InputError
from varproof.base.rationals import positive_rational
from varproof.growth.schedules import Schedule, parse_schedule
from varproof.var.interpolation.operators import MAX_SIDE, kernel_named


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


def sides_for(instance: ApproximateAttention, options: Mapping[str, Any]) -> tuple[int, ...]:
    """The schedule named, or 1, ..., m/4, m/2, m (halves rounded up), ratio m with the smallest m that has the blocks.

    Raises `InputError` where ratio x m is no integer above m.
    """
    if options["schedule"] is not None:
        return parse_schedule(options["schedule"]).sides
    wanted = max(len(instance.queries), len(instance.keys))
    m = int(options["block"]) * (math.isqrt(max(wanted, 1) - 1) + 1)
    fine = options["ratio"] * m
    if fine.denominator != 1 or fine <= m:
        raise InputError("the last side is no integer", got=f"{options['ratio']} x {m}", allowed="an integer above")
    sides = [int(fine)]
    while m > 1:
        sides.append(m)
        m = -(-m // 2)
    return (*reversed([*sides, 1]),) if sides[-1] > 1 else tuple(reversed(sides))


def blocks_for(instance: ApproximateAttention, options: Mapping[str, Any]) -> Blocks:
    """The blocks of the last two scales."""
    sides = sides_for(instance, options)
    if len(sides) < 2:
        raise InputError("a schedule of one scale has no interpolated map", got=sides, allowed="two scales or more")
    return Blocks(int(options["block"]), int(options["margin"]), sides[-2], sides[-1], options["kernel"])


def accepts(instance: ApproximateAttention, options: Mapping[str, Any]) -> str | None:
    """None, or why not."""
    reason = layout.refusal(instance)
    if reason is not None:
        return reason
    if int(options["block"]) < 1 or int(options["copies"]) < 1:
        return f"block {options['block']} and copies {options['copies']}: both are at least 1"
    try:
        sides = sides_for(instance, options)
        blocks = blocks_for(instance, options)
        kernel_named(options["kernel"])
    except InputError as error:
        return str(error)
    width = 2 * int(instance.keys.shape[1]) + int(instance.values.shape[1]) + 2 + int(options["copies"])
    reason = layout.too_large(sum(side * side for side in sides), width)
    if reason is not None or sides[-1] > MAX_SIDE:
        return reason or f"side {sides[-1]}: interpolations are exact up to {MAX_SIDE}"
    wanted = max(len(instance.queries), len(instance.keys))
    if blocks.per_side**2 < wanted:
        return f"{wanted} keys or queries need as many blocks: {blocks.per_side}^2 fit into side {blocks.coarse}"
    if blocks.fault is not None:
        return blocks.fault
    source = layout.source_of(instance)
    with working_precision():
        needed = coarse_transfer(source, sides, blocks, instance.neutral).strength_for(instance.delta / layout.SHARE)
        return layout.too_long(source, needed, int(options["copies"]), blocks.growth)


def forward(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapped:
    """The image: one VAR instance."""
    reason = accepts(instance, options)
    if reason is not None:
        raise InputError("the rule does not take this instance", got=reason)
    return built(instance, options, blocks_for(instance, options))


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


def precision(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the target needs."""
    mapped = forward(instance, options)
    source, blocks = layout.source_of(instance), mapped.context.blocks
    with working_precision():
        suppressed = arb(mapped.context.strength) * ball(blocks.flag_size)
        bound = layout.largest_score(source) * ball(blocks.weight_sum) + suppressed
    return layout.needs(source, mapped.targets[0], bound)


def structure(instance: ApproximateAttention, mapped: Mapped) -> list[str]:
    """Flags, data, rows and the error bound of the image, from the maps that it really has."""
    return faults(instance, mapped)


def explain(instance: ApproximateAttention, mapped: Mapped) -> list[str]:
    """The step in words and numbers, with the flags of one block."""
    target, context = mapped.targets[0], mapped.context
    s, core = context.blocks.block, context.blocks.core
    picture = [" ".join("+" if i in core and j in core else "-" for j in range(s)) for i in range(s)]
    return [
        "Only X_1, ..., X_{K-1} are given; the last token map is the interpolation of X_{K-1}. A token there sees up "
        "to 4 x 4 cells, and a token that sees two keys at once carries neither.",
        "So each key fills a block of cells, and a flag channel tells tokens apart that see one block only. Flags of a "
        "block (+1, -1):\n  " + "\n  ".join(picture),
        *mapped.notes,
        "Every token with a flag other than -1 carries its block's key exactly, and flags are the same in all blocks: "
        "key j gets the weight e^(score) W with one common W, which cancels.",
        f"Query i is read at the central token of block i; the first rows asked are {target.rows[:4].tolist()}. The "
        f"oracle may be off by {float(target.delta):.6g}; delta of the source is {float(instance.delta):.6g}.",
    ]


def hard(seed: int) -> Sequence[ApproximateAttention]:
    """Threshold instances at the gap."""
    return threshold_instances(seed)


QUERIES, KEYS, HEAD_DIM, COPIES = size("queries"), size("keys"), size("head_dim"), size("copies")
CELLS = size("block") * sympy.ceiling(sympy.sqrt(sympy.Max(QUERIES, KEYS)))
# `schedule` is the last side of a named schedule and 0 where none is named; any schedule has at most sum s^2 tokens
NAMED = size("schedule")
SIDE = size("ratio") * CELLS
TOKENS = sympy.Max(SIDE**2 + 2 * CELLS**2 + 8, NAMED * (NAMED + 1) * (2 * NAMED + 1) / 6)
WIDE = 4 * (HEAD_DIM + COPIES)

RULE = Reduction(
    name="attention_to_var_interpolated",
    source=ApproximateAttention,
    target=VarAttention,
    kind=Kind.REAL_ORACLE,
    summary="A block of cells for each key and a flag that suppresses the tokens that mix blocks.",
    forward=forward,
    decode=layout.decode,
    extract=layout.extract,
    exact_size={"rows": QUERIES, "side": sympy.Piecewise((SIDE, sympy.Eq(NAMED, 0)), (NAMED, True))},
    upper_size={"side": sympy.Max(SIDE, NAMED), "tokens": TOKENS, "head_dim": WIDE, "rows": QUERIES},
    exponents=Exponents(sympy.Rational(1, 2), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=(QUERIES + KEYS + TOKENS + 1) * (3 * HEAD_DIM + 10) + WIDE * (6 * HEAD_DIM + 20) + QUERIES,
    claim_scope="the maps X_1, ..., X_{K-1} given (teacher forcing), the last token map their interpolation",
    sources=("arXiv:2404.02905", "arXiv:2501.04377"),
    page="docs/explanation/attention-to-var.md",
    options={
        "block": Option(7, int, "cells along the side of a block"),
        "margin": Option(3, int, "distance of the flagged core from the block's border"),
        "ratio": Option(
            Fraction(2), lambda text: positive_rational(text, name="ratio"), "last side over the one before"
        ),
        "kernel": Option("bicubic", str, "the up-interpolation"),
        "copies": Option(4, int, "channels that carry the suppression; head_dim of them make entries smallest"),
        "schedule": Option(None, str, "the schedule; None: halves of m, then ratio x m"),
    },
    structure=structure,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=mutants(forward, built, blocks_for),
)
