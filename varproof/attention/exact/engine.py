"""Exact attention: streaming blocked softmax with a rigorous a-posteriori bound on its rounding, row by row.

Never more than a block of scores is stored. Where gamma |q_i| max|k'| is at most `UNSHIFTED` the exponentials are taken
without a shift, elsewhere with a running one. Outputs stay inside the range of the values, so that the range is a bound
even where scores overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.exact.blocks import QUERY_BLOCK, Partial, Work, block_roundings, partial_sums
from varproof.attention.exact.frame import Frame, KeyBlock, contiguous, frame, key_block
from varproof.attention.exact.output import finish, score_bounds, score_roundings
from varproof.attention.exact.rounding import UNSHIFTED, Roundings
from varproof.attention.exact.rows import Served, in_stage_order, keep_limited, keep_masked, serve_rows, take_rows
from varproof.attention.head import Head
from varproof.attention.result import HeadResult


def row_sums(
    xp: Any,
    q: Any,
    gamma: float,
    keys: KeyBlock,
    served: Served,
    *,
    score_bound: Any,
    mask: Any = None,
    shifted: bool | None = None,
) -> Iterator[tuple[int, int, Partial]]:
    """(begin, end, sums) for runs of the rows `q` (rows, d), in serving order, over the keys that they see.

    `mask` (rows, n) or None, in serving order too. `shifted` None: a run gets a shift where `score_bound` (rows,) asks
    for one.
    """
    dtype = str(q.dtype).rpartition(".")[2]
    # gamma enters in float64: as a float32 it could overflow or vanish although its product with the query does not
    scaled = contiguous(xp, xp.astype(xp.astype(q, xp.float64) * gamma, q.dtype).T)
    work = Work.of(xp, keys, min(QUERY_BLOCK, len(served.order)))
    for begin, end in served.blocks():
        stop = int(served.limits[end - 1])
        keep: Callable[[int, int], Any] | None = None
        if mask is not None:
            keep = keep_masked(xp, mask[begin:end])
        elif stop > int(served.limits[begin]):
            keep = keep_limited(xp, served.limits[begin:end], q.device)
        moving = not bool(xp.max(score_bound[begin:end]) <= UNSHIFTED[dtype]) if shifted is None else shifted
        yield (
            begin,
            end,
            partial_sums(
                xp,
                contiguous(xp, scaled[:, begin:end]),
                keys,
                stop=stop,
                shifted=moving,
                keep=keep,
                work=work,
            ),
        )


def _serve(xp: Any, head: Head, keys: KeyBlock, at: Frame, served: Served, q: Any) -> tuple[Any, Any, int]:
    """Values, bound and computed pairs of the rows in serving order; `q` (rows, d) in the computing dtype."""
    rows = len(served.order)
    values = xp.empty((rows, head.value_dim), dtype=head.q.dtype, device=q.device)
    bound = xp.empty((rows,), dtype=xp.float64, device=q.device)
    query_bound, score_bound = score_bounds(xp, q, head.gamma, keys.key_bound)
    mask = None if head.mask is None else take_rows(xp, head.mask, served.order)
    scores = score_roundings(head.head_dim, head.gamma_roundings)
    pairs = 0
    for begin, end, part in row_sums(xp, q, head.gamma, keys, served, score_bound=score_bound, mask=mask):
        stop = int(served.limits[end - 1])
        sums, merges = block_roundings(stop, keys.chunk, shifted=part.shift is not None)
        values[begin:end], bound[begin:end] = finish(
            xp,
            part,
            at,
            Roundings(str(q.dtype).rpartition(".")[2], head.head_dim, stop, scores, sums, merges),
            query_bound=query_bound[begin:end],
            score_bound=score_bound[begin:end],
            key_bound=keys.key_bound,
            dtype=head.q.dtype,
        )
        pairs += stop * (end - begin)
    return values, bound, pairs


def rows(head: Head, indices: Sequence[int] | NDArray[np.int64], *, compute: str | None = None) -> HeadResult:
    """The rows `indices` of `run(head)`, in that order: values (len, d_v), bound (len,). Repetitions are allowed."""
    xp = head.xp
    chosen = np.asarray(indices, dtype=np.int64).reshape(-1)
    served = serve_rows(head, chosen)
    device = head.q.device
    if len(chosen) == 0 or head.value_dim == 0:
        values = xp.zeros((len(chosen), head.value_dim), dtype=head.q.dtype, device=device)
        return HeadResult(values, xp.zeros((len(chosen),), dtype=xp.float64, device=device), "exact")
    wide = None if compute is None else getattr(xp, compute)
    q, k, v = (x if wide is None else xp.astype(x, wide) for x in (head.q, head.k, head.v))
    k, v = in_stage_order(xp, head, k), in_stage_order(xp, head, v)
    with np.errstate(all="ignore"):  # overflow, underflow and NaN are met by the bound
        at = frame(xp, k, v)
        keys = key_block(xp, k, v, at)
        values, bound, pairs = _serve(xp, head, keys, at, served, take_rows(xp, q, served.order))
    flops = pairs * (2 * head.head_dim + 2 * (head.value_dim + 1) + 1)
    flops += (head.keys + len(chosen)) * (2 * head.head_dim + 4 * head.value_dim)
    return HeadResult(take_rows(xp, values, served.inverse), take_rows(xp, bound, served.inverse), "exact", flops=flops)


def run(head: Head, *, compute: str | None = None) -> HeadResult:
    """Softmax attention of `head` with values (m, d_v) and a rigorous bound (m,) on the error of each row.

    `compute` is the dtype of the computation, that of the head unless given; "float64" for a float32 head leaves only
    the cast of the result. Cost about 2 m n (d + d_v + 1) operations and m n exponentials, memory O(m + n). The bound
    is finite whenever the range of the values is.

    >>> import numpy as np
    >>> from varproof.attention.head import Head, Stage
    >>> q, k, v = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 2.0]]), np.array([[3.0], [5.0]])
    >>> answer = run(Head(q, k, v, gamma=1.0, delta=1e-9, stages=(Stage(slice(0, 1), slice(0, 2)),)))
    >>> answer.values.tolist(), bool(answer.bound[0] < 1e-13)
    ([[4.0]], True)
    """
    return rows(head, np.arange(head.queries), compute=compute)
