"""The descent of the tree: which query cells, which keys each of them still needs, and which degrees serve them.

All query nodes of a level are treated at once, with the key nodes two levels finer. Key nodes that hold next to nothing
of every row sum are dropped; the cost of a cell is estimated for exact sums and for tables over groups of keys of
several sizes; in the end the cheapest cover of the queries is taken, from the leaves up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from varproof.attention.tree.bounds import Pairs, children, excess, rounding_slack
from varproof.attention.tree.cell_tree import Array, CellTree, Index
from varproof.attention.tree.costs import Costs
from varproof.attention.tree.groups import Groups, group_boxes, regroup

FINER_KEYS = 2  # key nodes are this many halvings ahead of query nodes
COARSER_GROUPS = 4  # groups of keys from key nodes themselves to this many halvings back
MOST_PAIRS = 1 << 21  # the descent ends where it would hold more pairs at once, some 200 bytes each
PATIENCE = 1.3  # a cell is not split further when a row costs this many times what it did in a larger cell


@dataclass(frozen=True)
class Cells:
    """Query nodes of one level, the key nodes they need, and how they are served.

    `share` (a,) bounds the part of every row sum that was dropped; `groups.degree` is `EXACT` for exact sums.
    """

    query_level: int
    key_level: int
    pairs: Pairs
    share: Array
    groups: Groups


@dataclass(frozen=True)
class _Found:
    """All query nodes that were reached on one level; `merged` is how far groups are merged."""

    query_level: int
    key_level: int
    pairs: Pairs
    share: Array
    cost: Array
    merged: Index


def cover(queries: CellTree, keys: CellTree, share: float, costs: Costs) -> list[Cells]:
    """Cells that cover all queries once; at most `share` of any row sum is dropped, as far as rounding allows."""
    extent = np.abs(keys.levels[0].centre[:, 0]) + keys.levels[0].half[:, 0]
    key_level = min(FINER_KEYS, keys.depth)
    width = 1 << key_level
    pairs = Pairs(np.zeros(1, np.int64), np.zeros(1, np.int64), np.full(1, width), np.arange(width))
    dropped, best = np.zeros(1), np.full(1, np.inf)
    found: list[_Found] = []
    for level in range(queries.depth + 1):
        slack = rounding_slack(queries.levels[level], pairs.nodes, extent, keys)
        gap = excess(queries.levels[level], keys.levels[key_level], pairs, slack)
        pairs, dropped = drop(keys, key_level, pairs, gap, dropped, share)
        cost, merged = _choose(queries, keys, level, key_level, pairs, costs)
        found.append(_Found(level, key_level, pairs, dropped, cost, merged))
        going_on = costs.worth_splitting(cost, queries.length(level)) & (cost <= PATIENCE * best)
        many = 4 * int(pairs.counts[going_on].sum()) > MOST_PAIRS
        if level == queries.depth or many or not going_on.any():
            break
        best = np.repeat(np.minimum(best, cost)[going_on] / 2, 2)
        pairs, dropped = pairs.only(going_on), np.repeat(dropped[going_on], 2)
        finer = key_level < keys.depth
        pairs, key_level = children(pairs, finer), key_level + finer
    return [
        cells
        for cheapest in _cheapest(found)
        for merged in np.unique(cheapest.merged)
        for cells in [_served(queries, keys, cheapest, int(merged), costs)]
    ]


def drop(keys: CellTree, key_level: int, pairs: Pairs, gap: Array, dropped: Array, share: float) -> tuple[Pairs, Array]:
    """Drop key nodes; all that a row loses on all levels together is at most `share` of its sum.

    `gap` (p,) is the log of the largest share of one key. Half of what may still be lost is spread over the keys that
    a query node still has; what was lost is added up as it is.
    """
    count = keys.levels[key_level].count[pairs.keys]
    allowed = np.maximum((share - dropped) / 2, 0.0) / np.add.reduceat(count, pairs.starts)
    with np.errstate(divide="ignore"):
        keep = (gap > np.log(allowed)[pairs.owner]) & (count > 0)
    lost = np.where(keep | (count == 0), 0.0, count * np.exp(np.minimum(gap, 0.0)))
    return pairs.keep(keep), (dropped + np.add.reduceat(lost, pairs.starts)) * (1 + 1e-9)


def _choose(
    queries: CellTree, keys: CellTree, level: int, key_level: int, pairs: Pairs, costs: Costs
) -> tuple[Array, Index]:
    """The least cost of every query node over all sizes of groups, and which one it is."""
    rows = queries.length(level)
    cost, merged = np.full(len(pairs.nodes), np.inf), np.zeros(len(pairs.nodes), np.int64)
    groups = group_boxes(queries.levels[level], keys, key_level, pairs, costs.served)
    for step in range(min(COARSER_GROUPS, key_level) + 1):
        if step:
            groups = regroup(groups, queries.levels[level], pairs, costs.served)
        attempt = np.add.reduceat(costs.best(groups.degree, groups.size, rows)[0], groups.first) + costs.cell
        better = attempt < cost
        cost[better], merged[better] = attempt[better], step
    return cost, merged


def _cheapest(found: list[_Found]) -> list[_Found]:
    """From the leaves up, a cell is replaced by its two halves where these cost less; then from the root down."""
    below = np.full(2 << found[-1].query_level, np.inf)
    takes: list[NDArray[np.bool_]] = []
    for level in reversed(found):
        halves = below[::2] + below[1::2]
        here = np.full(1 << level.query_level, np.inf)
        here[level.pairs.nodes] = level.cost
        takes.append(here <= halves)
        below = np.minimum(here, halves)
    chosen = []
    undecided = np.ones(1, dtype=np.bool_)
    for level, take in zip(found, reversed(takes), strict=True):
        mine = (undecided & take)[level.pairs.nodes]
        if mine.any():
            kept = level.pairs.only(mine)
            chosen.append(
                _Found(
                    level.query_level, level.key_level, kept, level.share[mine], level.cost[mine], level.merged[mine]
                )
            )
        undecided = np.repeat(undecided & ~take, 2)
    return chosen


def _served(queries: CellTree, keys: CellTree, found: _Found, merged: int, costs: Costs) -> Cells:
    """The cells of `found` that are served with groups merged `merged` times."""
    mine = found.merged == merged
    pairs, share = found.pairs.only(mine), found.share[mine]
    box = queries.levels[found.query_level]
    groups = group_boxes(box, keys, found.key_level, pairs, costs.served)
    for _ in range(merged):
        groups = regroup(groups, box, pairs, costs.served)
    degree = costs.best(groups.degree, groups.size, queries.length(found.query_level))[1]
    return Cells(found.query_level, found.key_level, pairs, share, replace(groups, degree=degree))
