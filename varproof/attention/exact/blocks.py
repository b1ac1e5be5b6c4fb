"""Partial softmax sums of a block of queries over a block of keys, and their merge: what exact attention is made of.

Engine, row reruns and Dask share these functions. Arrays are feature-major: a block of scores is (keys, queries), sums
are (d_v + 1, queries) with the normaliser in the last row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from array_api_compat import is_numpy_array

from varproof.attention.exact.frame import KeyBlock
from varproof.attention.exact.rounding import FLOOR, SLACK

KEY_BLOCK = 512  # a multiple of every chunk length
QUERY_BLOCK = 256


@dataclass(frozen=True)
class Partial:
    """Sums (d_v + 1, queries) float64 of exp(score - shift) [v', 1]; `shift` (queries,) float64, None for zero."""

    sums: Any
    shift: Any = None


def block_roundings(keys: int, chunk: int, *, shifted: bool) -> tuple[int, int]:
    """(`sums`, `merges`) of `Roundings` for `partial_sums` over `keys` rows in chunks of `chunk`.

    Inside a block: the centring of a value, `chunk` products and additions in a chunk, the halvings, the remainder;
    between blocks: one addition each, and with a shift as many rescalings.
    """
    block = min(keys, KEY_BLOCK)
    halvings = math.ceil(math.log2(max(block // chunk, 1)))
    blocks = -(-keys // KEY_BLOCK)
    return 2 + min(chunk, block) + halvings, 2 * blocks if shifted else blocks


@dataclass(frozen=True)
class Work:
    """Reused memory for `rows` queries at most: `scores` for a block, `products` for the sums of its chunks."""

    scores: Any
    products: Any

    @staticmethod
    def of(xp: Any, keys: KeyBlock, rows: int) -> Work:
        """Work space for `rows` queries at most and the keys and values `keys`."""
        sizes = (KEY_BLOCK * rows, KEY_BLOCK // keys.chunk * keys.v.shape[1] * rows)
        return Work(*(xp.empty((size,), dtype=keys.v.dtype, device=keys.v.device) for size in sizes))


def _shaped(xp: Any, flat: Any, *shape: int) -> Any:
    """The first entries of `flat` as an array of `shape`."""
    return xp.reshape(flat[: math.prod(shape)], shape)


def _scores(xp: Any, keys: KeyBlock, queries: Any, start: int, end: int, space: Any) -> Any:
    """(end - start, rows): scores of the keys from `start`, a multiple of the chunk, to `end`.

    NumPy goes chunk by chunk: its BLAS is a third faster on blocks of that size than on long narrow matrices.
    """
    rows, chunk = queries.shape[1], keys.chunk
    count = (end - start) // chunk
    scores = _shaped(xp, space, end - start, rows)
    whole = start + count * chunk
    if not is_numpy_array(queries):
        return xp.matmul(keys.k[start:end], queries, out=scores)
    if count:
        stacked = xp.reshape(keys.k[start:whole], (count, chunk, keys.k.shape[1]))
        xp.matmul(stacked, queries, out=_shaped(xp, space, count, chunk, rows))
    if whole < end:
        xp.matmul(keys.k[whole:end], queries, out=scores[count * chunk :])
    return scores


def _weighted(xp: Any, scores: Any, v: Any, start: int, space: Any) -> Any:
    """(d_v + 1, queries): sum of weights (keys, queries) times values from row `start`, a multiple of the chunk, on."""
    keys, queries = scores.shape
    chunk = v.shape[2]
    first, count = start // chunk, keys // chunk
    total = None
    if count:
        stacked = xp.reshape(scores[: count * chunk], (count, chunk, queries))
        parts = xp.matmul(v[first : first + count], stacked, out=_shaped(xp, space, count, v.shape[1], queries))
        while count > 1:
            half = count // 2
            parts[:half] += parts[count - half : count]
            count -= half
        total = parts[0]
    rest = keys % chunk
    if rest:
        tail = xp.matmul(v[first + keys // chunk][:, :rest], scores[keys - rest :])
        total = tail if total is None else total + tail
    return total


def partial_sums(
    xp: Any,
    queries: Any,
    keys: KeyBlock,
    *,
    stop: int,
    shifted: bool,
    keep: Callable[[int, int], Any] | None = None,
    work: Work | None = None,
) -> Partial:
    """The sums of `queries` (d, rows), times gamma already, over the first `stop` keys.

    `keep(a, b)`: boolean (b - a, rows) of the pairs of keys a to b that count, or None where all do. Without a shift
    the scores must stay within `UNSHIFTED`. Rows without any key keep sums of zero.
    """
    rows = queries.shape[1]
    dtype = queries.dtype
    name = str(dtype).rpartition(".")[2]
    slack = SLACK[name]
    device = queries.device
    sums = xp.zeros((keys.v.shape[1], rows), dtype=xp.float64, device=device)
    shift = xp.full((rows,), -math.inf, dtype=xp.float64, device=device) if shifted else None
    used = None
    floor = xp.asarray(FLOOR[name], dtype=dtype, device=device)
    work = Work.of(xp, keys, rows) if work is None else work
    for start in range(0, stop, KEY_BLOCK):
        end = min(start + KEY_BLOCK, stop)
        scores = _scores(xp, keys, queries, start, end, work.scores)
        kept = None if keep is None else keep(start, end)
        if kept is not None:
            scores = xp.where(kept, scores, -math.inf)
        if shift is not None:
            top = xp.astype(xp.max(scores, axis=0), xp.float64)
            moved = top > shift + slack
            if bool(xp.any(moved)):
                higher = xp.where(moved, top, shift)
                sums *= xp.where(moved, xp.exp(shift - higher), xp.ones_like(shift))
                shift = higher
                used = xp.astype(xp.where(xp.isinf(shift), xp.zeros_like(shift), shift), dtype)
            if used is not None:
                scores -= used
            # smaller weights count as FLOOR: subnormal numbers would make everything slow
            xp.maximum(scores, floor, out=scores)
        xp.exp(scores, out=scores)
        sums += _weighted(xp, scores, keys.v, start, work.products)
    return Partial(sums, shift)


def merge(xp: Any, one: Partial, other: Partial) -> Partial:
    """The partial sums over both sets of keys; one addition and at most one rescaling of each term."""
    if one.shift is None or other.shift is None:
        if one.shift is not other.shift:
            raise ValueError("partial sums with and without a shift do not merge")
        return Partial(one.sums + other.sums)
    shift = xp.maximum(one.shift, other.shift)
    total = None
    for part in (one, other):
        factor = xp.where(part.shift == shift, xp.ones_like(shift), xp.exp(part.shift - shift))
        total = part.sums * factor if total is None else total + part.sums * factor
    return Partial(total, shift)
