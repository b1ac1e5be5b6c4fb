"""The coordinates of the polynomial method: keys and values centred, scores bounded, tokens scaled into unit balls."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from varproof.attention.head import Head
from varproof.attention.polynomial.certificate import SMALLEST_NORMAL
from varproof.base.tolerances import UNIT_ROUNDOFF

# factors outside could underflow or overflow in float32; such heads are left to other engines
LEAST_SCALE, LARGEST_SCALE = 2.0**-100, 2.0**100
LARGEST_SCALED_QUERY = 2.0**10
FOLD = 64
CACHED = 2**16  # numbers


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


def frame(xp: Any, head: Head, q: Any, k: Any, v: Any) -> Frame:
    """The frame of arrays `q`, `k`, `v` of the computing dtype.

    Keys are centred at their mean, or at the middle of their box where the box says that its radius is smaller.
    """
    dtype = str(k.dtype).rpartition(".")[2]
    centre = (xp.ones_like(k[:, 0]) @ k) / k.shape[0]
    squares = _squares(xp, k, centre)
    low, high = column_range(xp, k)
    half_diagonal = float(xp.sum((high - low) ** 2)) / 4
    if not float(xp.max(squares)) <= half_diagonal:
        centre = low / 2 + high / 2
        squares = _squares(xp, k, centre)
    squares = _rounded_up(xp, squares, k.shape[1], dtype)
    query_squares = _rounded_up(xp, _squares(xp, q, None), k.shape[1], dtype)
    largest_key = math.sqrt(float(xp.max(squares))) * (1 + 2.0**-50)
    largest_query = math.sqrt(float(xp.max(query_squares))) * (1 + 2.0**-50)
    # gamma is the rounding of a real number
    gamma = abs(head.gamma) * (1 + (head.gamma_roundings + 1) * 2.0**-52)
    low, high = column_range(xp, v)
    middle = xp.where(low == high, low, low / 2 + high / 2)
    half_range = float(xp.max(xp.maximum(high - middle, middle - low))) * (1 + 2 * UNIT_ROUNDOFF[dtype])
    if not bool(xp.all(low == high)):
        half_range += SMALLEST_NORMAL[dtype]  # a difference flushed to zero
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


def column_range(xp: Any, x: Any) -> tuple[Any, Any]:
    """The least and the largest entry of every column of `x` (n, c), n >= 1.

    Rows are folded into long ones first, so that reductions run along contiguous memory.

    >>> import numpy as np
    >>> column_range(np, np.arange(260.0).reshape(130, 2))
    (array([0., 1.]), array([258., 259.]))
    """
    rows, columns = x.shape
    whole = rows - rows % FOLD
    if whole == 0:
        return xp.min(x, axis=0), xp.max(x, axis=0)
    folded = xp.reshape(x[:whole, :], (whole // FOLD, FOLD * columns))
    ends = []
    for extreme in (xp.min, xp.max):
        found = xp.reshape(extreme(folded, axis=0), (FOLD, columns))
        ends.append(extreme(xp.concat([found, x[whole:, :]], axis=0), axis=0))
    return ends[0], ends[1]


def _squares(xp: Any, x: Any, centre: Any) -> Any:
    """(n,): |x_j - centre|^2, block by block so that nothing leaves the cache."""
    rows, columns = x.shape
    block = max(CACHED // columns, 1)
    found, ones = xp.empty_like(x[:, 0]), xp.ones_like(x[0, :])
    buffer = xp.empty_like(x[:block, :])
    for start in range(0, rows, block):
        part = x[start : start + block, :]
        work = buffer[: part.shape[0], :]
        if centre is None:
            xp.multiply(part, part, out=work)
        else:
            xp.subtract(part, centre, out=work)
            work *= work
        xp.matmul(work, ones, out=found[start : start + block])
    return found


def _rounded_up(xp: Any, squares: Any, head_dim: int, dtype: str) -> Any:
    """float64 upper bounds from computed sums of `head_dim` squares of numbers that were rounded once."""
    bound = xp.astype(squares, xp.float64)
    bound = bound * (1 + 2 * (head_dim + 6) * UNIT_ROUNDOFF[dtype])
    bound += 2 * head_dim * SMALLEST_NORMAL[dtype]
    return bound
