"""Deliberate mistakes in the block construction, for the generic tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from reductions.core.reduction import Mapped, Mutant
from reductions.problems.var_attention import VarAttention

Change = Callable[[VarAttention, Any], VarAttention]


def mutants(forward: Callable[..., Mapped], built: Callable[..., Mapped], blocks_for: Any) -> tuple[Mutant, ...]:
    """All mutants of the rule; its functions are passed to keep imports one way."""

    def small_blocks(instance: Any, options: Mapping[str, Any]) -> Mapped:
        small = {**options, "block": 3, "margin": 1}
        return built(instance, small, blocks_for(instance, small))

    def damaged(change: Change) -> Callable[..., Mapped]:
        def changed(instance: Any, options: Mapping[str, Any]) -> Mapped:
            mapped = forward(instance, options)
            target = change(mapped.targets[0], mapped.context)
            return Mapped((target,), mapped.context, mapped.operations, mapped.notes)

        return changed

    return (
        Mutant("blocks of 3 x 3 cells", forward=small_blocks),
        Mutant("a flag on a border cell", forward=damaged(_flag_at(0))),
        Mutant("one block's flag a cell off", forward=damaged(_flag_moved)),
        Mutant("score scale of the unpadded dimension", forward=damaged(_unpadded)),
        Mutant("a coarser map with flag 0", forward=damaged(_coarse_flag)),
        Mutant("M a tenth too small", forward=damaged(_weak)),
        Mutant("last key without a flag", forward=damaged(_last_key)),
        Mutant("queries read in the neighbouring block", forward=damaged(_neighbour)),
        Mutant("two rows swapped", forward=damaged(_swapped)),
    )


def _with_finest(target: VarAttention, change: Callable[[Any], None]) -> VarAttention:
    finest = target.maps[-1].copy()
    change(finest)
    return replace(target, maps=(*target.maps[:-1], finest))


def _flag_at(cell: int) -> Change:
    def change(target: VarAttention, context: Any) -> VarAttention:
        return _with_finest(target, lambda finest: finest[cell, cell].__setitem__(-1, 1))

    return change


def _flag_moved(target: VarAttention, context: Any) -> VarAttention:
    place = context.blocks.margin

    def change(finest: Any) -> None:
        finest[place, place, -1], finest[place, place + 1, -1] = -1, 1

    return _with_finest(target, change)


def _unpadded(target: VarAttention, context: Any) -> VarAttention:
    wide = int(target.key_projection.shape[1])
    old = wide - context.copies
    factor = {"d": Fraction(old, wide), "one": Fraction(3, 4)}.get(target.scale, Fraction(1, 2))
    return replace(target, query_unit=target.query_unit * factor)


def _coarse_flag(target: VarAttention, context: Any) -> VarAttention:
    first = target.maps[0].copy()
    first[..., -1] = 0
    return replace(target, maps=(first, *target.maps[1:]))


def _weak(target: VarAttention, context: Any) -> VarAttention:
    key = target.key_projection.copy()
    key[-1] = key[-1] * 9 // 10
    return replace(target, key_projection=key)


def _last_key(target: VarAttention, context: Any) -> VarAttention:
    blocks, b = context.blocks, context.keys - 1
    top, left = b // blocks.per_side * blocks.block, b % blocks.per_side * blocks.block

    def change(finest: Any) -> None:
        finest[top : top + blocks.block, left : left + blocks.block, -1] = -1

    return _with_finest(target, change)


def _neighbour(target: VarAttention, context: Any) -> VarAttention:
    blocks = context.blocks
    first = target.tokens - blocks.fine**2
    down, across = np.divmod(target.rows - first, blocks.fine)
    return replace(target, rows=first + down * blocks.fine + (across + blocks.step) % (blocks.per_side * blocks.step))


def _swapped(target: VarAttention, context: Any) -> VarAttention:
    rows = target.rows.copy()
    rows[:2] = rows[:2][::-1]
    return replace(target, rows=rows)
