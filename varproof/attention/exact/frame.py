"""Where exact attention is centred and how it is scaled, and keys and values prepared for it.

Values enter centred and divided by a power of two, so that sums cannot overflow; keys enter centred, which leaves the
softmax as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from varproof.attention.exact.rounding import row_norms
from varproof.base.tolerances import UNIT_ROUNDOFF

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
    """Keys ready for use: `k` (n, d) centred; `v` (chunks, d_v + 1, `chunk`) centred, scaled, with a row of ones."""

    k: Any
    v: Any
    key_bound: float

    @property
    def chunk(self) -> int:
        """Keys of a chunk."""
        return int(self.v.shape[2])


def chunk_length(columns: int) -> int:
    """Keys whose products one matrix product adds up: a sum rounds as often, and shorter ones cost more calls.

    >>> chunk_length(2), chunk_length(16), chunk_length(64)
    (32, 64, 128)
    """
    return 32 if columns <= 8 else 64 if columns <= 32 else 128


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
    chunk = chunk_length(columns)
    chunks = -(-count // chunk)
    packed = xp.zeros((chunks * chunk, columns + 1), dtype=v.dtype, device=v.device)
    packed[:count, :columns] = (v - at.middle) * xp.astype(1 / at.scale, v.dtype)
    packed[:count, columns] = 1.0
    grouped = xp.permute_dims(xp.reshape(packed, (chunks, chunk, columns + 1)), (0, 2, 1))
    centred = k - at.centre
    unit = UNIT_ROUNDOFF[str(k.dtype).rpartition(".")[2]]
    key_bound = float(xp.max(row_norms(xp, centred))) * (1 + 4 * unit) * (1 + 1e-9)
    return KeyBlock(centred, contiguous(xp, grouped), key_bound)
