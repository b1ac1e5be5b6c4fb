"""Joining, cutting and reshaping errors together with their symbols. No arithmetic: nothing is rounded here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from varproof.var.ledger.bounded_array import LARGEST_FORM, BoundedArray, Group

NO_NAME = -1

Groups = tuple[Group, ...]


def join_groups(parts: Sequence[BoundedArray], axis: int) -> tuple[list[BoundedArray], Groups]:
    """The parts, without symbols where they cannot be kept, and the groups of the joined array."""
    last = len(parts[0].shape) - 1
    if axis % (last + 1) == last or not any(part.groups for part in parts):
        return [part.plain for part in parts], ()
    count = max(len(part.groups) for part in parts)
    widths = [max(_width(part, place) for part in parts) for place in range(count)]
    tokens = sum(int(np.prod(part.shape)) for part in parts)
    if tokens * sum(widths) > LARGEST_FORM:
        return [part.plain for part in parts], ()
    groups = []
    for place, width in enumerate(widths):
        padded = [_padded(part, place, width) for part in parts]
        names = np.concatenate([group.names for group in padded], axis=axis)
        groups.append(Group(names, np.concatenate([group.generators for group in padded], axis=axis)))
    return list(parts), tuple(groups)


def _width(part: BoundedArray, place: int) -> int:
    return int(part.groups[place].generators.shape[-1]) if place < len(part.groups) else 0


def _padded(part: BoundedArray, place: int, width: int) -> Group:
    names, generators = np.full(part.shape[:-1], NO_NAME, dtype=np.int64), np.zeros((*part.shape, width))
    if place < len(part.groups):
        group = part.groups[place]
        own = int(group.generators.shape[-1])
        generators[..., :own] = group.generators
        # symbols of another number are other symbols: the same name may not stand for both
        names = group.names
    return Group(names, generators)


def cut_groups(x: BoundedArray, start: int, stop: int, axis: int) -> Groups:
    """Of x[start:stop] on an axis."""
    axis %= len(x.shape)
    part: tuple[Any, ...] = (slice(None),) * axis + (slice(start, stop),)
    on_tokens = axis < len(x.shape) - 1
    return tuple(Group(g.names[part] if on_tokens else g.names, g.generators[part]) for g in x.groups)


def reshape_groups(x: BoundedArray, shape: tuple[int, ...]) -> Groups | None:
    """Of the reshaped array; None where the rows of tokens do not survive."""
    if not x.groups:
        return ()
    if shape[-1] != x.shape[-1]:
        return None
    return tuple(Group(g.names.reshape(shape[:-1]), g.generators.reshape((*shape, -1))) for g in x.groups)
