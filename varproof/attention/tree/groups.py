"""Groups of the keys that a query cell needs: neighbouring key nodes that share one table of polynomials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from varproof.attention.tree.bounds import Pairs
from varproof.attention.tree.cell_tree import ROUND_UP, Array, CellTree, Index, Level
from varproof.attention.tree.degrees import Reaches


@dataclass(frozen=True)
class Groups:
    """Groups in the order of the pairs: group i holds the pairs from `starts[i]` to the next start.

    `owner` is the position of its query node, `first` the first group of every query node, `node` the common ancestor
    of its key nodes, `size` its number of keys (repeated rows included). Its keys lie in `centre` +- `half` (d, groups)
    and |<q - q0, k - centre>| <= `reach` for the queries of the node, q0 the centre of their box. `degree` is
    the one needed, the number of degrees where none serves.
    """

    starts: Index
    owner: Index
    first: Index
    node: Index
    size: Array
    low: Array
    high: Array
    centre: Array
    half: Array
    reach: Array
    degree: Index


def group_boxes(queries: Level, keys: CellTree, key_level: int, pairs: Pairs, served: Reaches) -> Groups:
    """Every key node for itself."""
    box = keys.levels[key_level]
    centre, half = np.take(box.centre, pairs.keys, axis=1), np.take(box.half, pairs.keys, axis=1)
    size = np.full(len(pairs.keys), float(keys.length(key_level)))
    start = np.arange(len(pairs.keys))
    # rounding outwards keeps the box of the keys inside [low, high]
    low, high = centre - half * ROUND_UP, centre + half * ROUND_UP
    low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
    return _groups(queries, pairs, served, start, pairs.owner, pairs.keys, size, low, high)


def regroup(groups: Groups, queries: Level, pairs: Pairs, served: Reaches) -> Groups:
    """Merge the groups of a query node whose ancestors are the two halves of one node."""
    node = groups.node >> 1
    new = np.ones(len(node), dtype=np.bool_)
    new[1:] = (node[1:] != node[:-1]) | (groups.owner[1:] != groups.owner[:-1])
    at = np.flatnonzero(new)
    return _groups(
        queries,
        pairs,
        served,
        groups.starts[at],
        groups.owner[at],
        node[at],
        np.add.reduceat(groups.size, at),
        np.minimum.reduceat(groups.low, at, axis=1),
        np.maximum.reduceat(groups.high, at, axis=1),
    )


def _groups(
    queries: Level,
    pairs: Pairs,
    served: Reaches,
    starts: Index,
    owner: Index,
    node: Index,
    size: Array,
    low: Array,
    high: Array,
) -> Groups:
    centre = low + (high - low) / 2
    half = np.maximum(high - centre, centre - low) * ROUND_UP
    reach = np.einsum("lp,lp->p", np.take(queries.half, pairs.nodes[owner], axis=1), half) * (1 + 1e-12)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    return Groups(starts, owner, first, node, size, low, high, centre, half, reach, served.degrees(reach))
