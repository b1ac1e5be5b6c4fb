"""Exponents of N on whole grids of (d/ln N, B/ln N), for the regime picture. Numpy floats: display only, no evidence.

The same quantities as certified balls: `law_degree` and `law_exponent` of `varproof.approx`. With d = alpha ln N,
logit bound B = b ln N and error N^-C the polynomial method takes N^(1 + rho(alpha, gamma)) operations, where
gamma = b cosh a and a cosh a - sinh a = C/b. Proofs: `docs/explanation/rank.md`. Source: arXiv:2302.13214.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

EXACT_EXPONENT = 2.0
SERIES_BELOW = 0.7  # a cosh a - sinh a cancels for small a; its power series does not
SERIES = tuple(2 * k / math.factorial(2 * k + 1) for k in range(1, 10))
LARGEST_RATIO = 1e300
NEWTON_STEPS = 60


def law_angles(ratio: ArrayLike) -> Floats:
    """The a >= 0 with a cosh a - sinh a = ratio, for every ratio >= 0 (above 1e300 taken as 1e300).

    Newton from the right of the root: the left side is convex and increasing, so no step leaves that side but by
    rounding. The relative error is about 1e-15.

    >>> law_angles([0.0, 1.0])
    array([0.        , 1.35831057])
    """
    goal = np.minimum(np.asarray(ratio, dtype=np.float64), LARGEST_RATIO)
    # both starts lie right of the root: the left side is at least a^3/3, and above ratio at max(2, ln(2 ratio + 1))
    angle: Floats = np.minimum(np.cbrt(3 * goal), np.maximum(2.0, np.log(2 * goal + 1)))
    for _ in range(NEWTON_STEPS):
        slope = angle * np.sinh(angle)
        step = np.divide(_left_side(angle) - goal, slope, out=np.zeros_like(angle), where=slope > 0)
        angle = angle - step
        if np.all(np.abs(step) <= 1e-15 * angle):
            break
    return angle


def law_degrees(logit: ArrayLike, power: float) -> Floats:
    """gamma = degree / ln N for logit bounds b >= 0 (over ln N) and error N^-power; limits included.

    gamma = 0 at b = 0 for a finite power, gamma = b for power 0, infinite where b or the power is, NaN for b = 0 with
    an infinite power (the limits do not decide).

    >>> law_degrees([0.0, 1.0], 1.0)
    array([0.        , 2.07335564])
    """
    bound = np.asarray(logit, dtype=np.float64)
    if math.isinf(power):
        return np.where(bound > 0, math.inf, math.nan)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        angle = law_angles(np.where(bound > 0, power / bound, 0.0))
        return np.where(np.isinf(bound), math.inf, bound * np.cosh(angle))


def entropy_exponents(alpha: ArrayLike, gamma: ArrayLike) -> Floats:
    """rho(alpha, gamma) = alpha ln(1 + gamma/alpha) + gamma ln(1 + alpha/gamma), broadcast; limits included.

    0 where one argument is 0 and the other finite, infinite where one is infinite and the other positive, NaN for 0
    with infinity.

    >>> entropy_exponents(1.0, [0.0, 1.0, np.inf])
    array([0.        , 1.38629436,        inf])
    """
    left, right = np.broadcast_arrays(np.asarray(alpha, dtype=np.float64), np.asarray(gamma, dtype=np.float64))
    inside = (left > 0) & (right > 0) & np.isfinite(left) & np.isfinite(right)
    x, y = np.where(inside, left, 1.0), np.where(inside, right, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):  # a quotient may exceed the floats; inf * 0 is the NaN we want
        value: Floats = np.where(inside, x * np.log1p(y / x) + y * np.log1p(x / y), left * right)
    return value


def method_exponents(alpha: ArrayLike, logit: ArrayLike, power: float) -> Floats:
    """1 + rho: the exponent in N of the polynomial method at d = alpha ln N, B = logit ln N, error N^-power.

    Increases with each argument. Not capped: `best_exponents` takes the exact algorithm where that is better.

    >>> method_exponents(1.0, [1e-6, 1.0], 1.0)
    array([1.31084166, 2.93884617])
    """
    return 1.0 + entropy_exponents(alpha, law_degrees(logit, power))


def best_exponents(alpha: ArrayLike, logit: ArrayLike, power: float) -> Floats:
    """The smaller of `method_exponents` and 2, the exponent of exact attention (2 where the limits do not decide).

    >>> best_exponents(1.0, [1e-6, 1.0], 1.0)
    array([1.31084166, 2.        ])
    """
    return np.fmin(method_exponents(alpha, logit, power), EXACT_EXPONENT)


def _left_side(angle: Floats) -> Floats:
    small = np.minimum(angle, SERIES_BELOW)
    series = small**3 * np.polynomial.polynomial.polyval(small**2, SERIES)
    large = np.maximum(angle, SERIES_BELOW)
    direct = large * np.cosh(large) - np.sinh(large)
    return np.where(angle < SERIES_BELOW, series, direct)
