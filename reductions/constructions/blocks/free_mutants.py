"""Deliberate mistakes in the rule with free maps, for the generic tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from reductions.core.reduction import Mapped, Mutant
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention


def mutants(forward: Callable[..., Mapped]) -> tuple[Mutant, ...]:
    """All mutants; the rule's `forward` is passed to keep imports one way."""

    def damaged(change: Any) -> Any:
        def changed(instance: ApproximateAttention, options: Mapping[str, Any]) -> Mapped:
            mapped = forward(instance, options)
            return Mapped((change(mapped.targets[0], mapped.context),), mapped.context, mapped.operations, mapped.notes)

        return changed

    return (
        Mutant("a spare token without key", forward=damaged(_one_spare_zero)),
        Mutant("score scale off after padding", forward=damaged(_wrong_scale)),
        Mutant("queries read one token early", forward=damaged(_shifted_rows)),
        Mutant("keys shifted by one channel", forward=damaged(_late)),
        Mutant("tolerance not reduced", forward=damaged(_all_of_delta)),
    )


def _one_spare_zero(target: VarAttention, context: Any) -> VarAttention:
    maps = [each.copy() for each in target.maps]
    maps[0][..., : 2 * target.key_projection.shape[1]] = 0
    maps[0][..., -1] = 0
    return replace(target, maps=tuple(maps))


def _wrong_scale(target: VarAttention, context: Any) -> VarAttention:
    return replace(target, query_unit=target.query_unit * Fraction(15, 16))


def _shifted_rows(target: VarAttention, context: Any) -> VarAttention:
    return replace(target, rows=target.rows - 1)


def _late(target: VarAttention, context: Any) -> VarAttention:
    last = target.maps[-1].copy()
    flat = last.reshape(-1, last.shape[2])
    d = (flat.shape[1] - target.value_projection.shape[1]) // 2
    flat[: len(context.placed), d:] = np.roll(flat[: len(context.placed), d:], 1, axis=1)
    return replace(target, maps=(*target.maps[:-1], last))


def _all_of_delta(target: VarAttention, context: Any) -> VarAttention:
    return replace(target, delta=target.delta * 2)
