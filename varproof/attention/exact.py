"""Exact attention: streaming blocked softmax with a rigorous a-posteriori bound on its rounding, row by row.

Never more than a block of scores is stored. Where gamma |q_i| max|k'| is at most `UNSHIFTED` the exponentials are taken
without a shift, elsewhere with a running one. Outputs stay inside the range of the values, so that the range is a bound
even where scores overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.exact_blocks import (
    KEY_BLOCK,
    QUERY_BLOCK,
    Frame,
    KeyBlock,
    Partial,
    block_roundings,
    contiguous,
    frame,
    key_block,
    partial_sums,
)
from varproof.attention.exact_rounding import INFLATION, UNSHIFTED, Roundings, output_error, row_norms
from varproof.attention.head import Head
from varproof.attention.result import HeadResult
from varproof.base.tolerances import UNIT_ROUNDOFF

_WASTE = 2**15  # pairs that may be computed in vain to spare a block's overhead


def score_bounds(xp: Any, q: Any, gamma: float, key_bound: float) -> tuple[Any, Any]:
    """(rows,) float64 gamma |q_i| and gamma |q_i| max|k'|, rounded up."""
    query_bound = row_norms(xp, q) * (abs(gamma) * (1 + 1e-9))
    return query_bound, query_bound * key_bound


def score_roundings(head_dim: int, gamma_roundings: int) -> int:
    """Roundings of a score: centring of the key, gamma and its cast, gamma times the query, d products and sums."""
    return head_dim + 3 + gamma_roundings


def finish(
    xp: Any,
    part: Partial,
    at: Frame,
    counts: Roundings,
    *,
    query_bound: Any,
    score_bound: Any,
    key_bound: float,
    dtype: Any,
) -> tuple[Any, Any]:
    """Values (rows, d_v) in `dtype` and their bound (rows,) from the sums over all keys of each row."""
    shifted = part.shift is not None
    normaliser = part.sums[-1, :]
    half, scale = (at.half / at.scale)[:, None], at.scale[:, None]
    ratio = part.sums[:-1, :] / normaliser
    error = output_error(
        xp,
        ratio=ratio,
        normaliser=normaliser,
        half=half,
        score_error=counts.score_error(xp, score_bound, query_bound, key_bound, shifted=shifted),
        sum_error=counts.sum_error(),
        underflow=counts.underflow(shifted=shifted),
    )
    middle, low, high = (xp.astype(x, xp.float64)[:, None] for x in (at.middle, at.low, at.high))
    final = ratio * scale + middle
    # the exact output lies between the smallest and the largest value: moving there is never away from it
    values = xp.minimum(xp.maximum(final, low), high)
    unit, out_unit = UNIT_ROUNDOFF["float64"], UNIT_ROUNDOFF[str(dtype).rpartition(".")[2]]
    last = unit + (out_unit if out_unit != unit else 0.0)
    smallest = 2.0**-1022 if out_unit == unit else 2.0**-126
    bound = INFLATION * xp.max(scale * error + last * xp.abs(final) + 4 * smallest, axis=0)
    spread = float(xp.max(high - low)) * (1 + 2.0**-50)
    certified = (normaliser > 0) & xp.isfinite(normaliser) & (bound <= spread)
    bound = xp.where(certified, bound, xp.full_like(bound, spread))
    values = xp.where(xp.isfinite(final), values, middle + 0 * low)
    return xp.astype(xp.permute_dims(values, (1, 0)), dtype), bound


@dataclass(frozen=True)
class _Rows:
    """Query rows in the order in which they are served, the number of keys that each sees, and the way back."""

    order: NDArray[np.int64]
    limits: NDArray[np.int64]
    inverse: NDArray[np.int64]

    def blocks(self) -> list[tuple[int, int]]:
        """Runs of rows served together: at most QUERY_BLOCK, and few pairs beyond a row's own keys."""
        found: list[tuple[int, int]] = []
        starts = [0, *(np.flatnonzero(np.diff(self.limits)) + 1).tolist(), len(self.limits)]
        begin = 0
        for start, stop in zip(starts[:-1], starts[1:], strict=True):
            grown = int(self.limits[start] - self.limits[begin]) if start < len(self.limits) else 0
            if start > begin and ((start - begin) * grown > _WASTE or stop - begin > QUERY_BLOCK):
                found.append((begin, start))
                begin = start
            while stop - begin > QUERY_BLOCK:
                found.append((begin, begin + QUERY_BLOCK))
                begin += QUERY_BLOCK
        if begin < len(self.limits):
            found.append((begin, len(self.limits)))
        return found


def _rows(head: Head, chosen: NDArray[np.int64]) -> _Rows:
    limits = np.zeros(head.queries, dtype=np.int64)
    seen = 0
    for stage in head.stages:
        seen += stage.keys.stop - stage.keys.start
        limits[stage.queries] = seen
    picked = limits[chosen]
    by_limit = np.argsort(picked, kind="stable")
    return _Rows(chosen[by_limit], picked[by_limit], np.argsort(by_limit, kind="stable"))


def _ordered(xp: Any, head: Head, x: Any) -> Any:
    """Rows of keys or values in the order in which the stages bring them."""
    slices = [stage.keys for stage in head.stages]
    if all(a.stop == b.start for a, b in zip(slices[:-1], slices[1:], strict=True)):
        return x[slices[0].start : slices[-1].stop]
    return xp.concat([x[piece] for piece in slices], axis=0)


def _take(xp: Any, x: Any, order: NDArray[np.int64]) -> Any:
    if len(order) == x.shape[0] and bool(np.all(order == np.arange(len(order)))):
        return x
    return xp.take(x, xp.asarray(order, device=x.device), axis=0)


def _serve(xp: Any, head: Head, keys: KeyBlock, at: Frame, served: _Rows, q: Any) -> tuple[Any, Any, int]:
    """Values, bound and computed pairs of the rows in serving order; `q` (rows, d) in the computing dtype."""
    dtype = str(q.dtype).rpartition(".")[2]
    rows = len(served.order)
    values = xp.empty((rows, head.value_dim), dtype=head.q.dtype, device=q.device)
    bound = xp.empty((rows,), dtype=xp.float64, device=q.device)
    query_bound, score_bound = score_bounds(xp, q, head.gamma, keys.key_bound)
    # gamma enters in float64: as a float32 it could overflow or vanish although its product with the query does not
    scaled = contiguous(xp, xp.astype(xp.astype(q, xp.float64) * head.gamma, q.dtype).T)
    mask = None if head.mask is None else _take(xp, head.mask, served.order)
    work = xp.empty((KEY_BLOCK * QUERY_BLOCK,), dtype=q.dtype, device=q.device)
    pairs = 0
    for begin, end in served.blocks():
        stop, common = int(served.limits[end - 1]), int(served.limits[begin])
        keep: Callable[[int, int], Any] | None = None
        if mask is not None:
            keep = _masked(xp, mask[begin:end])
        elif stop > common:
            keep = _limited(xp, served.limits[begin:end], common, q.device)
        part = partial_sums(
            xp,
            contiguous(xp, scaled[:, begin:end]),
            keys,
            stop=stop,
            shifted=not bool(xp.max(score_bound[begin:end]) <= UNSHIFTED[dtype]),
            keep=keep,
            buffer=xp.reshape(work[: KEY_BLOCK * (end - begin)], (KEY_BLOCK, end - begin)),
        )
        sums, merges = block_roundings(stop, shifted=part.shift is not None)
        scores = score_roundings(head.head_dim, head.gamma_roundings)
        values[begin:end], bound[begin:end] = finish(
            xp,
            part,
            at,
            Roundings(dtype, head.head_dim, stop, scores, sums, merges),
            query_bound=query_bound[begin:end],
            score_bound=score_bound[begin:end],
            key_bound=keys.key_bound,
            dtype=head.q.dtype,
        )
        pairs += stop * (end - begin)
    return values, bound, pairs


def _masked(xp: Any, mask: Any) -> Callable[[int, int], Any]:
    return lambda start, end: xp.permute_dims(mask[:, start:end], (1, 0))


def _limited(xp: Any, limits: NDArray[np.int64], common: int, device: Any) -> Callable[[int, int], Any]:
    bar = xp.asarray(limits, device=device)

    def keep(start: int, end: int) -> Any:
        return None if end <= common else xp.arange(start, end, device=device)[:, None] < bar[None, :]

    return keep


def rows(head: Head, indices: Sequence[int] | NDArray[np.int64], *, compute: str | None = None) -> HeadResult:
    """The rows `indices` of `run(head)`, in that order: values (len, d_v), bound (len,). Repetitions are allowed."""
    xp = head.xp
    chosen = np.asarray(indices, dtype=np.int64).reshape(-1)
    served = _rows(head, chosen)
    device = head.q.device
    if len(chosen) == 0 or head.value_dim == 0:
        values = xp.zeros((len(chosen), head.value_dim), dtype=head.q.dtype, device=device)
        return HeadResult(values, xp.zeros((len(chosen),), dtype=xp.float64, device=device), "exact")
    wide = None if compute is None else getattr(xp, compute)
    q, k, v = (x if wide is None else xp.astype(x, wide) for x in (head.q, head.k, head.v))
    k, v = _ordered(xp, head, k), _ordered(xp, head, v)
    with np.errstate(all="ignore"):  # overflow, underflow and NaN are met by the bound
        at = frame(xp, k, v)
        keys = key_block(xp, k, v, at)
        values, bound, pairs = _serve(xp, head, keys, at, served, _take(xp, q, served.order))
    flops = pairs * (2 * head.head_dim + 2 * (head.value_dim + 1) + 1)
    flops += (head.keys + len(chosen)) * (2 * head.head_dim + 4 * head.value_dim)
    return HeadResult(_take(xp, values, served.inverse), _take(xp, bound, served.inverse), "exact", flops=flops)


def run(head: Head, *, compute: str | None = None) -> HeadResult:
    """Softmax attention of `head` with values (m, d_v) and a rigorous bound (m,) on the error of each row.

    `compute` is the dtype of the computation, that of the head unless given; "float64" for a float32 head leaves only
    the cast of the result. Cost about 2 m n (d + d_v + 1) operations and m n exponentials, memory O(m + n). The bound is
    finite whenever the range of the values is.

    >>> import numpy as np
    >>> from varproof.attention.head import Head, Stage
    >>> q, k, v = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 2.0]]), np.array([[3.0], [5.0]])
    >>> answer = run(Head(q, k, v, gamma=1.0, delta=1e-9, stages=(Stage(slice(0, 1), slice(0, 2)),)))
    >>> answer.values.tolist(), bool(answer.bound[0] < 1e-13)
    ([[4.0]], True)
    """
    return rows(head, np.arange(head.queries), compute=compute)
