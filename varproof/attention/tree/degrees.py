"""Which degree a cell of the tree needs: for each degree the largest reach |<q - qc, k - c>| that it serves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from varproof.approx.rank import monomial_rank
from varproof.attention.tables.bound_grid import grid_above

DEGREES = {1: 24, 2: 20, 3: 12}  # the largest degree of a cell, by head dimension: ranks 25, 231, 455
LARGEST_REACH = 8.0  # e^{2 reach} multiplies the rounding error
SAFETY = 0.97  # the estimate of the error is good to about 2 per cent; the certificate uses the proved error
STEPS = 7  # grid of eps: factors 2^{1/7}


@dataclass(frozen=True)
class Reaches:
    """`reach[g]` is the largest grid value that degree g serves with relative error about eps, 0 where none.

    `ranks[g]` = C(d+g, g). Estimates: the proved error of a table is what counts in the end.
    """

    reach: NDArray[np.float64]
    ranks: NDArray[np.float64]

    def degrees(self, needed: NDArray[np.float64]) -> NDArray[np.int64]:
        """The least degree that serves each entry of `needed`; len(reach) where none does."""
        return np.searchsorted(self.reach, needed, side="left")


def reaches(head_dim: int, eps: float) -> Reaches:
    """For d = `head_dim` at most 3 and relative error `eps` > 0 (rounded down to a grid of factors 2^{1/7}).

    >>> served = reaches(2, 1e-3)
    >>> [float(x) for x in served.reach[[3, 6, 10]]], served.degrees(np.array([1.0, 3.0, 9.0])).tolist()
    ([0.6484375, 2.3125, 5.125], [4, 8, 21])
    """
    return _reaches(head_dim, math.floor(STEPS * math.log2(min(max(eps, 2.0**-52), 0.5))))


@lru_cache(maxsize=256)
def _reaches(head_dim: int, step: int) -> Reaches:
    eps = SAFETY * 2.0 ** (step / STEPS)
    # e^{2 reach} multiplies some thousand unit roundoffs, which may take a twentieth of eps
    limit = min(LARGEST_REACH, 0.5 * math.log(max(eps * 1e11, 1.0)))
    found = [0.0]
    for degree in range(1, DEGREES[head_dim] + 1):
        low, high = 0.0, min(limit, float(degree))
        for _ in range(24):
            middle = (low + high) / 2
            low, high = (middle, high) if _estimate(degree, middle) <= eps else (low, middle)
        found.append(max(_grid_below(low), found[-1]))
    ranks = [float(monomial_rank(head_dim, degree)) for degree in range(len(found))]
    return Reaches(np.array(found), np.array(ranks))


def _estimate(degree: int, reach: float) -> float:
    """About the best relative error on [-reach, reach]: 2 J_n/(1 - q^2), n = degree + 1, q = J_{n+1}/J_n."""
    here, following = float(special.jv(degree + 1, reach)), float(special.jv(degree + 2, reach))
    return 2 * here / (1 - (following / here) ** 2) if here > 0 else 0.0


def _grid_below(reach: float) -> float:
    """The largest grid value of `bound_grid` that is at most `reach`."""
    above = grid_above(reach)
    if above <= reach:
        return above
    mantissa, exponent = math.frexp(above)
    value = math.ldexp(round(mantissa * 128) - 1 if mantissa > 0.5 else 127 / 2, exponent - 7)
    return value if value <= reach else 0.0
