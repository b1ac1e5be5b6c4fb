"""Joins, rows, shapes and heads: values, errors and symbols moved alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from varproof.var.ledger.bounded_array import BoundedArray
from varproof.var.ledger.core import Core, twin_of
from varproof.var.ledger.layout import cut_groups, join_groups, reshape_groups


class Layout(Core):
    """Operations that compute nothing."""

    def join(self, parts: Sequence[BoundedArray], axis: int = 0) -> BoundedArray:
        """Concatenation."""
        if len(parts) == 1:
            return parts[0]
        kept, groups = join_groups(parts, axis)
        remainder = np.concatenate([part.remainder for part in kept], axis=axis)
        value = self._plain.join([part.value for part in parts], axis)
        return BoundedArray(
            value,
            remainder,
            groups,
            None if self._twin is None else self._twin.join([twin_of(part) for part in parts], axis),
        )

    def rows(self, x: BoundedArray, start: int, stop: int, axis: int = 0) -> BoundedArray:
        """x[start:stop] on an axis."""
        part = (slice(None),) * axis + (slice(start, stop),)
        value = self._plain.rows(x.value, start, stop, axis)
        twin = None if self._twin is None else self._twin.rows(twin_of(x), start, stop, axis)
        return BoundedArray(value, x.remainder[part], cut_groups(x, start, stop, axis), twin)

    def reshape(self, x: BoundedArray, shape: tuple[int, ...]) -> BoundedArray:
        """In C order."""
        value = self._plain.reshape(x.value, shape)
        twin = None if self._twin is None else self._twin.reshape(twin_of(x), shape)
        shape = tuple(int(size) for size in value.shape)
        groups = reshape_groups(x, shape)
        kept = x if groups is not None else x.plain
        return BoundedArray(value, np.reshape(kept.remainder, shape), groups or (), twin)

    def split_heads(self, x: BoundedArray, heads: int) -> BoundedArray:
        """(tokens, heads d) to (heads, tokens, d)."""
        twin = None if self._twin is None else self._twin.split_heads(twin_of(x), heads)
        return BoundedArray(self._plain.split_heads(x.value, heads), self._wide.split_heads(x.bound, heads), (), twin)

    def merge_heads(self, x: BoundedArray) -> BoundedArray:
        """(heads, tokens, d) to (tokens, heads d)."""
        twin = None if self._twin is None else self._twin.merge_heads(twin_of(x))
        return BoundedArray(self._plain.merge_heads(x.value), self._wide.merge_heads(x.bound), (), twin)
