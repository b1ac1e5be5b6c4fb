"""Cells of the tree by polynomials: one table of weighted features for every group of keys, read by all its queries.

With q0 the centre of the queries, c_g that of group g and any c,

    e^{<q, k - c>} = e^{<q, c_g - c>} e^{<q0, k - c_g>} e^{<q - q0, k - c_g>},

the first factor belongs to (query, group), the second to the key, and a polynomial of <q - q0, k - c_g> stands for the
third. Exponentials are taken relative to the largest one of the group and of the row, so nothing overflows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varproof.attention.features import feature_plan
from varproof.attention.tree.bounds import UNIT
from varproof.attention.tree.cell_tree import Array, CellTree, Index
from varproof.attention.tree.costs import EXACT
from varproof.attention.tree.degrees import Reaches
from varproof.attention.tree.descent import Cells
from varproof.attention.tree.exact import exact_flops, exact_groups
from varproof.attention.tree.groups import Groups
from varproof.attention.tree.states import Side, batches, chunk, features, group_tables, polynomial


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


@dataclass(frozen=True)
class _Tables:
    """The tables by degree, scaled by the coefficients, and for every group: shift, weight in `loose`, table error."""

    by_degree: dict[int, Array]
    shift: Array
    weight: Array
    error: Array
    flops: int


def cell_sums(queries: CellTree, keys: Side, cells: Cells, served: Reaches) -> Sums:
    """The sums of all `cells`, which share their levels."""
    groups, nodes = cells.groups, cells.pairs.nodes
    d, rows, columns = queries.points.shape[0], queries.length(cells.query_level), keys.values.shape[1]
    box = queries.levels[cells.query_level]
    q0 = np.take(box.centre, nodes, axis=1)
    points = np.take(queries.points.reshape(d, -1, rows), nodes, axis=1)
    # 2^exponent >= half: an exact scale; cut so that neither it nor its inverse overflows
    exponent = np.clip(np.frexp(groups.half)[1], -1000, 1000).astype(np.int32)
    tables = _tables(keys, cells, q0, exponent, served, rows)
    reference, extent = _range(groups)
    offset = groups.centre - np.take(reference, groups.owner, axis=1)
    factors = np.einsum("dur,du->ur", np.take(points, groups.owner, axis=1), offset)
    factors += tables.shift[:, None]
    mine = np.flatnonzero(groups.degree == EXACT)
    if len(mine):
        factors[mine], exact = exact_groups(
            keys.tree, keys.values, cells.key_level, cells.pairs, groups, mine, points, reference
        )
    factors -= np.maximum.reduceat(factors, groups.first, axis=0)[groups.owner]
    np.exp(factors, out=factors)
    sums = np.zeros((len(nodes), columns, rows))
    loose = np.add.reduceat(factors * tables.weight[:, None], groups.first, axis=0)
    if len(mine):
        exact *= factors[mine][:, None, :]
        at, cell = runs(groups.owner[mine])
        sums[cell] = np.add.reduceat(exact, at, axis=0)
        many = (groups.size[mine] + len(groups.node) + 8) * UNIT * (1 + 1e-6)
        loose[cell] += np.add.reduceat(exact[:, -1] * many[:, None], at, axis=0)
    for degree, table in tables.by_degree.items():
        unit = np.flatnonzero(groups.degree == degree)
        _add(sums, degree, table, groups.owner[unit], points, q0, exponent[:, unit], factors[unit], served)
    size = np.einsum("da,da->a", np.abs(q0) + np.take(box.half, nodes, axis=1), extent)
    rounding = np.expm1(np.minimum((4 * d + 24) * UNIT * size, 700.0)) + 16 * UNIT
    weight_error = (1 + np.maximum.reduceat(tables.error, groups.first)) * (1 + rounding) - 1
    flops = tables.flops + len(groups.node) * rows * (2 * d + 2 + 2 * columns)
    flops += exact_flops(d, columns, groups.size[mine].sum(), rows)
    largest = max(tables.by_degree, default=-1)
    return Sums(sums, loose, weight_error, flops, max(largest, 0), feature_plan(d, largest).rank if largest >= 0 else 0)


def _tables(keys: Side, cells: Cells, q0: Array, exponent: NDArray[np.int32], served: Reaches, rows: int) -> _Tables:
    """All tables of `cells`, and what they add to the certificate (docs/explanation/tree-engine.md)."""
    groups, d, columns = cells.groups, len(q0), keys.values.shape[1]
    shift, weight, error = (np.zeros(len(groups.node)) for _ in range(3))
    found: dict[int, Array] = {}
    flops = 0
    for degree in np.unique(groups.degree[groups.degree != EXACT]).tolist():
        mine = np.flatnonzero(groups.degree == degree)
        plan = feature_plan(d, degree)
        found[degree], shift[mine] = group_tables(keys, cells, groups, mine, q0, exponent, plan)
        sizes = found[degree][:, 0, -1].copy()
        _, coefficients, error[mine] = polynomial(served, degree)
        found[degree] *= (np.array(coefficients)[plan.degrees] * plan.multinomials)[:, None]
        # a factor of a monomial rounds once (key) or 3 times (query); then products, pieces of sums, rows, groups
        pieces = chunk(plan) + len(keys.values) // chunk(plan)
        roundings = 6 * degree + plan.rank + 16 + pieces + len(groups.node)
        weight[mine] = sizes * float(np.abs(coefficients).sum()) * roundings * UNIT * (1 + 1e-6)
        tokens, key_tokens = groups.size[mine].sum() + rows * len(mine), groups.size[mine].sum()
        flops += int(tokens * (plan.rank * (2 * columns + 1) + 2 * d) + key_tokens * (2 * d + 1 + columns))
    return _Tables(found, shift, weight, error, flops)


def _add(
    sums: Array,
    degree: int,
    table: Array,
    owner: Index,
    points: Array,
    q0: Array,
    exponent: NDArray[np.int32],
    factors: Array,
    served: Reaches,
) -> None:
    """Add to `sums` what the groups of one degree give to the queries of their cells."""
    d, rows = points.shape[0], points.shape[2]
    plan, bound = feature_plan(d, degree), polynomial(served, degree)[0]
    scale = np.ldexp(1.0, exponent) / bound
    room = np.empty(plan.rank * max(chunk(plan), rows))
    for a, b in batches(np.full(len(owner), rows), chunk(plan)):
        x = np.take(points, owner[a:b], axis=1)
        x -= np.take(q0, owner[a:b], axis=1)[:, :, None]
        x *= scale[:, a:b, None]
        phi = features(plan, x.reshape(d, -1), room).reshape(plan.starts[-1], b - a, rows)
        out = np.matmul(table[a:b].transpose(0, 2, 1), phi.transpose(1, 0, 2))
        out *= factors[a:b, None, :]
        at, cell = runs(owner[a:b])
        sums[cell] += np.add.reduceat(out, at, axis=0)


def runs(owner: Index) -> tuple[Index, Index]:
    """Where runs of equal entries start, and those entries.

    >>> [found.tolist() for found in runs(np.array([3, 3, 5, 8, 8]))]
    [[0, 2, 3], [3, 5, 8]]
    """
    at = np.flatnonzero(np.diff(owner, prepend=-1))
    return at, owner[at]


def _range(groups: Groups) -> tuple[Array, Array]:
    """(d, a) twice: the centre c of all keys that a query node needs, and at least |k - c|_l for those."""
    low = np.minimum.reduceat(groups.low, groups.first, axis=1)
    high = np.maximum.reduceat(groups.high, groups.first, axis=1)
    centre = low + (high - low) / 2
    return centre, np.maximum(high - centre, centre - low) * (1 + 1e-12)
