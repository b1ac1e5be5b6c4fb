"""Bounds of scores over pairs of boxes, and how much mass may be left out, for many pairs of a level at once.

Pairs (query node Q, key node K) are sorted by Q. Scores are taken relative to a key point c of each Q: a term that is
the same for all keys does not change attention. For all q in Q, with m(K) the mean and |K| the number of keys,

    <q, k - c>                     <= upper = <q0, k0 - c> + sum_l h_l |k0 - c|_l + sum_l (|q0| + h)_l g_l   for k in K,
    log sum_{k in K} e^{<q, k-c>}  >= log |K| + <q0, m - c> - sum_l h_l |m - c|_l                            (Jensen),

q0 +- h and k0 +- g the boxes. With L the log of the sum of the e^{lower}, K holds at most the share |K| e^{upper - L}
of every row sum of Q. Shares only refer to true row sums, so those of several levels add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from varproof.attention.tree.cell_tree import Array, CellTree, Index, Level

UNIT = 2.0**-53


@dataclass(frozen=True)
class Pairs:
    """Key nodes `keys` (p,) of every query node in `nodes` (a,): `keys[starts[i]:starts[i] + counts[i]]`."""

    nodes: Index
    starts: Index
    counts: Index
    keys: Index

    @property
    def owner(self) -> Index:
        """(p,): the position in `nodes` of every pair."""
        return np.repeat(np.arange(len(self.nodes)), self.counts)

    def keep(self, chosen: NDArray[np.bool_]) -> Pairs:
        """The pairs marked in `chosen` (p,) boolean; every query node must keep one."""
        counts = np.add.reduceat(chosen, self.starts, dtype=np.int64)
        return Pairs(self.nodes, starts_of(counts), counts, self.keys[chosen])

    def only(self, chosen: NDArray[np.bool_]) -> Pairs:
        """The query nodes marked in `chosen` (a,) boolean, with all their pairs."""
        counts = self.counts[chosen]
        return Pairs(self.nodes[chosen], starts_of(counts), counts, self.keys[np.repeat(chosen, self.counts)])


def starts_of(counts: Index) -> Index:
    """Where each of several runs starts.

    >>> starts_of(np.array([2, 1, 3])).tolist()
    [0, 2, 3]
    """
    return np.cumsum(counts) - counts


def children(pairs: Pairs, refine_keys: bool) -> Pairs:
    """Both halves of every query node with the key nodes of their parent, halved too if `refine_keys`."""
    keys = np.stack([2 * pairs.keys, 2 * pairs.keys + 1], axis=1).ravel() if refine_keys else pairs.keys
    counts = pairs.counts * (2 if refine_keys else 1)
    starts = starts_of(counts)
    # the run of a parent is written twice in a row
    doubled = np.repeat(counts, 2)
    first = starts_of(doubled)
    shift = np.repeat(starts, 2) - first
    position = np.arange(int(doubled.sum())) + np.repeat(shift, doubled)
    nodes = np.stack([2 * pairs.nodes, 2 * pairs.nodes + 1], axis=1).ravel()
    return Pairs(nodes, first, doubled, keys[position])


def rounding_slack(queries: Level, nodes: Index, reach: Array, keys: CellTree) -> Array:
    """(a,): more than all rounding in `upper`, `lower` and L, from |q|_l `reach`_l with |k|_l <= `reach`_l.

    Differences, products and sums of a bound are at most 40 roundings of terms up to 6 sum_l |q|_l reach_l; the mean
    of a node rounds leaf + depth + 2 times; logarithms and sums of exponentials are covered by the last terms.
    """
    size = (np.abs(queries.centre[:, nodes]) + queries.half[:, nodes]).T @ reach
    return np.asarray((240 + 4 * (keys.leaf + keys.depth)) * UNIT * size + 1e-10 + 4 * UNIT * keys.points.shape[1])


def excess(queries: Level, keys: Level, pairs: Pairs, slack: Array) -> Array:
    """(p,): upper - L of every pair, rounded up: e to it bounds the share of one key of K in every row sum of Q."""
    owner, k = pairs.owner, pairs.keys
    centre, half = np.take(queries.centre, pairs.nodes, axis=1), np.take(queries.half, pairs.nodes, axis=1)
    mean, log_count = np.take(keys.mean, k, axis=1), np.log(np.maximum(keys.count, 0.5))[k]
    log_count[keys.count[k] == 0] = -np.inf
    q = np.take(centre, owner, axis=1)
    at_centre = log_count + np.einsum("lp,lp->p", q, mean)
    best = np.maximum.reduceat(at_centre, pairs.starts)
    reference = np.empty((len(centre), len(pairs.nodes)))
    attained = np.flatnonzero(at_centre == best[owner])
    reference[:, owner[attained]] = mean[:, attained]
    c, h = np.take(reference, owner, axis=1), np.take(half, owner, axis=1)
    mean -= c
    lower = log_count + np.einsum("lp,lp->p", q, mean) - np.einsum("lp,lp->p", h, np.abs(mean))
    total = np.log(np.add.reduceat(np.exp(lower), pairs.starts)) - 2 * slack
    away = np.take(keys.centre, k, axis=1) - c
    upper = np.einsum("lp,lp->p", q, away) + np.einsum("lp,lp->p", h, np.abs(away))
    upper += np.einsum("lp,lp->p", np.take(np.abs(centre) + half, owner, axis=1), np.take(keys.half, k, axis=1))
    return np.asarray(upper - total[owner])
