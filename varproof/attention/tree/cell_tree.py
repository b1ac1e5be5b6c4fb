"""Balanced kd-trees as arrays: every level halves all nodes at once, no node is an object.

Points are reordered so that the nodes of level l are the 2^l equal slices of the order. Rows are repeated at the end
until the slices are equal; repeated rows are marked and count nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

ROUND_UP = 1 + 2.0**-50  # more than the one rounding of a difference
SHORT = 128  # axes shorter than this are reduced by pairs


@dataclass(frozen=True)
class Level:
    """The nodes of one level, one a column: boxes `centre` +- `half` (d, nodes), `mean` (d, nodes), `count` (nodes,).

    `half` is rounded up, so that the box holds its points exactly; `mean` and `count` leave repeated rows out. A node
    of repeated rows only has count 0.
    """

    centre: Array
    half: Array
    mean: Array
    count: Array

    @property
    def nodes(self) -> int:
        """2^l."""
        return int(self.count.shape[0])


@dataclass(frozen=True)
class CellTree:
    """`points` (d, 2^depth leaf) in tree order, `order` the row each came from, `real` False for repeated rows."""

    points: Array
    order: Index
    real: NDArray[np.bool_]
    levels: tuple[Level, ...]
    leaf: int

    @property
    def depth(self) -> int:
        """The number of halvings; level `depth` holds the leaves."""
        return len(self.levels) - 1

    def length(self, level: int) -> int:
        """The number of points of a node, repeated rows included."""
        return self.leaf << (self.depth - level)


def build_tree(points: Array, leaf: int) -> CellTree:
    """The tree over `points` (n, d), n >= 1, with leaves of at most `leaf` points; O(n log(n/leaf)) operations.

    A node is cut at the median of the coordinate in which its box is longest.

    >>> tree = build_tree(np.array([[0.0], [5.0], [1.0], [4.0], [2.0]]), 2)
    >>> tree.depth, tree.leaf, tree.levels[1].count.tolist(), tree.levels[0].mean.tolist()
    (2, 2, [3.0, 2.0], [[2.4]])
    """
    n = len(points)
    depth = max(0, math.ceil(math.log2(n / leaf))) if n > leaf else 0
    size = -(-n // (1 << depth))
    padded = size << depth
    order: Index = np.minimum(np.arange(padded), n - 1)
    real = np.arange(padded) < n
    current = np.take(np.ascontiguousarray(points.T), order, axis=1)
    for level in range(depth):
        shaped = current.reshape(current.shape[0], 1 << level, -1)
        axis = np.argmax(reduced(np.maximum, shaped) - reduced(np.minimum, shaped), axis=0)
        along = shaped[axis, np.arange(1 << level)]
        parts = np.argpartition(along, along.shape[1] // 2, axis=1)
        parts += (np.arange(1 << level) * along.shape[1])[:, None]
        chosen = parts.ravel()
        current, order, real = np.take(current, chosen, axis=1), order[chosen], real[chosen]
    return CellTree(current, order, real, _levels(current, real, depth), size)


def reduced(function: np.ufunc, array: Array) -> Array:
    """`function.reduce` over the last axis, by pairs where that axis is short: several times faster there.

    >>> reduced(np.maximum, np.array([[1.0, 5.0, 2.0], [7.0, 0.0, 3.0]])).tolist()
    [5.0, 7.0]
    """
    shape, length = array.shape[:-1], array.shape[-1]
    if length < SHORT:
        array = array.reshape(-1)  # neighbours in one flat run: no inner loop is short
        while length > 1 and length % 2 == 0:
            array, length = function(array[::2], array[1::2]), length // 2
        array = array.reshape(*shape, length)
    return np.asarray(array[..., 0] if length == 1 else function.reduce(array, axis=-1))


def _levels(points: Array, real: NDArray[np.bool_], depth: int) -> tuple[Level, ...]:
    """Boxes and sums of the leaves, then of pairs of nodes up to the root."""
    shaped = points.reshape(points.shape[0], 1 << depth, -1)
    low, high = reduced(np.minimum, shaped), reduced(np.maximum, shaped)
    if real.all():
        total = reduced(np.add, shaped)
        count = np.full(1 << depth, float(shaped.shape[2]))
    else:
        total = (shaped * real.reshape(1, 1 << depth, -1)).sum(axis=2)
        count = real.reshape(1 << depth, -1).sum(axis=1).astype(np.float64)
    found = [_level(low, high, total, count)]
    for _ in range(depth):
        low, high = np.minimum(low[:, ::2], low[:, 1::2]), np.maximum(high[:, ::2], high[:, 1::2])
        total, count = total[:, ::2] + total[:, 1::2], count[::2] + count[1::2]
        found.append(_level(low, high, total, count))
    return tuple(reversed(found))


def _level(low: Array, high: Array, total: Array, count: Array) -> Level:
    centre = low + (high - low) / 2
    half = np.maximum(high - centre, centre - low) * ROUND_UP
    return Level(centre, half, np.where(count > 0, total / np.maximum(count, 1), centre), count)
