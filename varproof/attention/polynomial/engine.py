"""Attention by polynomials: feature sums of keys, one product per query, and a certificate for every row.

Keys and values are centred, scores bounded by Cauchy-Schwarz, and exp replaced by a polynomial of the scores, which
factors through monomials of the tokens: cost linear in the number of tokens. Block-causal stages add their keys to
running sums. Rows whose certificate misses delta are computed again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from varproof.attention.exact import engine as exact
from varproof.attention.head import Head
from varproof.attention.polynomial.choice import Table, choose, exact_row_flops, polynomial_head_flops
from varproof.attention.polynomial.kernel import Kernel
from varproof.attention.polynomial.sample import as_numpy
from varproof.attention.polynomial.work import Work
from varproof.attention.result import HeadResult
from varproof.attention.tables.weighted import WeightedTable
from varproof.base.errors import InputError

LARGEST_STATE = 2**31  # bytes
RETAINED = 2**24  # bytes


def run(
    head: Head,
    *,
    kernel: Kernel | None = None,
    table: Table | None = None,
    weighted: bool | None = None,
    largest_state: int = LARGEST_STATE,
) -> HeadResult:
    """Attention of `head` by polynomials, with a rigorous bound for every row.

    `table`: use this one (its bound must cover the scores), else the cheapest that is expected to reach delta for
    nearly all rows, which may leave out the longest queries; `weighted` True or False restricts the choice to one
    kind. float32 heads are computed in float64 where rounding would take a large share of delta. Rows that miss delta
    are computed once more, exactly or with a relative table, and counted. Where no table exists or exact attention is
    expected to be cheaper the answer is exact attention's; `engine` says "exact" whenever every row is. A bound may
    exceed delta: the caller decides. Raises `InputError` for masks, for a table that does not cover the scores, and
    before allocating when the state would take more than `largest_state` bytes.

    >>> import numpy as np
    >>> from varproof.attention.head import Head, Stage
    >>> q = k = v = np.array([[0.0], [1.0]])
    >>> answer = run(Head(q, k, v, gamma=1.0, delta=1e-3, stages=(Stage(slice(0, 2), slice(0, 2)),)))
    >>> answer.degree, bool(abs(answer.values[0, 0] - 0.5) <= answer.bound[0] <= 1e-3)
    (3, True)
    """
    if head.mask is not None:
        raise InputError("the polynomial engine knows block-causal stages, no masks", hint='use engine="exact"')
    where = head.q.device
    if head.queries == 0 or head.value_dim == 0:
        xp = head.xp
        empty = xp.zeros((head.queries, head.value_dim), dtype=head.q.dtype, device=where)
        return HeadResult(empty, xp.zeros((head.queries,), dtype=xp.float64, device=where), "polynomial")
    # glibc keeps freed blocks up to the largest size freed so far; below, every call would fault its pages in again
    np.empty(RETAINED, dtype=np.uint8)
    with np.errstate(all="ignore"):  # overflow, underflow and NaN are met by the bound
        work = Work.of(head, head.dtype, kernel)
        xp = work.xp
        if work.frame.half_range == 0:
            values = xp.broadcast_to(work.frame.middle, (head.queries, head.value_dim)) + 0
            bound = xp.zeros((head.queries,), dtype=xp.float64, device=where)
            return HeadResult(values, bound, "polynomial", notes=("all values are equal",))
        if table is not None and not table.bound >= work.frame.bound:
            raise InputError("the table does not cover the scores", got=table.bound, allowed=f">= {work.frame.bound}")
        chosen = table if table is not None else choose(xp, head, work.frame, weighted)
        if chosen is None:
            return _all_exact(head)
        served = work.within(chosen.bound)
        if work.dtype != "float64" and not served.accurate(chosen, kernel):
            work = Work.of(head, "float64", kernel)
            served = work.within(chosen.bound)
        if not served.frame.usable(served.frame.query_factor(head.gamma, chosen.bound)):
            return _all_exact(head)
        first = served.serve(chosen, kernel, largest_state)
        return _again(head, first, work, chosen, kernel, largest_state, retry=table is None)


def _all_exact(head: Head) -> HeadResult:
    answer = exact.run(head, compute="float64")
    return replace(answer, notes=("no polynomial that would be cheaper: every row was computed exactly",))


def _again(
    head: Head,
    first: HeadResult,
    work: Work,
    table: Table,
    kernel: Kernel | None,
    largest_state: int,
    *,
    retry: bool,
) -> HeadResult:
    """`first` with the rows that miss delta replaced."""
    xp = work.xp
    missed = ~(first.bound <= head.delta)
    if not bool(xp.any(missed)):
        return first
    # where rounding the output to its type costs more than delta, computing it again is in vain
    sizes = xp.max(xp.abs(xp.astype(first.values, xp.float64)), axis=1)
    in_vain = head.unit * (1 - 2.0**-20) * (sizes - first.bound) > head.delta
    rows = np.flatnonzero(as_numpy(missed & ~in_vain))
    if len(rows) == 0:
        return first
    cheaper = None
    if retry and isinstance(table, WeightedTable):
        cheaper = choose(xp, head, work.frame, False)
        if cheaper is not None:
            per_row = exact_row_flops(head.head_dim, head.value_dim, head.pairs // head.queries)
            again = polynomial_head_flops(head.head_dim, cheaper, head.value_dim, len(rows), head.keys)
            cheaper = cheaper if again < len(rows) * per_row else None
    if cheaper is None:
        answer = exact.rows(head, rows, compute="float64")
        how = "exactly"
    else:
        answer = run(_rows_of(head, rows), kernel=kernel, table=None, weighted=False, largest_state=largest_state)
        how = "with a relative table"
    values, bound = first.values, first.bound
    index = xp.asarray(rows, device=head.q.device)
    better = answer.bound < bound[index]
    values[index] = xp.where(better[:, None], answer.values, values[index])
    bound[index] = xp.where(better, answer.bound, bound[index])
    return replace(
        first,
        engine="exact" if cheaper is None and len(rows) == head.queries else first.engine,
        degree=max(first.degree, answer.degree),
        rank=max(first.rank, answer.rank),
        flops=first.flops + answer.flops,
        rows_rerun=len(rows),
        notes=(*first.notes, f"{len(rows)} rows computed again {how}"),
    )


def _rows_of(head: Head, rows: Any) -> Head:
    """The head with the increasing query rows `rows` only; stages serve the rows that they served."""
    stages = []
    for stage in head.stages:
        start, stop = (int(x) for x in np.searchsorted(rows, [stage.queries.start, stage.queries.stop]))
        stages.append(replace(stage, queries=slice(start, stop)))
    q = head.xp.take(head.q, head.xp.asarray(rows, device=head.q.device), axis=0)
    return replace(head, q=q, stages=tuple(stages))
