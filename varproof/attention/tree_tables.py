"""Cells of the tree by polynomials: one table of weighted features for every group of keys, read by all its queries.

With q0 the centre of the queries, c_g that of group g and any c,

    e^{<q, k - c>} = e^{<q, c_g - c>} e^{<q0, k - c_g>} e^{<q - q0, k - c_g>},

the first factor belongs to (query, group), the second to the key, and a polynomial of <q - q0, k - c_g> stands for the
third. Exponentials are taken relative to the largest one of the group and of the row, so nothing overflows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from varproof.attention.cell_tree import Array, CellTree, Index
from varproof.attention.features import feature_plan
from varproof.attention.tree_bounds import UNIT
from varproof.attention.tree_costs import EXACT
from varproof.attention.tree_degrees import Reaches
from varproof.attention.tree_descent import Cells
from varproof.attention.tree_exact import exact_flops, exact_groups
from varproof.attention.tree_groups import Groups
from varproof.attention.tree_states import Side, batches, chunk, features, group_tables, polynomial


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
        for a, b in batches(np.full(len(mine), rows), chunk(plan)):
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


def runs(owner: Index) -> tuple[Index, Index]:
    """Where runs of equal entries start, and those entries.

    >>> [found.tolist() for found in runs(np.array([3, 3, 5, 8, 8]))]
    [[0, 2, 3], [3, 5, 8]]
    """
    at = np.flatnonzero(np.diff(owner, prepend=-1))
    return at, owner[at]


def _reference(groups: Groups) -> Array:
    """(d, a): the centre of all keys that a query node needs."""
    low = np.minimum.reduceat(groups.low, groups.first, axis=1)
    return np.asarray(low + (np.maximum.reduceat(groups.high, groups.first, axis=1) - low) / 2)


def _extent(groups: Groups, reference: Array) -> Array:
    """(d, a): at least |k - reference|_l for those keys."""
    low = np.minimum.reduceat(groups.low, groups.first, axis=1)
    high = np.maximum.reduceat(groups.high, groups.first, axis=1)
    return np.asarray(np.maximum(high - reference, reference - low) * (1 + 1e-12))
