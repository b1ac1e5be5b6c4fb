"""The polynomial method on one head: keys into sums, sums into tables, outputs and their bounds, stage by stage."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from varproof.attention.features import FeaturePlan, feature_plan
from varproof.attention.head import Head
from varproof.attention.polynomial.array_kernel import ArrayKernel
from varproof.attention.polynomial.certificate import (
    INFLATION,
    Rounding,
    l1_bound,
    magnitude,
    relative_bound,
    term_roundings,
    underflow_bound,
    weighted_bound,
)
from varproof.attention.polynomial.choice import Table
from varproof.attention.polynomial.frame import Frame, frame
from varproof.attention.polynomial.kernel import Kernel
from varproof.attention.polynomial.passes import Passes, passes_of
from varproof.attention.polynomial.seen import Seen
from varproof.attention.result import HeadResult
from varproof.attention.tables.relative import RelativeTable
from varproof.attention.tables.weighted import WeightedTable
from varproof.base.errors import InputError

SINGLE_BLOCK = 512  # tokens of a block in float32: shorter sums, smaller certificates
ACCELERATOR_BLOCK = 2**15
CACHED = 2**17  # numbers of a block of outputs
CLOSE = 1 + 1e-3  # one bound serves all rows where it is no larger than this times what it would be without rounding


@dataclass(frozen=True)
class Work:
    """A head in the computing dtype with its frame; `xp` is its namespace, `dtype` "float64" or "float32"."""

    head: Head
    q: Any
    k: Any
    v: Any
    frame: Frame
    xp: Any
    dtype: str

    @staticmethod
    def of(head: Head, dtype: str, kernel: Kernel | None = None) -> Work:
        """The head in the computing dtype; a kernel that brings passes of its own has them used."""
        xp = head.xp
        q, k, v = head.q, head.k, head.v
        if dtype != head.dtype:
            q, k, v = (xp.astype(x, getattr(xp, dtype)) for x in (q, k, v))
        return Work(head, q, k, v, frame(xp, head, q, k, v, passes_of(xp, kernel)), xp, dtype)

    def within(self, bound: float) -> Work:
        """The same work for the rows whose scores are known to be at most `bound`: `serve` certifies no others."""
        return replace(self, frame=self.frame.within(bound))

    def kernel(self, kernel: Kernel | None) -> Kernel:
        if kernel is not None:
            return kernel
        if str(self.q.device).partition(":")[0] != "cpu":
            return ArrayKernel(block=ACCELERATOR_BLOCK)
        return ArrayKernel(block=None if self.dtype == "float64" else SINGLE_BLOCK)

    def rounding(self, table: Table, kernel: Kernel, plan: FeaturePlan, factor: float) -> Rounding:
        head, at = self.head, self.frame
        passes = kernel.state_roundings(plan, head.keys) + kernel.output_roundings(plan)
        operations = term_roundings(passes, len(head.stages), plan.degree, head.gamma_roundings)
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
        head, at, xp, where = self.head, self.frame, self.xp, self.q.device
        engine, columns = self.kernel(kernel), head.value_dim + 1
        plan = feature_plan(head.head_dim, table.degree)
        rank = plan.starts[-1]
        _check_memory(plan, columns, largest_state)
        factor, inverse = at.query_factor(head.gamma, table.bound), 1 / at.key_scale
        rounding = self.rounding(table, engine, plan, factor)
        passes = passes_of(xp, engine)
        tables = [table.coefficients] + ([table.weights] if isinstance(table, WeightedTable) else [])
        scales = [xp.asarray(_scale(plan, c), device=where) for c in tables]
        values = xp.empty((head.queries, head.value_dim), dtype=head.q.dtype, device=where)
        bound = xp.full((head.queries,), math.inf, dtype=xp.float64, device=where)
        state, seen, flops = None, Seen(inverse, table.degree), 0
        for stage in head.stages:
            if stage.keys.stop > stage.keys.start:
                count = stage.keys.stop - stage.keys.start
                joined = engine.state(
                    plan, self.k[stage.keys], self.v[stage.keys], shift=at.centre, factor=inverse, value_shift=at.middle
                )
                flops += engine.state_flops(plan, count, head.value_dim) + (0 if state is None else rank * columns)
                state = joined if state is None else state + joined
                seen.add(at.key_squares[stage.keys])
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
                sums.append(self._divided(passes, out, values[part], largest=len(tables) > 1))
                flops += engine.output_flops(plan, out.shape[0], weighed.shape[1])
                flops += out.shape[0] * (2 * head.value_dim + 1)
            joined_sums = sums[0] if len(sums) == 1 else [xp.concat(pieces) for pieces in zip(*sums, strict=True)]
            bound[rows] = self._bounds(joined_sums, rows, seen, table, rounding, factor)
        if not math.isfinite(float(xp.sum(values))):
            # an overflow somewhere shows in the values; the sum of finite ones may overflow too
            bound = xp.where(xp.all(xp.isfinite(values), axis=1), bound, xp.full_like(bound, math.inf))
        if at.limited:  # there the polynomial was evaluated outside its interval
            bound = xp.where(at.beyond, xp.full_like(bound, math.inf), bound)
        return HeadResult(values, bound, "polynomial", table.degree, rank, flops)

    def _divided(self, passes: Passes, out: Any, values: Any, *, largest: bool) -> list[Any]:
        """Write values; return Z^ and, for a weighted table, E^ and max_c |N^_c/Z^|, all float64."""
        xp, columns = self.xp, self.head.value_dim
        sizes = passes.divided(out, self.frame.middle, values, largest=largest)
        found = [out[:, columns]] + ([out[:, columns + 1], sizes] if largest else [])
        return [xp.astype(x, xp.float64, copy=False) for x in found]

    def _bounds(self, sums: list[Any], rows: slice, seen: Seen, table: Table, rounding: Rounding, factor: float) -> Any:
        """(rows,) or one number for all of them."""
        xp, at = self.xp, self.frame
        if isinstance(table, RelativeTable):
            common = None if at.limited else self._common_bound(sums[0], seen, table, rounding, factor)
            if common is not None:
                return common
        squares = at.query_squares[rows] * factor**2
        size = magnitude(xp, table.coefficients, seen.moments(xp), squares)
        if isinstance(table, RelativeTable):
            return relative_bound(xp, sums[0], size, table.error, rounding)
        normaliser, majorant, ratio = sums
        weight = magnitude(xp, table.weights, seen.moments(xp), squares)
        return weighted_bound(xp, normaliser, majorant, ratio, size, weight, rounding)

    def _common_bound(
        self, normaliser: Any, seen: Seen, table: RelativeTable, rounding: Rounding, factor: float
    ) -> float | None:
        """`relative_bound` at the least Z^ and the largest A, for every row; None where it is not close to all."""
        xp, at = self.xp, self.frame
        least, most = float(xp.min(normaliser)), float(xp.max(normaliser))
        if not (least > 0 and most < math.inf):
            return None
        product = at.largest_query * factor * at.largest_key * seen.inverse
        size = seen.keys * sum(abs(a) * product**k for k, a in enumerate(table.coefficients)) * INFLATION
        if not size < math.inf:
            return None
        one = np.array([least]), np.array([size])
        found = float(relative_bound(np, *one, table.error, rounding)[0])
        without_rounding = rounding.with_last_steps(at.half_range * l1_bound(table.error))
        return found if found <= without_rounding * CLOSE else None


@lru_cache(maxsize=64)
def _scale(plan: FeaturePlan, coefficients: tuple[float, ...]) -> Any:
    """(r, 1): multinomial times coefficient."""
    return (plan.multinomials * np.asarray(coefficients)[plan.degrees])[:, None]


def _check_memory(plan: FeaturePlan, columns: int, largest_state: int) -> None:
    size = 8 * plan.starts[-1] * columns
    if size > largest_state:
        raise InputError(
            f"degree {plan.degree} in {plan.head_dim} dimensions has rank {plan.rank}: its state takes {size} bytes",
            got=f"{size} bytes",
            allowed=f"at most {largest_state} bytes",
            hint='use engine="exact" or a larger delta',
        )
