"""Exact attention of Dask arrays: partial sums for every chunk of queries and of keys, merged by a tree.

A task holds one chunk of each array and sums of the size of its output. Chunks of keys that no row of a chunk of
queries sees have no task. Everything is computed in float64; float32 heads get their result rounded.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.exact.blocks import Partial, block_roundings, merge
from varproof.attention.exact.engine import row_sums
from varproof.attention.exact.frame import chunk_length, key_block
from varproof.attention.exact.output import finish, score_bounds, score_roundings
from varproof.attention.exact.rounding import UNSHIFTED, Roundings
from varproof.attention.exact.rows import Served, in_stage_order, serve_rows
from varproof.attention.head import Head
from varproof.attention.lazy.chunks import Chunk, Summary, levels, row_chunks, tree
from varproof.base.errors import CertificateError
from varproof.base.extras import optional


def _partial(q: Any, k: Any, v: Any, mask: Any, limits: NDArray[np.int64], gamma: float, about: Summary) -> Partial:
    """The sums of a chunk of queries over a chunk of keys; row i sees the first limits[i] of them."""
    with np.errstate(all="ignore"):
        q, k, v = (x.astype(np.float64) for x in (q, k, v))
        order = np.argsort(limits, kind="stable")
        served = Served(order, limits[order], np.argsort(order, kind="stable"))
        keys = key_block(np, k, v, about.at)
        _, score_bound = score_bounds(np, q[order], gamma, about.largest_key)
        # one decision for all chunks of keys, so that their sums can be merged
        shifted = not bool(score_bound.max() <= UNSHIFTED["float64"])
        ordered = None if mask is None else mask[order]
        found = [
            part
            for _, _, part in row_sums(
                np, q[order], gamma, keys, served, score_bound=score_bound, mask=ordered, shifted=shifted
            )
        ]
        sums = np.concatenate([part.sums for part in found], axis=1)[:, served.inverse]
        shift = np.concatenate([part.shift for part in found])[served.inverse] if shifted else None
        return Partial(sums, shift)


def _merged(one: Partial, other: Partial) -> Partial:
    with np.errstate(all="ignore"):
        return merge(np, one, other)


def _finished(part: Partial, q: Any, gamma: float, about: Summary, counts: Roundings, delta: float) -> tuple[Any, Any]:
    with np.errstate(all="ignore"):
        query_bound, score_bound = score_bounds(np, q, gamma, about.largest_key)
        values, bound = finish(
            np,
            part,
            about.at,
            counts,
            query_bound=query_bound,
            score_bound=score_bound,
            key_bound=about.largest_key,
            dtype=q.dtype,
        )
    require(bound, delta)
    return values, bound


def require(bound: Any, delta: float, *, floor: float | None = None, hint: str = "") -> None:
    """`CertificateError` unless every bound is at most `delta`: raised while Dask computes.

    `floor`: the delta that these rows would need, the largest bound when not given.
    """
    if bool((bound <= delta).all()):
        return
    least = float(np.max(bound)) if floor is None else floor
    raise CertificateError(
        "no certificate reaches delta",
        got=f"delta = {delta:.3g}",
        allowed=f"delta >= {least * 1.001:.4g}, the floor of the rows seen so far, which are one chunk"
        if math.isfinite(least)
        else "no delta: rounding leaves a row without a certificate",
        hint=hint,
    )


def chunked(found: list[tuple[Chunk, Any]], value_dim: int, dtype: Any) -> tuple[Any, Any]:
    """Delayed pairs (values, bound) of chunks of rows as two Dask arrays."""
    da = optional("dask.array")
    rows = [chunk.stop - chunk.start for chunk, _ in found]
    values = [da.from_delayed(pair[0], (m, value_dim), dtype) for m, (_, pair) in zip(rows, found, strict=True)]
    bound = [da.from_delayed(pair[1], (m,), np.float64) for m, (_, pair) in zip(rows, found, strict=True)]
    if not found:
        return da.zeros((0, value_dim), dtype=dtype, chunks=(0, value_dim)), da.zeros((0,), chunks=(0,))
    return da.concatenate(values), da.concatenate(bound)


def exact_head(head: Head, about: Summary) -> tuple[Any, Any]:
    """Lazy values (m, d_v) and bound (m,) of a head of Dask arrays, chunked as its queries are."""
    delayed = optional("dask").delayed
    key_rows, value_rows = (in_stage_order(head.xp, head, x) for x in (head.k, head.v))
    served = serve_rows(head, np.arange(head.queries))
    limits = served.limits[served.inverse]
    queries, keys = row_chunks(head.q), row_chunks(key_rows)
    values = row_chunks(value_rows.rechunk((tuple(chunk.stop - chunk.start for chunk in keys), -1)))
    masks = None
    if head.mask is not None:
        sizes = tuple(tuple(chunk.stop - chunk.start for chunk in chunks) for chunks in (queries, keys))
        masks = head.xp.asarray(head.mask).rechunk(sizes).to_delayed()
    longest = max((chunk.stop - chunk.start for chunk in keys), default=1)
    partial, merged, finished = delayed(_partial), delayed(_merged), delayed(_finished, nout=2)
    found = []
    for row, chunk in enumerate(queries):
        parts = []
        for column, (key, value) in enumerate(zip(keys, values, strict=True)):
            local = np.clip(limits[chunk.start : chunk.stop] - key.start, 0, key.stop - key.start)
            if local.max() > 0:
                mask = None if masks is None else masks[row, column]
                parts.append(partial(chunk.rows, key.rows, value.rows, mask, local, head.gamma, about))
        deep = levels(len(parts))
        sums, merges = block_roundings(longest, chunk_length(head.value_dim), shifted=True)
        counts = Roundings(
            "float64",
            head.head_dim,
            head.keys,
            score_roundings(head.head_dim, head.gamma_roundings),
            sums,
            merges + 2 * deep,
            joins=deep,
        )
        found.append((chunk, finished(tree(merged, parts), chunk.rows, head.gamma, about, counts, head.delta)))
    return chunked(found, head.value_dim, head.q.dtype)
