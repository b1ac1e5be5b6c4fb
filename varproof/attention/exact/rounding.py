"""How far blocked softmax attention, as computed by `varproof.attention.exact.engine`, can be from the real numbers.

The rounding model is the standard one (unit roundoff u; sums and inner products in any order; exponentials count as 4
operations); underflow adds at most the smallest normal number per operation and has terms of its own. All bounds are
evaluated in float64 and multiplied at the end by `INFLATION`, which covers the rounding of their own evaluation: less
than 10^6 operations of relative error 2^-53 each, all on non-negative terms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from varproof.base.tolerances import SMALLEST_NORMAL, UNIT_ROUNDOFF, rounding_bound

INFLATION = 1 + 1e-9
# scores up to here need no shift: exp of them, summed over 10^9 keys, neither overflows nor comes near underflow
UNSHIFTED = {"float64": 600.0, "float32": 60.0}
# a running shift moves only when a score exceeds it by more than this: exp(300) and exp(30) are far from overflow
SLACK = {"float64": 300.0, "float32": 30.0}
# scores this far below the shift are raised to it
FLOOR = {"float64": -690.0, "float32": -80.0}
LARGEST = {"float64": 1.7e308, "float32": 3.4e38}
# log(1 + 4u) and -log(1 - 4u) in units of u; NumPy's float32 exponential is only good to 2.6 units in the last place
EXPONENTIAL = {"float64": 4.01, "float32": 6.01}


def row_norms(xp: Any, x: Any) -> Any:
    """Euclidean norms of the rows of `x` (rows, d) as float64 (rows,), free of overflow and underflow inside.

    Relative error below (d + 6) 2^-53. Rows are divided by their largest entry first, so 1e-200 and 1e200 are no
    obstacle; the result is inf only when the norm itself overflows.

    >>> import numpy as np
    >>> row_norms(np, np.array([[2.0**-600, 0.0], [2.0**600, 2.0**600], [0.0, 0.0]])).tolist() == [
    ...     2.0**-600,
    ...     2.0**600 * 2**0.5,
    ...     0.0,
    ... ]
    True
    """
    wide = xp.astype(x, xp.float64)
    largest = xp.max(xp.abs(wide), axis=1)
    divisor = xp.where(largest > 0, largest, xp.ones_like(largest))
    scaled = wide / divisor[:, None]
    return largest * xp.sqrt(xp.sum(scaled * scaled, axis=1))


@dataclass(frozen=True)
class Roundings:
    """How often the computation of one output rounds: the numbers that the bound is made of.

    `scores`: roundings of a score, relative to gamma |q_i| max|k'|: the key centred, gamma and its product with the
    query, d products and additions. `sums`: roundings of a term of a block sum in the computing dtype (centring of the
    value, product, additions inside the block); `merges`: float64 roundings of a term when blocks are added up and
    rescaled; `joins`: how many times a partial sum is rescaled by `merge` after its own loop (Dask's tree).
    """

    dtype: str
    head_dim: int
    keys: int
    scores: int
    sums: int
    merges: int
    joins: int = 0

    @property
    def unit(self) -> float:
        """u of the computing dtype."""
        return UNIT_ROUNDOFF[self.dtype]

    def score_error(self, xp: Any, score_bound: Any, query_bound: Any, key_bound: float, *, shifted: bool) -> Any:
        """(rows,): a bound on |log of computed weight - score|, but for a shift of the row and underflow of exp.

        `score_bound` (rows,) = gamma |q_i| max|k'|, `query_bound` (rows,) = gamma |q_i|, `key_bound` = max|k'|. With a
        shift m: the subtraction errs by u |s - m| <= 2.1 u B, the factors that move sums from one shift to a higher
        one err by 2.1 u B in total (their exponents telescope) and by 4u each, at most B/10 + `joins` of them.
        """
        tiny = self.head_dim * SMALLEST_NORMAL[self.dtype]
        error = rounding_bound(self.scores, 1.0, self.dtype) * score_bound + EXPONENTIAL[self.dtype] * self.unit
        error = error + tiny * (1 + key_bound + query_bound + score_bound)
        if shifted:
            error = error + self.unit * (5 * score_bound + EXPONENTIAL[self.dtype] * (self.joins + 1))
        # beyond it gamma q_i may be infinite, and a score of -inf would leave no trace
        return xp.where(query_bound <= LARGEST[self.dtype] / 2, error, xp.full_like(error, math.inf))

    def sum_error(self) -> float:
        """The largest relative error of a term of the sums, as a fraction of the sum of the weights as computed."""
        gamma = rounding_bound(self.sums, 1.0, self.dtype) + rounding_bound(self.merges, 1.0)
        return gamma / (1 - gamma) if gamma < 1 else math.inf

    def underflow(self, *, shifted: bool) -> float:
        """Absolute error of the sums by underflow: of exp, of products, of rescaling, and by `FLOOR`."""
        smallest = SMALLEST_NORMAL[self.dtype]
        if shifted:
            smallest = (smallest + math.exp(FLOOR[self.dtype])) * math.exp(SLACK[self.dtype])
        return 8 * (self.keys + self.merges) * smallest


def output_error(
    xp: Any,
    *,
    ratio: Any,
    normaliser: Any,
    half: Any,
    score_error: Any,
    sum_error: float,
    underflow: float,
) -> Any:
    """(d_v, rows): bound on |ratio - exact| before the middle of the column is added back, division included.

    `ratio` (d_v, rows) = N/Z as computed, `normaliser` (rows,) = Z as computed, `half` (d_v, 1) >= |v'| (values of
    the column, centred). Weights known to a factor exp(+-score_error) move the output by `half` times
    2 tanh(score_error/2), by the softmax perturbation lemma; sums that err by g = sum_error relative to their terms
    move the quotient by g (half + |output|) at most, because N - o Z = sum of errors of N minus o times errors of Z.
    """
    absolute = underflow * (1 + half) / normaliser
    grown = sum_error * (1 + underflow / normaliser)
    first = 2 * half * grown + absolute
    size = xp.abs(ratio)
    # |output of the computed weights| is at most half, and near the computed ratio
    output = xp.minimum(half + 0 * size, size * (1 + 2.0**-50) + first)
    unit = UNIT_ROUNDOFF["float64"]
    return 2 * half * xp.tanh(score_error / 2) + grown * (half + output) + absolute + 2 * unit * size
