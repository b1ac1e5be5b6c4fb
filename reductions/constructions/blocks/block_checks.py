"""Checks of blocks and flags on the tokens that the interpolation really makes, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reductions.constructions.blocks import layout
from reductions.constructions.blocks.cells import cells, reading_rows, transfer
from reductions.constructions.blocks.checks import scaled, score_faults
from reductions.core.reduction import Mapped
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention


def faults(instance: ApproximateAttention, mapped: Mapped) -> list[str]:
    """What is wrong with the image of `attention_to_var_interpolated`; empty when all of the proof's facts hold."""
    target, context = mapped.targets[0], mapped.context
    blocks, last = context.blocks, len(target.sides) - 1
    source = layout.source_of(instance)
    found = [blocks.fault] if blocks.fault else []
    flags, unit = channels(target, [-1], set(range(last)))
    if np.any(flags * unit != -1):
        found.append("a coarser map has a flag other than -1")
    flags, unit = channels(target, [-1], {last})
    square = flags.reshape(blocks.fine, blocks.fine)
    special = square * unit != -1
    wide = blocks.per_side * blocks.step
    grid = square[:wide, :wide].reshape(blocks.per_side, blocks.step, blocks.per_side, blocks.step)
    per_block = grid.transpose(0, 2, 1, 3).reshape(blocks.per_side**2, -1)
    used = per_block[: len(instance.keys)]
    if np.any(used != used[:1]):
        found.append("blocks have different flags")
    if np.any(per_block[len(instance.keys) :] * unit != -1):
        found.append("a block without a key has a flag other than -1")
    if np.max(used[0]) * unit != blocks.largest_flag or np.any(special[wide:]) or np.any(special[:, wide:]):
        found.append("the largest flag is not the one of the blocks, or lies outside of them")
    found += _data_faults(target, source, blocks, special, last)
    found += _row_faults(target, source, last)
    with working_precision():
        found += _bound_faults(instance, mapped, source)
    centres = _centres(target, blocks, len(instance.keys))
    flag = channels(target, [-1], {last})[0][centres[0] - _first(target)][0] * unit if len(centres) else Fraction(0)
    product = sum(int(a) * int(b) for a, b in zip(target.query_projection[-2], target.key_projection[-1], strict=True))
    offset = product * target.query_unit * target.key_unit * flag
    return found + score_faults(instance, target, centres, np.arange(len(centres)), offset)


def channels(target: VarAttention, which: Any, scales: set[int]) -> tuple[NDArray[Any], Fraction]:
    """Chosen channels of the tokens of some scales: integers (tokens, channels) as objects, and their unit."""
    if not scales:
        return np.zeros((0, 1), dtype=object), Fraction(1)
    selection = np.eye(target.query_projection.shape[0], dtype=np.int64)[:, which]
    exact = target.projected(selection, Fraction(1), "channels", scales)
    return exact.numbers.astype(object) if exact.numbers.shape[1] == 1 else exact.numbers, exact.unit


def _first(target: VarAttention) -> int:
    return target.tokens - target.sides[-1] ** 2


def _centres(target: VarAttention, blocks: Any, count: int) -> NDArray[np.int64]:
    return reading_rows(target.sides, blocks, count)


def _data_faults(
    target: VarAttention, source: layout.Source, blocks: Any, special: NDArray[np.bool_], last: int
) -> list[str]:
    d, columns = source.head_dim, source.values.numbers.shape[1]
    data, unit = channels(target, np.arange(d, 2 * d + columns), {last})
    rows, across = np.nonzero(special)
    number = rows // blocks.step * blocks.per_side + across // blocks.step
    if np.any(number >= len(source.keys.numbers)):
        return ["a token outside of the key blocks has a flag other than -1"]
    expected = np.hstack([source.keys.numbers, source.values.numbers])[number]
    got = data[rows * blocks.fine + across]
    # got x unit = expected, in integers
    if np.any(scaled(got, unit.numerator) != scaled(expected, unit.denominator)):
        return ["a token with a flag other than -1 does not carry its block's data"]
    return []


def _row_faults(target: VarAttention, source: layout.Source, last: int) -> list[str]:
    if len(target.rows) != len(source.queries.numbers):
        return ["the number of rows is not that of the queries"]
    place = target.rows - _first(target)
    if np.any(place < 0):
        return ["a row does not lie on the last scale"]
    queries, unit = channels(target, np.arange(source.head_dim), {last})
    const, const_unit = channels(target, [-2], {last})
    wrong = scaled(queries[place], unit.numerator) != scaled(source.queries.numbers, unit.denominator)
    if np.any(wrong) or np.any(const[place] * const_unit != 1):
        return ["a row does not read its query"]
    return []


def _bound_faults(instance: ApproximateAttention, mapped: Mapped, source: layout.Source) -> list[str]:
    target, context = mapped.targets[0], mapped.context
    margin = transfer(source, target.sides, context.blocks, cells(source, context.blocks), instance.neutral)
    cost = margin.cost(layout.strength_of(source, target))
    found = []
    if cost > context.cost:
        found.append("M is too small for the error that is claimed")
    if target.delta + max(cost, context.cost) > instance.delta:
        found.append("the tolerance of the target is larger than what is left of delta")
    return found
