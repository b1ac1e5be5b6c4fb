"""The tree engine: attention for head dimension at most 3 at any size of scores, with a certificate for every row."""

from __future__ import annotations

from typing import Any

import numpy as np

from varproof.attention.head import Head
from varproof.attention.result import HeadResult
from varproof.attention.tree.cell_tree import Array, build_tree
from varproof.attention.tree.certificate import certified
from varproof.attention.tree.costs import Costs
from varproof.attention.tree.degrees import reaches
from varproof.attention.tree.descent import cover
from varproof.attention.tree.stage import Problem, stored_problem
from varproof.attention.tree.states import Side
from varproof.attention.tree.tables import cell_sums
from varproof.base.tolerances import UNIT_ROUNDOFF

MAX_HEAD_DIM = 3
LEAF = 16
POLYNOMIAL_SHARE = 0.85  # of delta goes to the polynomials
DROPPED_SHARE = 0.05  # and this much to keys left out, which count twice
LEAST_RATIO = 1e-16  # delta/h below it is out of reach in float64


def run(head: Head, *, leaf: int = LEAF) -> HeadResult:
    """Attention of a head with d <= 3 and no mask; `leaf` is the largest number of points of a leaf.

    Computes in float64 on the host and returns arrays of the head's namespace, device and dtype. A stage is full
    attention of its queries over all keys seen, with trees of its own: for stages whose token counts grow
    geometrically, as in visual autoregressive models, all trees together cost a small multiple of the last. The bound
    holds for every row (docs/explanation/tree-engine.md); where `head.delta` is out of reach it is larger than
    delta, and at most the largest range of a column of the values.

    >>> from varproof.attention.head import Stage
    >>> points = np.linspace(-1.0, 1.0, 400).reshape(200, 2)
    >>> head = Head(points, points, points, 50.0, 1e-3, (Stage(slice(0, 200), slice(0, 200)),))
    >>> result = run(head)
    >>> result.values.shape, bool((result.bound <= 1e-3).all())
    ((200, 2), True)
    """
    q, k, v = (_on_host(array) for array in (head.q, head.k, head.v))
    values, bound = np.zeros((head.queries, head.value_dim)), np.zeros(head.queries)
    seen: list[Array] = []
    seen_values: list[Array] = []
    flops = degree = rank = 0
    for stage in head.stages:
        seen.append(k[stage.keys])
        seen_values.append(v[stage.keys])
        rows = q[stage.queries]
        if len(rows):
            problem = stored_problem(rows, np.concatenate(seen), np.concatenate(seen_values), head)
            done = _attend(problem, head.delta, leaf)
            values[stage.queries], bound[stage.queries] = done[0], done[1]
            flops, degree, rank = flops + done[2], max(degree, done[3]), max(rank, done[4])
    if head.dtype != "float64":
        bound += UNIT_ROUNDOFF[head.dtype] * np.abs(v).max(initial=0.0) * (1 + 1e-6) + 2.0**-149
    xp, device = head.xp, _device(head)
    note = "computed with NumPy in float64 on the host" if "numpy" not in xp.__name__ else "computed with NumPy"
    return HeadResult(
        values=xp.asarray(values.astype(head.dtype), **device),
        bound=xp.asarray(bound, **device),
        engine="tree",
        degree=degree,
        rank=rank,
        flops=flops,
        notes=(note,),
    )


def _on_host(array: Any) -> Array:
    """A float64 NumPy array of the same numbers."""
    if hasattr(array, "detach"):
        array = array.detach().cpu().numpy()
    return np.asarray(array, dtype=np.float64)


def _device(head: Head) -> dict[str, Any]:
    return {} if isinstance(head.q, np.ndarray) else {"device": head.q.device}


def _attend(problem: Problem, delta: float, leaf: int) -> tuple[Array, Array, int, int, int]:
    """Values (m, d_v), bound (m,), flops, degree and rank of full attention."""
    values = np.zeros((len(problem.q), len(problem.middle)))
    error = np.full(len(problem.q), np.inf)
    if not problem.tractable:
        return (*problem.finish(values * np.nan, error), 0, 0, 0)
    h = problem.half_range
    ratio = max(min(delta / h, 0.5), LEAST_RATIO) if h > 0 else 0.5
    queries, keys = build_tree(problem.q, leaf), build_tree(problem.k, leaf)
    costs = Costs(values.shape[1], reaches(problem.q.shape[1], POLYNOMIAL_SHARE * ratio))
    columns = np.concatenate([problem.v, np.ones((len(problem.v), 1))], axis=1)[keys.order]
    columns[~keys.real] = 0.0
    side = Side(keys, columns)
    flops = degree = rank = 0
    for cells in cover(queries, keys, DROPPED_SHARE * ratio, costs):
        sums = cell_sums(queries, side, cells, costs.served)
        centred, bound = certified(sums, cells.share, h)
        shape = (-1, queries.length(cells.query_level))
        rows = queries.order.reshape(shape)[cells.pairs.nodes].ravel()
        # repeated rows are written again with a value of their own, as good as the first
        values[rows] = centred.transpose(0, 2, 1).reshape(len(rows), -1)
        error[rows] = bound.ravel()
        flops, degree, rank = flops + sums.flops, max(degree, sums.degree), max(rank, sums.rank)
    return (*problem.finish(values, error), flops, degree, rank)
