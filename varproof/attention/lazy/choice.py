"""The engine for one head of Dask arrays: chosen before anything but ranges and norms is computed, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from varproof.approx.rank import monomial_rank
from varproof.attention.head import Head
from varproof.attention.lazy.chunks import Summary, summary
from varproof.attention.lazy.exact import exact_head
from varproof.attention.lazy.polynomial import Setup, joins, polynomial_head, score_bound, setup, table_for
from varproof.attention.polynomial.certificate import relative_error_within
from varproof.attention.polynomial.choice import exact_row_flops, polynomial_head_flops
from varproof.attention.polynomial.engine import LARGEST_STATE
from varproof.attention.polynomial.kernel import Kernel
from varproof.attention.prediction import beyond_memory, state_bytes
from varproof.attention.tables.relative import RelativeTable
from varproof.base.errors import CertificateError, InputError
from varproof.base.extras import optional

# a stage cuts chunks and adds tasks; beyond this many the sums of exact attention are the better graph
MOST_STAGES = 1000
USUAL_BOUND = 16.0  # up to here relative tables reach moderate errors
DELTAS_TRIED = 40  # each four times the one before, when a delta within reach is looked for


@dataclass(frozen=True)
class LazyHead:
    """Dask arrays `values` (m, d_v) and `bound` (m,), and what is known before they are computed."""

    values: Any
    bound: Any
    engine: str
    degree: int
    rank: int
    flops: int
    notes: tuple[str, ...]


def lazy_head(head: Head, engine: str, kernel: Kernel | None) -> LazyHead:
    """One head by `engine`: "auto", "exact" or "polynomial"; `kernel` None is the array kernel.

    Raises for "polynomial" where no polynomial reaches delta, with a delta that one reaches (`CertificateError`), and
    where its sums would not fit into memory (`InputError`).
    """
    if head.queries == 0:
        da = optional("dask.array")
        shape = (0, head.value_dim)
        values, bound = da.zeros(shape, dtype=head.q.dtype, chunks=shape), da.zeros((0,), chunks=(0,))
        return LazyHead(values, bound, engine.replace("auto", "exact"), 0, 0, 0, ("no queries",))
    about = summary(head)
    if np.array_equal(about.at.low, about.at.high):
        return _constant(head, about, "polynomial" if engine == "auto" and head.mask is None else engine)
    if engine == "exact":
        return _exact(head, about, "exact attention was asked for")
    if head.mask is not None:
        return _exact(head, about, "only exact attention knows masks")
    if len(head.stages) > MOST_STAGES:
        if engine == "polynomial":
            raise InputError(
                "too many levels for the polynomial engine on Dask arrays",
                got=f"{len(head.stages):,} levels",
                allowed=f"at most {MOST_STAGES:,}",
                hint='use engine="exact"',
            )
        return _exact(head, about, f"more than {MOST_STAGES} stages")
    table = table_for(head, about)
    if table is not None and (bytes_ := _bytes(head, table)) > LARGEST_STATE:
        rank = monomial_rank(head.head_dim, table.degree)
        if engine == "polynomial":
            raise beyond_memory(f"degree {table.degree}, rank {rank:,}", bytes_)
        return _exact(head, about, f"the sums of a polynomial of rank {rank:,} do not fit into memory")
    by = None if table is None else setup(head, about, table, kernel, joins=joins(head))
    if by is None:
        if engine == "polynomial":
            raise _out_of_reach(head, about, kernel)
        return _exact(head, about, "no polynomial reaches delta for these scores")
    cost, exact = polynomial_head_flops(head.head_dim, by.table, head.value_dim, head.queries, head.keys), _work(head)
    if engine == "auto" and cost >= exact:
        return _exact(head, about, f"a polynomial of rank {by.plan.rank} would cost {cost / exact:,.1f} times as much")
    if engine == "auto" and not by.expected <= head.delta:
        return _exact(head, about, f"a polynomial of rank {by.plan.rank} would leave too little of delta to rounding")
    return _polynomial(head, about, by, f"exact attention would cost {exact / cost:,.1f} times as much")


def _exact(head: Head, about: Summary, why: str) -> LazyHead:
    values, bound = exact_head(head, about)
    flops = head.pairs * (2 * head.head_dim + 2 * head.value_dim + 3)
    because = f"exact attention on chunks of rows, about {_work(head):.3g} operations: {why}"
    return LazyHead(values, bound, "exact", 0, 0, flops, (_numbers(head, about), because))


def _polynomial(head: Head, about: Summary, by: Setup, instead: str) -> LazyHead:
    values, bound = polynomial_head(head, by)
    flops = by.kernel.state_flops(by.plan, head.keys, head.value_dim)
    flops += by.kernel.output_flops(by.plan, head.queries, head.value_dim + 1)
    because = f"polynomial of degree {by.table.degree}, rank {by.plan.rank}, on chunks of rows; {instead}"
    return LazyHead(values, bound, "polynomial", by.table.degree, by.plan.rank, flops, (_numbers(head, about), because))


def _constant(head: Head, about: Summary, engine: str) -> LazyHead:
    """Weights add up to 1, so equal values come out as they are."""
    da = optional("dask.array")
    rows = head.q.chunks[0]
    value = da.from_array(about.at.low.astype(head.q.dtype))
    values = da.broadcast_to(value, (head.queries, head.value_dim), chunks=(rows, (head.value_dim,)))
    return LazyHead(values, da.zeros((head.queries,), chunks=(rows,)), engine, 0, 0, 0, ("all values are equal",))


def _numbers(head: Head, about: Summary) -> str:
    """What the choice looks at, as `routing` says it of arrays in memory."""
    eps = relative_error_within(head.delta, float(about.at.half.max()))
    return (
        f"m = {head.queries:,} queries, n = {head.keys:,} keys, d = {head.head_dim}; scores of centred keys up to "
        f"B = {score_bound(head, about):.4g}, ln n = {math.log(head.keys):.4g}; delta allows a relative error of "
        f"{eps:.4g} of the weights"
    )


def _work(head: Head) -> float:
    return head.pairs * exact_row_flops(head.head_dim, head.value_dim, 1)


def _bytes(head: Head, table: RelativeTable) -> int:
    return state_bytes(monomial_rank(head.head_dim, table.degree), head.value_dim)


def _out_of_reach(head: Head, about: Summary, kernel: Kernel | None) -> CertificateError:
    bound = score_bound(head, about)
    allowed = f"scores of centred keys up to B = {USUAL_BOUND:g}, and queries and keys of sizes within float64"
    for delta in (head.delta * 4.0**step for step in range(1, DELTAS_TRIED)):
        table = table_for(head, about, delta)
        by = None
        if table is not None and _bytes(head, table) <= LARGEST_STATE:
            by = setup(head, about, table, kernel, joins=joins(head))
        if by is not None and by.expected <= delta:
            allowed = f"delta >= {delta * 1.001:.4g} is surely within reach for these scores"
            break
    return CertificateError(
        "no polynomial reaches delta for these scores",
        got=f"delta = {head.delta:.3g}, scores of centred keys up to B = {bound:.4g}",
        allowed=allowed,
        hint='use engine="exact"',
    )
