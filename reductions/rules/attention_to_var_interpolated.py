"""Attention to attention over VAR scales whose token maps are up-interpolated: blocks of cells and a flag channel.

The last token map is Up(X_{K-1}). All cells of block i carry query i, key i and value i; a flag is +1 in the core of a
block that has a key and -1 elsewhere. Tokens that mix blocks have flag exactly -1 and are suppressed by M (1 + f_max);
the others carry their block's data exactly, with the same flags in every block, so that their common mass cancels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import arb

from reductions.constructions.blocks import layout, limits
from reductions.constructions.blocks.block_checks import faults
from reductions.constructions.blocks.block_mutants import mutants
from reductions.constructions.blocks.cells import coarse_transfer
from reductions.constructions.blocks.hard import threshold_instances
from reductions.constructions.blocks.interpolated_image import built
from reductions.constructions.blocks.needs import needs
from reductions.constructions.blocks.options import (
    BLOCK_OPTION,
    COPIES_OPTION,
    KERNEL_OPTION,
    MARGIN_OPTION,
    in_one_line,
    schedule_option,
)
from reductions.constructions.blocks.sides import blocks_for, sides_for
from reductions.core.reduction import Exponents, Kind, Mapped, Option, Reduction, size
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.base.rationals import positive_rational
from varproof.var.interpolation.operators import MAX_SIDE, kernel_named


def accepts(instance: ApproximateAttention, options: Mapping[str, Any]) -> str | None:
    """None, or why not."""
    reason = limits.refusal(instance)
    if reason is not None:
        return reason
    for name in ("block", "copies"):
        if int(options[name]) < 1:
            return f"{name} {options[name]}: at least 1"
    try:
        sides = sides_for(instance, options)
        blocks = blocks_for(instance, options)
        kernel_named(options["kernel"])
    except InputError as error:
        return in_one_line(error)
    wide = layout.widened(instance.scale, int(instance.keys.shape[1]), int(options["copies"])).head_dim
    columns, tokens = int(instance.values.shape[1]), sum(side * side for side in sides)
    width = 2 * int(instance.keys.shape[1]) + columns + 2
    reason = limits.too_large(tokens, tokens - sides[-1] ** 2, width, wide, columns)
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
        return limits.too_long(source, needed, int(options["copies"]), blocks.growth)


def forward(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapped:
    """The image: one VAR instance. Raises `InputError` for what `accepts` refuses."""
    reason = accepts(instance, options)
    if reason is not None:
        raise InputError("the rule does not take this instance", got=reason)
    return built(instance, options, blocks_for(instance, options))


def precision(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the target needs."""
    mapped = forward(instance, options)
    source, blocks = layout.source_of(instance), mapped.context.blocks
    with working_precision():
        suppressed = arb(mapped.context.strength) * ball(blocks.flag_size)
        bound = layout.largest_score(source) * ball(blocks.weight_sum) + suppressed
    return needs(source, mapped.targets[0], bound)


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
        "block": BLOCK_OPTION,
        "margin": MARGIN_OPTION,
        "ratio": Option(
            Fraction(2), lambda text: positive_rational(text, name="ratio"), "last side over the one before"
        ),
        "kernel": KERNEL_OPTION,
        "copies": COPIES_OPTION,
        "schedule": schedule_option("halves of m, then ratio x m"),
    },
    structure=structure,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=mutants(forward, built, blocks_for),
)
