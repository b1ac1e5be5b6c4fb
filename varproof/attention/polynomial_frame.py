"""The coordinates of the polynomial method: keys and values centred, scores bounded, tokens scaled into unit balls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from varproof.attention.certificate import SMALLEST_NORMAL
from varproof.attention.head import Head
from varproof.base.tolerances import UNIT_ROUNDOFF

# factors outside could underflow or overflow in float32; such heads are left to other engines
LEAST_SCALE, LARGEST_SCALE = 2.0**-100, 2.0**100
LARGEST_SCALED_QUERY = 2.0**10


@dataclass(frozen=True)
class Frame:
    """`centre` (d,) subtracted from keys, `middle` (d_v,) from values; |v - middle| <= `half_range` everywhere.

    `query_squares` (m,) and `key_squares` (n,) float64, upper bounds on |q_i|^2 and |k_j - centre|^2 (real numbers);
    `largest_query`, `largest_key` on the norms; `bound` on all |scores|. `middle_size` is max |middle|.
    """

    centre: Any
    middle: Any
    half_range: float
    middle_size: float
    query_squares: Any
    key_squares: Any
    largest_query: float
    largest_key: float
    bound: float

    @property
    def key_scale(self) -> float:
        """A power of two at least `largest_key`, so that dividing by it is exact."""
        if not self.largest_key < math.inf:
            return math.inf
        return max(math.ldexp(1.0, math.frexp(self.largest_key)[1]), LEAST_SCALE)

    def query_factor(self, gamma: float, table_bound: float) -> float:
        """gamma key_scale/table_bound: with it the inner product of scaled tokens is score/table_bound; rounded once."""
        return gamma * self.key_scale / table_bound

    def usable(self, factor: float) -> bool:
        """Whether scaling with `factor` and `key_scale` keeps away from underflow and overflow."""
        scaled = self.largest_query * factor
        return self.key_scale <= LARGEST_SCALE and LEAST_SCALE <= factor <= LARGEST_SCALE and scaled <= LARGEST_SCALED_QUERY


def frame(xp: Any, head: Head, q: Any, k: Any, v: Any, keys_across: Any) -> Frame:
    """The frame of arrays `q`, `k`, `v` of the computing dtype; `keys_across` is k.T.

    Keys are centred at their mean, or at the middle of their box where the box says that its radius is smaller.
    """
    unit = UNIT_ROUNDOFF[str(k.dtype).rpartition(".")[2]]
    low, high = xp.min(keys_across, axis=1), xp.max(keys_across, axis=1)
    centre = xp.mean(keys_across, axis=1)
    squares = _squares(xp, keys_across - centre[:, None])
    half_diagonal = float(xp.sum((high - low) ** 2)) / 4
    if not float(xp.max(squares)) <= half_diagonal:
        centre = low / 2 + high / 2
        squares = _squares(xp, keys_across - centre[:, None])
    # d squares and sums, each entry centred with one rounding, two more in the inflation of the result
    squares = _rounded_up(xp, squares, k.shape[1], unit, str(k.dtype))
    query_squares = _rounded_up(xp, (q * q) @ xp.ones_like(centre), k.shape[1], unit, str(k.dtype))
    largest_key = math.sqrt(float(xp.max(squares))) * (1 + 2.0**-50)
    largest_query = math.sqrt(float(xp.max(query_squares))) * (1 + 2.0**-50) if q.shape[0] else 0.0
    # gamma is the rounding of a real number
    gamma = abs(head.gamma) * (1 + (head.gamma_roundings + 1) * 2.0**-52)
    middle, half_range, middle_size = _value_range(xp, v, unit)
    return Frame(
        centre,
        middle,
        half_range,
        middle_size,
        query_squares,
        squares,
        largest_query,
        largest_key,
        gamma * largest_query * largest_key * (1 + 2.0**-48),
    )


def _value_range(xp: Any, v: Any, unit: float) -> tuple[Any, float, float]:
    """The middle of every column, an upper bound on all |v - middle|, and on all |middle|."""
    across = xp.asarray(v.T, copy=True) if v.shape[1] > 8 else xp.stack([v[:, c] for c in range(v.shape[1])])
    low, high = xp.min(across, axis=1), xp.max(across, axis=1)
    middle = xp.where(low == high, low, low / 2 + high / 2)
    half_range = float(xp.max(xp.maximum(high - middle, middle - low))) * (1 + 2 * unit)
    if not bool(xp.all(low == high)):
        half_range += SMALLEST_NORMAL[str(v.dtype).rpartition(".")[2]]  # a difference flushed to zero
    return middle, half_range, float(xp.max(xp.abs(middle)))


def _squares(xp: Any, across: Any) -> Any:
    across *= across
    return xp.sum(across, axis=0)


def _rounded_up(xp: Any, squares: Any, head_dim: int, unit: float, dtype: str) -> Any:
    """float64 upper bounds from computed sums of `head_dim` squares of numbers that were rounded once."""
    tiny = 2 * head_dim * SMALLEST_NORMAL[dtype.rpartition(".")[2]]
    return xp.astype(squares, xp.float64) * (1 + 2 * (head_dim + 6) * unit) + tiny
