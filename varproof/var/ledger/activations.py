"""ReLU, GELU (tanh form) and SiLU on an array with errors: slopes between the computed and the true argument.

f(x~) - f(x) = l (x~ - x) for a slope l between the extremes of f' on [x~ - b, x~ + b]. With their middle m and radius
r the error is m e + (a remainder of at most r b): known signs keep ReLU linear, smooth functions are nearly so.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from varproof.base.tolerances import SMALLEST_NORMAL, rounding_bound
from varproof.var.arithmetic.protocol import Activation
from varproof.var.ledger.bounded_array import Floats

# enclosures of f' and of |f''| over all reals; tests/var/ledger/test_activations.py proves them with balls
SLOPES: dict[Activation, tuple[float, float]] = {
    "relu": (0.0, 1.0),
    "gelu": (-0.1290, 1.1290),
    "silu": (-0.0999, 1.0999),
}
CURVATURE: dict[Activation, float] = {"gelu": 0.798, "silu": 0.5001}
# absolute error of `slope` in float64
SLOPE_ERROR = 1e-13


def slope_range(name: Activation, x: Floats, bound: Floats) -> tuple[Floats, Floats]:
    """Middle and radius of the slopes of f between x and any point within `bound` of it.

    >>> slope_range("relu", np.array([1.0, 1.0, -1.0]), np.array([0.5, 2.0, 0.5]))
    (array([1. , 0.5, 0. ]), array([0. , 0.5, 0. ]))
    """
    if name == "relu":
        known = np.abs(x) > bound
        return np.where(known, np.where(x > 0, 1.0, 0.0), 0.5), np.where(known, 0.0, 0.5)
    least, most = SLOPES[name]
    # l is the mean of f' between the two points, half as far from f'(x) as f' at the far one may be
    reach = np.where(np.isnan(bound), math.inf, CURVATURE[name] / 2 * bound) + SLOPE_ERROR
    here = _slope(name, x)
    low = np.maximum(least, here - reach)
    high = np.minimum(most, here + reach)
    # the float's middle is off by a rounding, which the radius takes over
    return (low + high) / 2, (high - low) / 2 + 2.0**-50


def _slope(name: Activation, x: Floats) -> Floats:
    """f' in float64."""
    if name == "silu":
        small = np.exp(-np.abs(x))
        tail = small / (1 + small) ** 2  # of sigma (1 - sigma)
        sigma = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
        return np.asarray(sigma + np.where(tail > 0, x * tail, 0.0))
    c = math.sqrt(2 / math.pi)
    near = np.clip(x, -30.0, 30.0)  # beyond, f' is 0 or 1 to more digits than a float64 has
    th = np.tanh(c * (near + 0.044715 * near**3))
    return np.asarray((1 + th) / 2 + near * (1 - th * th) * c * (1 + 3 * 0.044715 * near * near) / 2)


def activation_rounding(name: Activation, x: Floats, y: Floats) -> Floats | Any:
    """How far the float64 value y of f at x, as computed by the plain arithmetic, may be from f(x)."""
    if name == "relu":
        return np.zeros_like(y)
    tiny = 20 * SMALLEST_NORMAL["float64"]
    if name == "silu":
        return rounding_bound(14, 1.0) * np.abs(y) + tiny * (1 + np.abs(x))
    # 1 + tanh(t) cancels where x < 0: the error is relative to |x|, and t' = t sech^2 <= 1/2 for the argument's own
    return rounding_bound(16, 1.0) * np.abs(x) + tiny * (1 + np.abs(x))
