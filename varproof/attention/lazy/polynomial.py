"""The polynomial method on Dask arrays: sums over chunks of keys, outputs for chunks of queries, the same certificate.

Feature sums of chunks of keys are added by a tree and, for block-causal attention, stage after stage; a chunk of
queries then needs nothing but the sums. Relative tables only, in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.exact.rounding import row_norms
from varproof.attention.features import FeaturePlan, feature_plan
from varproof.attention.head import Head
from varproof.attention.lazy.chunks import Chunk, Summary, levels, row_chunks, tree
from varproof.attention.lazy.exact import chunked, require
from varproof.attention.polynomial.array_kernel import ArrayKernel
from varproof.attention.polynomial.certificate import (
    INFLATION,
    Moments,
    Rounding,
    l1_bound,
    magnitude,
    moments,
    relative_bound,
    relative_error_within,
    term_roundings,
    underflow_bound,
)
from varproof.attention.polynomial.frame import Frame
from varproof.attention.polynomial.kernel import Kernel
from varproof.attention.tables.bound_grid import LARGEST_BOUND
from varproof.attention.tables.relative import RelativeTable, relative_table_for
from varproof.base.extras import optional

TABLE_SHARE = 0.99  # of delta; the rest is for rounding


@dataclass(frozen=True)
class Setup:
    """What every task needs: the table and its features, where tokens are centred, how they are scaled."""

    table: RelativeTable
    plan: FeaturePlan
    kernel: Kernel
    centre: NDArray[np.float64]
    middle: NDArray[np.float64]
    key_factor: float
    query_factor: float
    rounding: Rounding

    @property
    def expected(self) -> float:
        """What the bound of a row is at most: A <= n sum_k |a_k|, and Z is about n e^-bound or more."""
        size = sum(map(abs, self.table.coefficients)) * math.exp(self.table.bound)
        noise = 2 * self.rounding.half_range * self.rounding.factor * size
        return float(self.rounding.with_last_steps(self.rounding.half_range * l1_bound(self.table.error) + noise))


@dataclass(frozen=True)
class State:
    """Feature sums (r, d_v + 1) and norm moments of the keys seen."""

    sums: NDArray[np.float64]
    seen: Moments


def score_bound(head: Head, about: Summary) -> float:
    """B >= gamma max|q| max|k'| for the real gamma and keys k' centred at the frame of `about`."""
    gamma = abs(head.gamma) * (1 + (head.gamma_roundings + 1) * 2.0**-52)
    return gamma * about.largest_query * about.largest_key * (1 + 2.0**-48)


def table_for(head: Head, about: Summary, delta: float | None = None) -> RelativeTable | None:
    """The relative table for a head and its delta or another, None where none reaches it."""
    half_range, bound = float(about.at.half.max()), score_bound(head, about)
    if not bound <= LARGEST_BOUND or half_range == 0:
        return None
    return relative_table_for(
        bound, relative_error_within((head.delta if delta is None else delta) * TABLE_SHARE, half_range)
    )


def setup(
    head: Head, about: Summary, table: RelativeTable, kernel: Kernel | None = None, *, joins: int = 64
) -> Setup | None:
    """The polynomial of `table_for` for a head, None where its scaling would overflow or underflow.

    `joins`: additions of a term between chunks.
    """
    at = about.at
    half_range, bound = float(at.half.max()), score_bound(head, about)
    middle_size = float(np.abs(at.middle).max())
    none = np.zeros(0)
    where = Frame(
        at.centre,
        at.middle,
        half_range,
        middle_size,
        none,
        none,
        about.largest_query,
        about.largest_key,
        bound,
    )
    factor = where.query_factor(head.gamma, table.bound)
    if not where.usable(factor):
        return None
    engine: Kernel = ArrayKernel() if kernel is None else kernel
    plan = feature_plan(head.head_dim, table.degree)
    passes = engine.state_roundings(plan, head.keys) + engine.output_roundings(plan)
    operations = term_roundings(passes, joins, plan.degree, head.gamma_roundings)
    size = max(1.0, about.largest_query * factor)
    lost = underflow_bound(table.coefficients, head.head_dim, plan.rank, head.keys, half_range, size, "float64")
    rounding = Rounding(half_range, middle_size, operations, lost, "float64", head.dtype)
    return Setup(table, plan, engine, at.centre, at.middle, 1 / where.key_scale, factor, rounding)


def _state(k: Any, v: Any, by: Setup) -> State:
    k, v = k.astype(np.float64), v.astype(np.float64)
    with np.errstate(all="ignore"):
        sums = by.kernel.state(by.plan, k, v, shift=by.centre, factor=by.key_factor, value_shift=by.middle)
        # centring rounds once more than the norms know
        squares = (row_norms(np, k - by.centre) * (by.key_factor * INFLATION)) ** 2 * INFLATION
        return State(np.asarray(sums, dtype=np.float64), moments(np, squares, by.table.degree))


def _joined(one: State, other: State) -> State:
    return State(one.sums + other.sums, one.seen + other.seen)


def _outputs(q: Any, state: State, by: Setup, delta: float) -> tuple[Any, Any]:
    dtype, q = q.dtype, q.astype(np.float64)
    with np.errstate(all="ignore"):
        coefficients = np.asarray(by.table.coefficients)[by.plan.degrees]
        weighed = state.sums * (by.plan.multinomials * coefficients)[:, None]
        out = by.kernel.outputs(by.plan, q, weighed, factor=by.query_factor)
        squares = (row_norms(np, q) * (by.query_factor * INFLATION)) ** 2 * INFLATION
        size = magnitude(np, by.table.coefficients, state.seen, squares)
        bound = relative_bound(np, out[:, -1], size, by.table.error, by.rounding)
        values = (out[:, :-1] * (1 / out[:, -1:]) + by.middle).astype(dtype)
    bound = np.where(np.isfinite(values).all(axis=1), bound, np.inf)
    # a larger delta leaves 1 - TABLE_SHARE of itself to rounding, which stays what it is
    noise = np.max(bound) - by.rounding.half_range * l1_bound(by.table.error)
    floor = max(float(np.max(bound)), float(noise) / (1 - TABLE_SHARE) * 1.01)
    require(bound, delta, floor=floor, hint='engine="exact" has a lower floor')
    return values, bound


def polynomial_head(head: Head, by: Setup) -> tuple[Any, Any]:
    """Lazy values (m, d_v) and bound (m,) of a head of Dask arrays; chunks are cut where a stage ends."""
    delayed = optional("dask").delayed
    state_of, joined, outputs = delayed(_state), delayed(_joined), delayed(_outputs, nout=2)
    cuts = [stage.keys.stop for stage in head.stages] + [stage.keys.start for stage in head.stages]
    keys = row_chunks(head.k, cuts)
    values = row_chunks(head.v.rechunk((tuple(chunk.stop - chunk.start for chunk in keys), -1)))
    query_cuts = [stage.queries.stop for stage in head.stages] + [stage.queries.start for stage in head.stages]
    queries = row_chunks(head.q, query_cuts)
    shared = delayed(by)
    running, found = None, []
    for stage in head.stages:
        parts = [
            state_of(key.rows, value.rows, shared)
            for key, value in zip(keys, values, strict=True)
            if stage.keys.start <= key.start < stage.keys.stop
        ]
        if parts:
            joining = tree(joined, parts)
            running = joining if running is None else joined(running, joining)
        found += [
            (chunk, outputs(chunk.rows, running, shared, head.delta))
            for chunk in queries
            if stage.queries.start <= chunk.start < stage.queries.stop
        ]
    found.sort(key=_start)
    return chunked(found, head.value_dim, head.q.dtype)


def _start(found: tuple[Chunk, Any]) -> int:
    return found[0].start


def joins(head: Head) -> int:
    """Additions of a term of the feature sums between chunks: the trees and the running sums."""
    count = len(row_chunks(head.k, [stage.keys.stop for stage in head.stages]))
    return levels(count) + len(head.stages) + 1
