"""Where the error of the best polynomial is extremal, approximately: the start of the exchange algorithm.

With x = B cos(theta) the extremes lie near n theta - B sin(theta) + 2 atan2(q sin(theta), 1 - q cos(theta)) = j pi
("rel"; drop the middle term for "abs"), n = degree + 1 and q the ratio of consecutive Bessel values. Floating point is
enough here: nothing is proved from these numbers.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

Kind = Literal["rel", "abs"]


def start_points(degree: int, bound: float, kind: Kind) -> NDArray[np.float64]:
    """`degree + 2` increasing points of [-1, 1], the ends included, near the extremes of the best approximation.

    >>> start_points(1, 1.0, "abs").round(2).tolist()
    [-1.0, 0.16, 1.0]
    """
    n = degree + 1
    targets = np.pi * np.arange(n, -1, -1)
    # for n <= B the weighted problem lives on [-B, -B + 2n] (as Laguerre polynomials do) and the last extreme is at B
    reach = min(n / bound, 1.0) if kind == "rel" else 1.0
    drift = reach * bound if kind == "rel" else 0.0
    ratio = _bessel_ratio(n, bound, kind) if reach == 1.0 else 0.0
    low, high = np.zeros(n + 1), np.full(n + 1, np.pi)
    for _ in range(16):  # bisection (the phase increases with theta) to 5e-5: the exchange steps do the rest
        theta = (low + high) / 2
        phase = n * theta - drift * np.sin(theta)
        phase += 2 * np.arctan2(ratio * np.sin(theta), 1 - ratio * np.cos(theta))
        below = phase < targets
        low, high = np.where(below, theta, low), np.where(below, high, theta)
    points: NDArray[np.float64] = -1 + reach * (1 + np.cos((low + high) / 2))
    points[0], points[-1] = -1.0, 1.0
    return points


def _bessel_ratio(n: int, bound: float, kind: Kind) -> float:
    bessel = special.jv if kind == "rel" else special.ive
    here, following = float(bessel(n, bound)), float(bessel(n + 1, bound))
    # far above the bound both underflow; the ratio's leading term is B / (2 (n + 1))
    ratio = following / here if abs(here) > 1e-250 else bound / (2 * (n + 1))
    return min(max(ratio, 0.0), 0.95)
