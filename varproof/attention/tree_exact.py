"""Cells of the tree whose few keys are summed exactly."""

from __future__ import annotations

import numpy as np

from varproof.attention.cell_tree import CellTree
from varproof.attention.tree_bounds import UNIT
from varproof.attention.tree_descent import Cells
from varproof.attention.tree_tables import Side, Sums

PAIRS = 1 << 18  # scores held at once


def exact_sums(queries: CellTree, keys: Side, cells: Cells) -> Sums:
    """The sums of all `cells`, which share their levels: every score is computed and shifted by the row's largest."""
    d, columns = queries.points.shape[0], keys.values.shape[1]
    rows, length = queries.length(cells.query_level), keys.tree.length(cells.key_level)
    points = queries.points.reshape(d, -1, rows)
    key_points, values = keys.tree.points.reshape(d, -1, length), keys.values.reshape(-1, length, columns)
    box, pairs = queries.levels[cells.query_level], cells.pairs
    size_of_keys = np.empty((d, len(pairs.nodes)))
    sums = np.empty((len(pairs.nodes), columns, rows))
    count = 0
    for a, (node, start, many) in enumerate(zip(pairs.nodes, pairs.starts, pairs.counts, strict=True)):
        chosen = pairs.keys[start : start + many]
        y = np.take(key_points, chosen, axis=1).reshape(d, -1)
        low, high = y.min(axis=1), y.max(axis=1)
        y = y - (low + (high - low) / 2)[:, None]
        size_of_keys[:, a] = np.abs(y).max(axis=1)
        v = values[chosen].reshape(-1, columns)
        penalty = None if keys.penalty is None else keys.penalty.reshape(-1, length)[chosen].ravel()
        step = max(1, PAIRS // y.shape[1])
        for i in range(0, rows, step):
            score = points[:, node, i : i + step].T @ y
            if penalty is not None:
                score += penalty
            score -= score.max(axis=1)[:, None]
            np.exp(score, out=score)
            sums[a, :, i : i + step] = (score @ v).T
        count += y.shape[1]
    q = np.abs(box.centre[:, pairs.nodes]) + box.half[:, pairs.nodes]
    size = np.einsum("da,da->a", q, size_of_keys)
    weight_error = np.expm1(np.minimum((4 * d + 24) * UNIT * size, 700.0)) + 16 * UNIT
    loose = sums[:, -1] * (pairs.counts * float(length) + 8)[:, None] * UNIT * (1 + 1e-6)
    return Sums(sums, loose, weight_error, count * rows * (2 * d + 1 + 1 + 2 * columns), 0, 0)
