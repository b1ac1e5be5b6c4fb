"""The coordinates of the polynomial method: keys and values centred, scores bounded, tokens scaled into unit balls."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from varproof.attention.head import Head
from varproof.attention.polynomial.passes import ArrayPasses, Passes
from varproof.attention.polynomial.passes import column_range as column_range
from varproof.base.tolerances import SMALLEST_NORMAL, UNIT_ROUNDOFF

# factors outside could underflow or overflow in float32; such heads are left to other engines
LEAST_SCALE, LARGEST_SCALE = 2.0**-100, 2.0**100
LARGEST_SCALED_QUERY = 2.0**10


@dataclass(frozen=True)
class Frame:
    """`centre` (d,) subtracted from keys, `middle` (d_v,) from values; |v - middle| <= `half_range` everywhere.

    `query_squares` (m,) and `key_squares` (n,) float64, upper bounds on |q_i|^2 and |k_j - centre|^2 (real numbers);
    `largest_query`, `largest_key` on the norms; `bound` on all |scores|. `middle_size` is max |middle|. In a frame that
    is `limited`, `largest_query` and `bound` hold for the rows with `query_squares` <= `largest_query`^2 only.
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
    limited: bool = False

    def within(self, bound: float) -> Frame:
        """The frame for the queries whose scores are known to be at most `bound` >= 0; itself where all are.

        |score| <= largest_query gamma max|k'| <= self.bound, so (self.bound/largest_query) |q_i| bounds those of row i;
        three roundings and the square of `largest_query` are less than 2^-45.
        """
        if self.bound <= bound:
            return self
        longest = bound / (self.bound / self.largest_query) * (1 - 2.0**-45)
        return replace(self, largest_query=longest, bound=bound, limited=True)

    @property
    def beyond(self) -> Any:
        """(m,): the rows for which a limited frame does not hold, NaN among them."""
        return ~(self.query_squares <= self.largest_query**2)

    @property
    def key_scale(self) -> float:
        """A power of two at least `largest_key`, so that dividing by it is exact."""
        if not self.largest_key < math.inf:
            return math.inf
        return max(math.ldexp(1.0, math.frexp(self.largest_key)[1]), LEAST_SCALE)

    def query_factor(self, gamma: float, table_bound: float) -> float:
        """gamma key_scale/table_bound: the inner product of scaled tokens, then, is score/table_bound; rounded once."""
        return gamma * self.key_scale / table_bound

    def usable(self, factor: float) -> bool:
        """Whether scaling with `factor` and `key_scale` keeps away from underflow and overflow."""
        scaled = self.largest_query * factor
        return (
            self.key_scale <= LARGEST_SCALE
            and LEAST_SCALE <= factor <= LARGEST_SCALE
            and scaled <= LARGEST_SCALED_QUERY
        )


def frame(xp: Any, head: Head, q: Any, k: Any, v: Any, passes: Passes | None = None) -> Frame:
    """The frame of arrays `q`, `k`, `v` of the computing dtype.

    Keys are centred at their mean, or at the middle of their box where the box says that its radius is smaller.
    """
    passes = ArrayPasses(xp) if passes is None else passes
    dtype, d = str(k.dtype).rpartition(".")[2], k.shape[1]
    unit, tiny = UNIT_ROUNDOFF[dtype], SMALLEST_NORMAL[dtype]
    up = {"scale": 1 + 2 * (d + 6) * unit, "offset": 2 * d * tiny}  # computed squares become upper bounds
    centre = (xp.ones_like(k[:, 0]) @ k) / k.shape[0]
    squares, largest = passes.squares(k, centre, **up)
    low, high = passes.ranges(k)
    half_diagonal = float(xp.sum((high - low) ** 2)) / 4
    if not largest <= half_diagonal:
        centre = low / 2 + high / 2
        squares, largest = passes.squares(k, centre, **up)
    query_squares, largest_query_square = passes.squares(q, None, **up)
    largest_key = math.sqrt(largest) * (1 + 2.0**-50)
    largest_query = math.sqrt(largest_query_square) * (1 + 2.0**-50)
    # gamma is the rounding of a real number
    gamma = abs(head.gamma) * (1 + (head.gamma_roundings + 1) * 2.0**-52)
    low, high = passes.ranges(v)
    middle = xp.where(low == high, low, low / 2 + high / 2)
    half_range = float(xp.max(xp.maximum(high - middle, middle - low))) * (1 + 2 * unit)
    if not bool(xp.all(low == high)):
        half_range += tiny  # a difference flushed to zero
    return Frame(
        centre,
        middle,
        half_range,
        float(xp.max(xp.abs(middle))),
        query_squares,
        squares,
        largest_query,
        largest_key,
        gamma * largest_query * largest_key * (1 + 2.0**-48),
    )
