"""The numbers that the tree works on: scaled queries, centred keys and values, and how far they are from the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from varproof.attention.head import Head
from varproof.attention.tree.bounds import UNIT
from varproof.attention.tree.cell_tree import Array
from varproof.attention.tree.certificate import INFLATION

LARGEST_SCORE = 1e13  # beyond it the rounding of a score is no longer small
LARGEST_NUMBER = 2.0**1000


@dataclass(frozen=True)
class Problem:
    """Full attention of `q` over `k`, `v` (centred): the scores are <q, k>, up to what `moved` allows.

    `moved` (m,) bounds how far every score is from that of the input, up to a term that is the same in the whole row.
    Values of the input lie in `low` .. `high`, their centre is `middle` (d_v,), and |v| <= `half_range` entrywise.
    """

    q: Array
    k: Array
    v: Array
    moved: Array
    low: Array
    high: Array
    middle: Array
    half_range: float
    tractable: bool

    def finish(self, centred: Array, error: Array) -> tuple[Array, Array]:
        """Values of the input's problem and bounds from those of the centred one, NaN allowed.

        Scores that move by eta move an entry by at most 2 h tanh(eta/2) <= h eta. Values are cut to the range, which
        holds the exact answer; rows without an answer get the middle of the range.
        """
        with np.errstate(all="ignore"):
            size = float(np.maximum(np.abs(self.low), np.abs(self.high)).max(initial=0.0))
            total = error + self.half_range * self.moved + 2 * UNIT * size
            total = np.where(np.isnan(total), np.inf, total) * INFLATION
            values = np.clip(centred + self.middle, self.low, self.high)
            lost = ~np.isfinite(centred).all(axis=1)
            values[lost] = self.middle
            width = float((self.high - self.low).max(initial=0.0)) * INFLATION
            total[lost] = (self.half_range + 2 * UNIT * size) * INFLATION
        return values, np.minimum(total, width)


def stored_problem(q: Array, k: Array, v: Array, head: Head) -> Problem:
    """Round gamma q, k - c and v - mid once each; c is the centre of the box of the keys."""
    with np.errstate(all="ignore"):
        centre = k.min(axis=0) / 2 + k.max(axis=0) / 2
        centred = k - centre
        scaled = q * head.gamma
        extent = np.abs(centred).max(axis=0)
        low, high = v.min(axis=0), v.max(axis=0)
        middle = np.clip(low / 2 + high / 2, low, high)
        half_range = float(np.maximum(high - middle, middle - low).max(initial=0.0)) * (1 + 2.0**-50)
        moved = ((8 + head.gamma_roundings) * UNIT * np.abs(scaled) + 2.0**-1022) @ extent
        size = float((np.abs(scaled) @ extent).max(initial=0.0))
        largest = max(float(np.abs(scaled).max(initial=0.0)), float(extent.max(initial=0.0)))
        tractable = size <= LARGEST_SCORE and largest <= LARGEST_NUMBER and half_range <= LARGEST_NUMBER
    return Problem(scaled, centred, v - middle, moved, low, high, middle, half_range, tractable)
