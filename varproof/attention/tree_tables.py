"""Cells of the tree by polynomials: one table of weighted features for every group of keys, read by all its queries.

With q0 the centre of the queries, c_g that of group g and any c,

    e^{<q, k - c>} = e^{<q, c_g - c>} e^{<q0, k - c_g>} e^{<q - q0, k - c_g>},

the first factor belongs to (query, group), the second to the key, and a polynomial of <q - q0, k - c_g> stands for the
third. Exponentials are taken relative to the largest one of the group and of the row, so nothing overflows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varproof.attention.cell_tree import Array, CellTree, Index, reduced
from varproof.attention.features import FeaturePlan, feature_plan
from varproof.attention.polynomial_table import relative_table
from varproof.attention.tree_bounds import UNIT, starts_of
from varproof.attention.tree_costs import EXACT
from varproof.attention.tree_degrees import Reaches
from varproof.attention.tree_descent import Cells
from varproof.attention.tree_exact import exact_flops, exact_groups
from varproof.attention.tree_groups import Groups

FEATURES = 1 << 17  # features held at once: 1 MiB, which stays in the cache of a core
LONGEST_SUM = 2048  # keys added at once: bounds the rounding of sums
BATCH = 8192  # keys that are gathered at once, at least one group


@dataclass(frozen=True)
class Side:
    """Keys or queries in tree order with what the sums need.

    `values` (n, d_v + 1): centred values and a 1, all 0 for repeated rows; `penalty` (n,) 0, and -inf for those.
    """

    tree: CellTree
    values: Array
    penalty: Array | None


@dataclass(frozen=True)
class Sums:
    """Row sums of cells in tree order: numerators and the denominator, (a, d_v + 1, rows).

    `loose` (a, rows): more than the rounding of the sums in units of h, before division. `weight_error` (a,) bounds the
    relative error of every weight that entered, rounding of scores included.
    """

    sums: Array
    loose: Array
    weight_error: Array
    flops: int
    degree: int
    rank: int


def cell_sums(queries: CellTree, keys: Side, cells: Cells, served: Reaches) -> Sums:
    """The sums of all `cells`, which share their levels and have groups."""
    groups = cells.groups
    d, columns = queries.points.shape[0], keys.values.shape[1]
    box = queries.levels[cells.query_level]
    rows = queries.length(cells.query_level)
    nodes = cells.pairs.nodes
    q0 = np.take(box.centre, nodes, axis=1)
    points = np.take(queries.points.reshape(d, -1, rows), nodes, axis=1)
    # 2^exponent >= half: an exact scale; cut so that neither it nor its inverse overflows
    exponent = np.clip(np.frexp(groups.half)[1], -1000, 1000).astype(np.int32)
    shift, weight, error = (np.zeros(len(groups.node)) for _ in range(3))
    tables: dict[int, Array] = {}
    flops, largest = 0, 0
    for degree in np.unique(groups.degree[groups.degree != EXACT]).tolist():
        mine = np.flatnonzero(groups.degree == degree)
        plan = feature_plan(d, degree)
        rank, largest = plan.starts[-1], max(largest, degree)
        tables[degree], shift[mine] = group_tables(keys, cells, groups, mine, q0, exponent, plan)
        weight[mine] = tables[degree][:, 0, -1]
        bound, coefficients, error[mine] = polynomial(served, degree)
        scale = np.array(coefficients)[plan.degrees] * plan.multinomials
        tables[degree] *= scale[:, None]
        pieces = chunk(plan) + len(keys.values) // chunk(plan)
        roundings = 6 * degree + rank + 16 + pieces + len(groups.node)
        weight[mine] *= float(np.abs(coefficients).sum()) * roundings * UNIT * (1 + 1e-6)
        tokens = groups.size[mine].sum() + rows * len(mine)
        flops += int(tokens * (rank * (2 * columns + 1) + 2 * d) + groups.size[mine].sum() * (2 * d + 1 + columns))
    reference = _reference(groups)
    offset = groups.centre - np.take(reference, groups.owner, axis=1)
    factors = np.einsum("dur,du->ur", np.take(points, groups.owner, axis=1), offset)
    factors += shift[:, None]
    mine = np.flatnonzero(groups.degree == EXACT)
    if len(mine):
        factors[mine], exact = exact_groups(
            keys.tree, keys.values, keys.penalty, cells.key_level, cells.pairs, groups, mine, points, reference
        )
        flops += exact_flops(d, columns, groups.size[mine].sum(), rows)
    factors -= np.maximum.reduceat(factors, groups.first, axis=0)[groups.owner]
    np.exp(factors, out=factors)
    sums, loose = np.zeros((len(nodes), columns, rows)), np.zeros((len(nodes), rows))
    if len(mine):
        exact *= factors[mine][:, None, :]
        at, cell = runs(groups.owner[mine])
        sums[cell] = np.add.reduceat(exact, at, axis=0)
        many = (groups.size[mine] + len(groups.node) + 8) * UNIT * (1 + 1e-6)
        loose[cell] = np.add.reduceat(exact[:, -1] * many[:, None], at, axis=0)
    for degree, table in tables.items():
        mine = np.flatnonzero(groups.degree == degree)
        plan, bound = feature_plan(d, degree), polynomial(served, degree)[0]
        room = np.empty(plan.starts[-1] * max(chunk(plan), rows))
        for a, b in _batches(np.full(len(mine), rows), chunk(plan)):
            unit = mine[a:b]
            owner = groups.owner[unit]
            x = np.take(points, owner, axis=1)
            x -= np.take(q0, owner, axis=1)[:, :, None]
            x *= (np.ldexp(1.0, exponent[:, unit]) / bound)[:, :, None]
            phi = features(plan, x.reshape(d, -1), room).reshape(plan.starts[-1], b - a, rows)
            out = np.matmul(table[a:b].transpose(0, 2, 1), phi.transpose(1, 0, 2))
            out *= factors[unit][:, None, :]
            at, cell = runs(owner)
            sums[cell] += np.add.reduceat(out, at, axis=0)
    flops += len(groups.node) * rows * (2 * d + 2 + 2 * columns)
    loose += np.add.reduceat(factors * weight[:, None], groups.first, axis=0)
    extent = _extent(groups, reference)
    size = np.einsum("da,da->a", np.abs(q0) + box.half[:, nodes], extent)
    rounding = np.expm1(np.minimum((4 * d + 24) * UNIT * size, 700.0)) + 16 * UNIT
    worst = np.maximum.reduceat(error, groups.first)
    return Sums(
        sums, loose, (1 + worst) * (1 + rounding) - 1, flops, largest, feature_plan(d, largest).rank if tables else 0
    )


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
    for a, b in _batches(counts[mine] * length, BATCH):
        unit, count = mine[a:b], counts[mine[a:b]]
        first = starts_of(count)
        run = np.arange(int(count.sum())) + np.repeat(groups.starts[unit] - first, count)
        node, which = cells.pairs.keys[run], np.repeat(np.arange(b - a), count)
        y = np.take(points, node, axis=1)
        y -= np.take(groups.centre, unit[which], axis=1)[:, :, None]
        score = np.einsum("dnl,dn->nl", y, np.take(q0, groups.owner[unit[which]], axis=1))
        if keys.penalty is not None:
            score += keys.penalty.reshape(-1, length)[node]
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


def runs(owner: Index) -> tuple[Index, Index]:
    """Where runs of equal entries start, and those entries.

    >>> [found.tolist() for found in runs(np.array([3, 3, 5, 8, 8]))]
    [[0, 2, 3], [3, 5, 8]]
    """
    at = np.flatnonzero(np.diff(owner, prepend=-1))
    return at, owner[at]


def chunk(plan: FeaturePlan) -> int:
    """The number of tokens whose features are held at once."""
    return min(LONGEST_SUM, max(64, FEATURES // plan.starts[-1]))


def _batches(sizes: Index, target: int) -> Iterator[tuple[int, int]]:
    """Runs [a, b) of consecutive groups of together about `target` tokens."""
    ends = np.cumsum(sizes)
    a = 0
    while a < len(sizes):
        before = int(ends[a - 1]) if a else 0
        b = max(a + 1, int(np.searchsorted(ends, before + target, side="right")))
        yield a, b
        a = b


def _reference(groups: Groups) -> Array:
    """(d, a): the centre of all keys that a query node needs."""
    low = np.minimum.reduceat(groups.low, groups.first, axis=1)
    return np.asarray(low + (np.maximum.reduceat(groups.high, groups.first, axis=1) - low) / 2)


def _extent(groups: Groups, reference: Array) -> Array:
    """(d, a): at least |k - reference|_l for those keys."""
    low = np.minimum.reduceat(groups.low, groups.first, axis=1)
    high = np.maximum.reduceat(groups.high, groups.first, axis=1)
    return np.asarray(np.maximum(high - reference, reference - low) * (1 + 1e-12))
