"""Tables of weighted features: what one group of keys is for the queries of a cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varproof.attention.features import FeaturePlan
from varproof.attention.tables.relative import relative_table
from varproof.attention.tree.bounds import starts_of
from varproof.attention.tree.cell_tree import Array, CellTree, Index, reduced
from varproof.attention.tree.degrees import Reaches
from varproof.attention.tree.descent import Cells
from varproof.attention.tree.groups import Groups

FEATURES = 1 << 17  # features held at once: 1 MiB, which stays in the cache of a core
LONGEST_SUM = 2048  # keys added at once: bounds the rounding of sums
BATCH = 8192  # keys that are gathered at once, at least one group


@dataclass(frozen=True)
class Side:
    """Keys or queries in tree order with what the sums need.

    `values` (n, d_v + 1): centred values and a 1, all 0 for repeated rows. Such a row may raise the largest score of a
    group: harmless, as the row that it repeats has the same score.
    """

    tree: CellTree
    values: Array


def polynomial(served: Reaches, degree: int) -> tuple[float, tuple[float, ...], float]:
    """Bound, coefficients and proved relative error for one degree; degree 0 serves reach 0 only, where 1 is exact."""
    if degree == 0:
        return 1.0, (1.0,), 0.0
    table = relative_table(float(served.reach[degree]), degree)
    return table.bound, table.coefficients, table.error


def group_tables(
    keys: Side, cells: Cells, groups: Groups, mine: Index, q0: Array, exponent: NDArray[np.int32], plan: FeaturePlan
) -> tuple[Array, Array]:
    """sum_k e^{<q0, k - c_g> - shift_g} phi((k - c_g)/2^exponent) [v, 1] of every group: (g, r, d_v + 1), and shift."""
    tree, d = keys.tree, plan.head_dim
    length = tree.length(cells.key_level)
    points = tree.points.reshape(d, -1, length)
    columns = keys.values.shape[1]
    values = keys.values.reshape(-1, length, columns)
    counts = np.diff(groups.starts, append=len(cells.pairs.keys))
    step = chunk(plan)
    found, room = np.zeros((len(mine), plan.starts[-1], columns)), np.empty(plan.starts[-1] * step)
    shifts = np.empty(len(mine))
    for a, b in batches(counts[mine] * length, BATCH):
        unit, count = mine[a:b], counts[mine[a:b]]
        first = starts_of(count)
        run = np.arange(int(count.sum())) + np.repeat(groups.starts[unit] - first, count)
        node, which = cells.pairs.keys[run], np.repeat(np.arange(b - a), count)
        y = np.take(points, node, axis=1)
        y -= np.take(groups.centre, unit[which], axis=1)[:, :, None]
        score = np.einsum("dnl,dn->nl", y, np.take(q0, groups.owner[unit[which]], axis=1))
        shifts[a:b] = np.maximum.reduceat(reduced(np.maximum, score), first)
        score -= shifts[a:b][which][:, None]
        np.exp(score, out=score)
        weighted = (values[node] * score[:, :, None]).reshape(-1, columns)
        y *= np.ldexp(1.0, -exponent[:, unit])[:, which][:, :, None]
        y = y.reshape(d, -1)
        edges = np.append(first, len(run)) * length
        for start in range(0, y.shape[1], step):
            stop = min(start + step, y.shape[1])
            phi = features(plan, y[:, start:stop], room)
            i = int(np.searchsorted(edges, start, side="right")) - 1
            while i < b - a and edges[i] < stop:
                low, high = max(int(edges[i]), start), min(int(edges[i + 1]), stop)
                found[a + i] += phi[:, low - start : high - start] @ weighted[low:high]
                i += 1
    return found, shifts


def features(plan: FeaturePlan, x: Array, room: Array) -> Array:
    """(r, tokens): the monomials of `plan` at `x` (d, tokens), written into `room`."""
    phi = room[: plan.starts[-1] * x.shape[1]].reshape(plan.starts[-1], -1)
    phi[0] = 1.0
    for group in plan.groups:
        np.multiply(phi[group.tail_start : group.tail_stop], x[group.variable], out=phi[group.start : group.stop])
    return phi


def chunk(plan: FeaturePlan) -> int:
    """The number of tokens whose features are held at once."""
    return min(LONGEST_SUM, max(64, FEATURES // plan.starts[-1]))


def batches(sizes: Index, target: int) -> Iterator[tuple[int, int]]:
    """Runs [a, b) of consecutive groups of together about `target` tokens."""
    ends = np.cumsum(sizes)
    a = 0
    while a < len(sizes):
        before = int(ends[a - 1]) if a else 0
        b = max(a + 1, int(np.searchsorted(ends, before + target, side="right")))
        yield a, b
        a = b
