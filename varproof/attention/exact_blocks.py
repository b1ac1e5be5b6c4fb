"""Partial softmax sums of a block of queries over a block of keys, and their merge: what exact attention is made of.

Engine, row reruns and Dask share these functions. Arrays are feature-major: a block of scores is (keys, queries), sums
are (d_v + 1, queries) with the normaliser in the last row. Values enter centred and divided by a power of two, so that
sums cannot overflow; keys enter centred, which leaves the softmax as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from varproof.attention.exact_rounding import FLOOR, SLACK, row_norms
from varproof.base.tolerances import UNIT_ROUNDOFF

CHUNK = 32  # keys whose products are added by one matrix product: roundings of a sum grow with it, calls shrink
KEY_BLOCK = 512
QUERY_BLOCK = 256
_EXPONENTS = {"float64": 1000, "float32": 120}  # powers of two whose inverse is a normal number too


@dataclass(frozen=True)
class Frame:
    """Where a head is centred and how it is scaled: reductions over all keys and values.

    `centre` (d,) of the keys and `middle` (d_v,) of the values, in the computing dtype; `low`, `high`, `half` (d_v,)
    float64: range of each column and the largest distance from its middle, rounded up; `scale` (d_v,) powers of two
    near `half`, float64.
    """

    centre: Any
    middle: Any
    low: Any
    high: Any
    half: Any
    scale: Any


@dataclass(frozen=True)
class KeyBlock:
    """Keys ready for use: `k` (n, d) centred; `v` (chunks, d_v + 1, CHUNK) centred, scaled, with a row of ones."""

    k: Any
    v: Any
    key_bound: float


@dataclass(frozen=True)
class Partial:
    """Sums (d_v + 1, queries) float64 of exp(score - shift) [v', 1]; `shift` (queries,) float64, None for zero."""

    sums: Any
    shift: Any = None


def contiguous(xp: Any, x: Any) -> Any:
    """A copy of `x` whose last axis is the fastest."""
    copy = xp.empty(x.shape, dtype=x.dtype, device=x.device)
    copy[...] = x
    return copy


def frame_from_ranges(xp: Any, key_low: Any, key_high: Any, low: Any, high: Any) -> Frame:
    """The frame of keys in [key_low, key_high] and values in [low, high], columnwise, all of one dtype."""
    middle = 0.5 * low + 0.5 * high
    wide_low, wide_high, wide = (xp.astype(x, xp.float64) for x in (low, high, middle))
    half = xp.maximum(wide_high - wide, wide - wide_low) * (1 + 2.0**-50)
    limit = _EXPONENTS[str(low.dtype).rpartition(".")[2]]
    powers = [2.0 ** min(max(math.frexp(h)[1], -limit), limit) for h in half.tolist()]
    scale = xp.asarray(powers, dtype=xp.float64, device=low.device)
    return Frame(0.5 * key_low + 0.5 * key_high, middle, wide_low, wide_high, half, scale)


def frame(xp: Any, k: Any, v: Any) -> Frame:
    """The frame of keys (n, d) and values (n, d_v), n >= 1: midranges, which cannot overflow."""
    return frame_from_ranges(xp, xp.min(k, axis=0), xp.max(k, axis=0), xp.min(v, axis=0), xp.max(v, axis=0))


def key_block(xp: Any, k: Any, v: Any, at: Frame) -> KeyBlock:
    """Centre and scale keys (n, d) and values (n, d_v)."""
    count, columns = v.shape
    chunks = -(-count // CHUNK)
    packed = xp.zeros((chunks * CHUNK, columns + 1), dtype=v.dtype, device=v.device)
    packed[:count, :columns] = (v - at.middle) * xp.astype(1 / at.scale, v.dtype)
    packed[:count, columns] = 1.0
    grouped = xp.permute_dims(xp.reshape(packed, (chunks, CHUNK, columns + 1)), (0, 2, 1))
    centred = k - at.centre
    unit = UNIT_ROUNDOFF[str(k.dtype).rpartition(".")[2]]
    key_bound = float(xp.max(row_norms(xp, centred))) * (1 + 4 * unit) * (1 + 1e-9)
    return KeyBlock(centred, contiguous(xp, grouped), key_bound)


def block_roundings(keys: int, *, shifted: bool) -> tuple[int, int]:
    """(`sums`, `merges`) of `Roundings` for `partial_sums` over `keys` rows.

    Inside a block: the centring of a value, CHUNK products and additions in a chunk, the halvings, the remainder;
    between blocks: one addition each, and with a shift as many rescalings.
    """
    block = min(keys, KEY_BLOCK)
    halvings = math.ceil(math.log2(max(block // CHUNK, 1)))
    blocks = -(-keys // KEY_BLOCK)
    return 2 + min(CHUNK, block) + halvings, 2 * blocks if shifted else blocks


def _weighted(xp: Any, scores: Any, v: Any, start: int) -> Any:
    """(d_v + 1, queries): sum of weights (keys, queries) times values from row `start`, a multiple of CHUNK, on."""
    keys, queries = scores.shape
    first, count = start // CHUNK, keys // CHUNK
    total = None
    if count:
        stacked = xp.reshape(scores[: count * CHUNK], (count, CHUNK, queries))
        parts = xp.matmul(v[first : first + count], stacked)
        while count > 1:
            half = count // 2
            parts[:half] += parts[count - half : count]
            count -= half
        total = parts[0]
    rest = keys % CHUNK
    if rest:
        tail = xp.matmul(v[first + keys // CHUNK][:, :rest], scores[keys - rest :])
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
    buffer: Any = None,
) -> Partial:
    """The sums of `queries` (d, rows), times gamma already, over the first `stop` keys.

    `keep(a, b)`: boolean (b - a, rows) of the pairs of keys a to b that count, or None where all do. Without a shift
    the scores must stay within `UNSHIFTED`. `buffer` (KEY_BLOCK, >= rows entries) is work space. Rows without any key
    keep sums of zero.
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
    if buffer is None:
        buffer = xp.empty((min(KEY_BLOCK, stop), rows), dtype=dtype, device=device)
    for start in range(0, stop, KEY_BLOCK):
        end = min(start + KEY_BLOCK, stop)
        scores = xp.matmul(keys.k[start:end], queries, out=buffer[: end - start])
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
        sums += _weighted(xp, scores, keys.v, start)
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
