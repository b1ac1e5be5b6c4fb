"""Groups of keys that a query cell sums exactly, because they are few or too far apart for one polynomial."""

from __future__ import annotations

import numpy as np

from varproof.attention.tree.bounds import Pairs
from varproof.attention.tree.cell_tree import Array, CellTree, Index, reduced
from varproof.attention.tree.groups import Groups

PAIRS = 1 << 17  # scores held at once, 1 MiB


def exact_groups(
    keys: CellTree,
    values: Array,
    key_level: int,
    pairs: Pairs,
    groups: Groups,
    mine: Index,
    points: Array,
    reference: Array,
) -> tuple[Array, Array]:
    """The largest scores (g, rows) of the groups `mine`, and sum_k e^{<q, k - c> - largest} [v, 1], (g, d_v + 1, rows).

    `points` (d, a, rows) are the queries of every cell, `reference` (d, a) its c.
    """
    d, rows = points.shape[0], points.shape[2]
    length, columns = keys.length(key_level), values.shape[-1]
    key_points, values = keys.points.reshape(d, -1, length), values.reshape(-1, length, columns)
    largest, sums = np.empty((len(mine), rows)), np.empty((len(mine), columns, rows))
    for size in np.unique(groups.size[mine]).tolist():
        same = np.flatnonzero(groups.size[mine] == size)
        n = int(size)
        for a in range(0, len(same), max(1, PAIRS // (n * rows))):
            at = same[a : a + max(1, PAIRS // (n * rows))]
            unit = mine[at]
            owner = groups.owner[unit]
            node = pairs.keys[groups.starts[unit][:, None] + np.arange(n // length)].ravel()
            y = np.take(key_points, node, axis=1).reshape(d, len(at), n)
            y -= np.take(reference, owner, axis=1)[:, :, None]
            v = values[node].reshape(len(at), n, columns)
            step = max(1, PAIRS // n)
            for i in range(0, rows, step):
                q = np.take(points[:, :, i : i + step], owner, axis=1)
                score = np.matmul(q.transpose(1, 2, 0), y.transpose(1, 0, 2))
                top = reduced(np.maximum, score)
                score -= top[:, :, None]
                np.exp(score, out=score)
                largest[at, i : i + step] = top
                sums[at, :, i : i + step] = np.matmul(score, v).transpose(0, 2, 1)
    return largest, sums


def exact_flops(head_dim: int, columns: int, keys: float, rows: int) -> int:
    """Operations for `keys` keys and `rows` queries: scores, shift, exponential, sums.

    >>> exact_flops(2, 3, 10, 10)
    1200
    """
    return int(keys * rows * (2 * head_dim + 2 + 2 * columns))
