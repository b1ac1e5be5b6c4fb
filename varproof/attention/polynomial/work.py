"""The polynomial method on one head: keys into sums, sums into tables, outputs and their bounds, stage by stage."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from varproof.attention.features import FeaturePlan, feature_plan
from varproof.attention.head import Head
from varproof.attention.polynomial.array_kernel import ArrayKernel
from varproof.attention.polynomial.certificate import (
    Moments,
    Rounding,
    magnitude,
    moments,
    relative_bound,
    underflow_bound,
    weighted_bound,
)
from varproof.attention.polynomial.choice import Table
from varproof.attention.polynomial.frame import Frame, frame
from varproof.attention.polynomial.kernel import Kernel
from varproof.attention.result import HeadResult
from varproof.attention.tables.relative import RelativeTable
from varproof.attention.tables.weighted import WeightedTable
from varproof.base.errors import InputError

SINGLE_BLOCK = 512  # tokens of a block in float32: shorter sums, smaller certificates
ACCELERATOR_BLOCK = 2**15
CACHED = 2**17  # numbers of a block of outputs


@dataclass(frozen=True)
class Work:
    """A head in the computing dtype with its frame."""

    head: Head
    q: Any
    k: Any
    v: Any
    frame: Frame

    @staticmethod
    def of(head: Head, dtype: str) -> Work:
        xp = head.xp
        q, k, v = head.q, head.k, head.v
        if dtype != head.dtype:
            q, k, v = (xp.astype(x, getattr(xp, dtype)) for x in (q, k, v))
        return Work(head, q, k, v, frame(xp, head, q, k, v))

    def within(self, bound: float) -> Work:
        """The same work for the rows whose scores are known to be at most `bound`: `serve` certifies no others."""
        return replace(self, frame=self.frame.within(bound))

    @property
    def dtype(self) -> str:
        return str(self.q.dtype).rpartition(".")[2]

    def kernel(self, kernel: Kernel | None) -> Kernel:
        if kernel is not None:
            return kernel
        if str(self.q.device).partition(":")[0] != "cpu":
            return ArrayKernel(block=ACCELERATOR_BLOCK)
        return ArrayKernel(block=None if self.dtype == "float64" else SINGLE_BLOCK)

    def rounding(self, table: Table, kernel: Kernel, plan: FeaturePlan, factor: float) -> Rounding:
        head, at = self.head, self.frame
        operations = (
            kernel.state_roundings(plan, head.keys)
            + kernel.output_roundings(plan)
            + len(head.stages)  # running sums
            + 3  # coefficients: multinomial, its product with the polynomial's, the product with the state
            + plan.degree * (head.gamma_roundings + 2)  # factor of the queries, gamma
        )
        size = max(1.0, at.largest_query * factor)
        weights = table.weights if isinstance(table, WeightedTable) else table.coefficients
        underflow = max(
            underflow_bound(c, head.head_dim, plan.starts[-1], head.keys, at.half_range, size, self.dtype)
            for c in (table.coefficients, weights)
        )
        return Rounding(at.half_range, at.middle_size, operations, underflow, self.dtype, head.dtype)

    def accurate(self, table: Table, kernel: Kernel | None) -> bool:
        """Whether rounding should stay below a quarter of delta: all |p(s)| taken within e^bound of their mean."""
        plan = feature_plan(self.head.head_dim, table.degree)
        factor = self.frame.query_factor(self.head.gamma, table.bound)
        if not self.frame.usable(factor):
            return False
        noise = self.rounding(table, self.kernel(kernel), plan, factor).with_last_steps(0.0)
        noise += (
            2
            * self.frame.half_range
            * self.rounding(table, self.kernel(kernel), plan, factor).factor
            * math.exp(table.bound)
        )
        return bool(noise <= self.head.delta / 4)

    def serve(self, table: Table, kernel: Kernel | None, largest_state: int) -> HeadResult:
        """Values and bounds of all rows by one table, stage by stage; its bound must be at least the frame's."""
        head, at, xp, where = self.head, self.frame, self.head.xp, self.q.device
        engine, columns = self.kernel(kernel), head.value_dim + 1
        plan = feature_plan(head.head_dim, table.degree)
        rank = plan.starts[-1]
        _check_memory(plan, columns, largest_state)
        factor, inverse = at.query_factor(head.gamma, table.bound), 1 / at.key_scale
        rounding = self.rounding(table, engine, plan, factor)
        tables = [table.coefficients] + ([table.weights] if isinstance(table, WeightedTable) else [])
        multinomials = plan.multinomials
        scales = [xp.asarray(multinomials * np.asarray(c)[plan.degrees], device=where)[:, None] for c in tables]
        key_squares, query_squares = at.key_squares * inverse**2, at.query_squares * factor**2
        values = xp.empty((head.queries, head.value_dim), dtype=head.q.dtype, device=where)
        bound = xp.full((head.queries,), math.inf, dtype=xp.float64, device=where)
        state, seen, flops = None, Moments((0.0,) * (table.degree + 1)), 0
        for stage in head.stages:
            if stage.keys.stop > stage.keys.start:
                count = stage.keys.stop - stage.keys.start
                joined = engine.state(
                    plan, self.k[stage.keys], self.v[stage.keys], shift=at.centre, factor=inverse, value_shift=at.middle
                )
                flops += engine.state_flops(plan, count, head.value_dim) + (0 if state is None else rank * columns)
                state = joined if state is None else state + joined
                seen = seen + moments(xp, key_squares[stage.keys], table.degree)
            if stage.queries.stop == stage.queries.start:
                continue
            if state is None:
                values[stage.queries] = 0
                continue
            weighing = [state * scales[0]] + [state[:, -1:] * scale for scale in scales[1:]]
            weighed = xp.concat(weighing, axis=1) if len(weighing) > 1 else weighing[0]
            flops += rank * weighed.shape[1]
            rows, sums = stage.queries, []
            block = max(CACHED // weighed.shape[1], 1)
            for start in range(rows.start, rows.stop, block):
                part = slice(start, min(start + block, rows.stop))
                out = engine.outputs(plan, self.q[part], weighed, factor=factor)
                sums.append(self._divided(out, values[part], largest=len(tables) > 1))
                flops += engine.output_flops(plan, out.shape[0], weighed.shape[1])
                flops += out.shape[0] * (2 * head.value_dim + 1)
            joined_sums = sums[0] if len(sums) == 1 else [xp.concat(pieces) for pieces in zip(*sums, strict=True)]
            sizes = [magnitude(xp, c, seen, query_squares[rows]) for c in tables]
            bound[rows] = self._bounds(joined_sums, values[rows], sizes, table, rounding)
        if at.limited:  # there the polynomial was evaluated outside its interval
            bound = xp.where(at.beyond, xp.full_like(bound, math.inf), bound)
        return HeadResult(values, bound, "polynomial", table.degree, rank, flops)

    def _divided(self, out: Any, values: Any, *, largest: bool) -> list[Any]:
        """Write values; return Z^ and, for a weighted table, E^ and max_c |N^_c/Z^|, all float64."""
        xp, columns = self.head.xp, self.head.value_dim
        across = out.T
        ratios = across[:columns] * (1 / across[columns])
        found = [across[columns]]
        if largest:
            found += [across[columns + 1], xp.maximum(xp.max(ratios, axis=0), -xp.min(ratios, axis=0))]
        if self.dtype == self.head.dtype:
            xp.add(ratios.T, self.frame.middle, out=values)
        else:
            values[...] = xp.astype(ratios.T + self.frame.middle, values.dtype)
        return [xp.astype(x, xp.float64) for x in found]

    def _bounds(self, sums: list[Any], values: Any, sizes: list[Any], table: Table, rounding: Rounding) -> Any:
        xp = self.head.xp
        if isinstance(table, RelativeTable):
            found = relative_bound(xp, sums[0], sizes[0], table.error, rounding)
        else:
            normaliser, majorant, ratio = sums
            found = weighted_bound(xp, normaliser, majorant, ratio, sizes[0], sizes[1], rounding)
        if not math.isfinite(float(xp.sum(values))):
            # an overflow somewhere shows in the values; the sum of finite ones may overflow too
            found = xp.where(xp.all(xp.isfinite(values), axis=1), found, xp.full_like(found, math.inf))
        return found


def _check_memory(plan: FeaturePlan, columns: int, largest_state: int) -> None:
    size = 8 * plan.rank * columns
    if size > largest_state:
        raise InputError(
            f"degree {plan.degree} in {plan.head_dim} dimensions has rank {plan.rank}: its state takes {size} bytes",
            got=f"{size} bytes",
            allowed=f"at most {largest_state} bytes",
            hint='use engine="exact" or a larger delta',
        )
