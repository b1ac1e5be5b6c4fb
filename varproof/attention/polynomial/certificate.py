"""Row by row, how far the polynomial method's output can be from softmax attention: approximation and rounding.

Notation of one row i. Scores s_j (real, keys centred), |s_j| <= bound; p the polynomial, Z = sum_j p(s_j) and
N_c = sum_j p(s_j) v_jc with values centred so that |v_jc| <= h; o_c the exact output. The computed Z^ and N^_c err by
at most rho and h rho (plus underflow), rho = gamma_m A with A = sum_k |a_k| |x_i|^k M_k and the norm moments
M_k = sum_j |y_j|^k: the multinomial theorem turns sums over monomials into powers of inner products of absolute values,
and Cauchy-Schwarz turns these into norms.

Everything here is evaluated in float64 on non-negative terms by fewer than 10^6 operations each, so the factor
`INFLATION` covers the rounding of the evaluation itself; sums over keys have room of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from varproof.base.tolerances import SMALLEST_NORMAL, UNIT_ROUNDOFF, rounding_bound

INFLATION = 1 + 1e-9


@dataclass(frozen=True)
class Moments:
    """M_0, ..., M_g of the keys seen so far, rounded up: M_k >= sum_j |y_j|^k; added when keys join.

    >>> (Moments((1.0, 2.0)) + Moments((3.0, 4.0))).powers
    (4.0, 6.0)
    """

    powers: tuple[float, ...]

    def __add__(self, other: Moments) -> Moments:
        return Moments(tuple(a + b for a, b in zip(self.powers, other.powers, strict=True)))


def moments(xp: Any, squares: Any, degree: int) -> Moments:
    """Moments up to `degree` from `squares` (n,) float64 >= |y_j|^2; odd ones by Cauchy-Schwarz from their neighbours.

    >>> import numpy as np
    >>> [round(x, 6) for x in moments(np, np.array([1.0, 0.25]), 2).powers]
    [2.0, 1.581139, 1.25]
    """
    even, power = [float(squares.shape[0])], squares
    room = INFLATION + squares.shape[0] * 2.0**-52  # a sum of n terms, added in any order
    for k in range(2, degree + 2, 2):
        power = squares if k == 2 else power * squares
        even.append(float(xp.sum(power)) * room)
    powers = [
        even[k // 2] if k % 2 == 0 else math.sqrt(even[k // 2] * even[k // 2 + 1]) * INFLATION
        for k in range(degree + 1)
    ]
    return Moments(tuple(powers))


def magnitude(xp: Any, coefficients: Sequence[float], keys: Moments, squares: Any) -> Any:
    """A (m,) >= sum_k |a_k| |x_i|^k M_k from `squares` (m,) float64 >= |x_i|^2."""
    terms = [abs(a) * m for a, m in zip(coefficients, keys.powers, strict=True)]
    total = _horner(squares, terms[0::2])
    if len(terms) > 1:
        total = total + _horner(squares, terms[1::2]) * xp.sqrt(squares)
    return total * INFLATION


def _horner(x: Any, terms: list[float]) -> Any:
    total = 0 * x + terms[-1]
    for term in reversed(terms[:-1]):
        total *= x
        total += term
    return total


@dataclass(frozen=True)
class Rounding:
    """What the bounds below need to know about a computation besides the sums themselves.

    `half_range` h >= |v_jc| of the centred values; `middle` >= |mid_c| of the middles added back; `operations` m, the
    roundings of a term of the sums; `underflow` bounds what underflow adds to N^ or Z^; `dtype` of the computation,
    `stored` of the values returned.
    """

    half_range: float
    middle: float
    operations: int
    underflow: float
    dtype: str
    stored: str

    @property
    def factor(self) -> float:
        """gamma_m, inf where m u >= 1."""
        return rounding_bound(self.operations, 1.0, self.dtype) * INFLATION

    def with_last_steps(self, core: Any) -> Any:
        """`core` (m,) >= |N^/Z^ - o| enlarged by the division, the middle added back and the cast.

        |N^/Z^| <= h + core, reached by a reciprocal and a product (3u with second-order terms); the sum with the
        middle rounds once more, and so does the cast to a shorter type.
        """
        unit = UNIT_ROUNDOFF[self.dtype]
        last = 0.0 if self.stored == self.dtype else 1.001 * UNIT_ROUNDOFF[self.stored]
        per_ratio, per_middle = 5.001 * unit + last, 1.001 * unit + last
        smallest = 8 * SMALLEST_NORMAL[self.stored]
        constant = per_ratio * self.half_range + per_middle * self.middle + smallest
        return (core * (1 + per_ratio) + constant) * INFLATION


def term_roundings(passes: int, sums: int, degree: int, gamma_roundings: int) -> int:
    """m of a term of N^ or Z^: those of both passes of a kernel, `sums` additions of states, and what comes between.

    Three for coefficients (the multinomial, its product with the polynomial's, the product with the state); for each
    factor of a monomial the rounding of the queries' factor and that of gamma.

    >>> term_roundings(100, 1, 3, 0)
    110
    """
    return passes + sums + 3 + degree * (gamma_roundings + 2)


def relative_bound(xp: Any, normaliser: Any, size: Any, error: float, rounding: Rounding) -> Any:
    """(m,) float64 >= |value - exact| for |p(s) e^-s - 1| <= `error`: h (l1(eps) + 2 rho/Z^) and the last steps.

    `normaliser` Z^ (m,), `size` A (m,). inf unless rho < Z^ < inf and `error` < 1. Proof: the exact sums of p have
    o_p = N/Z within h l1(eps) of o (softmax perturbation lemma), |o_p| <= h as p > 0, and
    N^ - o_p Z^ = (N^ - N) - o_p (Z^ - Z).
    """
    if not 0 <= error < 1:  # p may have zeros: o_p can be anything
        return xp.full_like(normaliser, math.inf)
    h = rounding.half_range
    rho = rounding.factor * size
    safe = (normaliser > rho + rounding.underflow) & (normaliser < math.inf)
    divisor = xp.where(safe, normaliser, xp.ones_like(normaliser))
    core = (2 * h * rho + 2 * (1 + h) * rounding.underflow) / divisor + h * l1_bound(error)
    return _only_where(xp, safe, rounding.with_last_steps(core))


def weighted_bound(
    xp: Any, normaliser: Any, majorant: Any, ratio: Any, size: Any, weight: Any, rounding: Rounding
) -> Any:
    """(m,) float64 >= |value - exact| where sum_j |p(s_j) - e^{s_j}| <= E := `majorant` + its own rounding.

    `normaliser` Z^, `majorant` E^ (m,) computed sums of p and W; `ratio` (m,) = max_c |N^_c/Z^|; `size`, `weight` (m,)
    the magnitudes A of p and of W. With a = E/Z^:
    min(2 h a, a (h + |ratio|)/(1 - a)) and rounding 2 h rho/Z^ likewise. inf unless rho < Z^ < inf and a < 1.
    Proof: N^ - o Z^ = (N^ - N) - o (Z^ - Z) + sum_j (p_j - e_j)(v_j - o), as sum_j e_j (v_j - o) = 0, and
    |v_j - o| <= min(2h, h + |o|), |o| <= |ratio| + |ratio - o|. The sign of Z plays no part, that of Z^ does.
    """
    h = rounding.half_range
    rho = rounding.factor * size
    above = (majorant + rounding.factor * weight + rounding.underflow) * INFLATION
    safe = (normaliser > rho + rounding.underflow) & (normaliser < math.inf)
    divisor = xp.where(safe, normaliser, xp.ones_like(normaliser))
    share = above / divisor * INFLATION
    safe = safe & (above >= 0) & (share < 1) & (ratio < math.inf)
    share, ratio = (xp.where(safe, x, xp.zeros_like(x)) for x in (share, ratio))
    noise = (2 * h * rho + 2 * (1 + h) * rounding.underflow) / divisor
    by_range = 2 * h * share + noise
    by_output = (share * (h + ratio * INFLATION) + noise) / (1 - share)
    return _only_where(xp, safe, rounding.with_last_steps(xp.minimum(by_range, by_output)))


def _only_where(xp: Any, safe: Any, bound: Any) -> Any:
    return xp.where(safe & (bound >= 0), bound, xp.full_like(bound, math.inf))


def underflow_bound(
    coefficients: Sequence[float], head_dim: int, rank: int, keys: int, half_range: float, size: float, dtype: str
) -> float:
    """What underflow (to zero at worst) adds to one computed sum, `size` >= max(1, |x_i|), |y_j| <= 1.

    An operation adds at most the smallest normal number t. A key's monomial of degree k takes at most 3k operations,
    and all factors are at most 1, so an entry of the state is off by n t (4g + 4)(1 + h); a query's monomial is off by
    3g t size^g, and an entry of the table is at most the multinomial times |a_k| n (1 + h). Multinomials of degree k
    sum to d^k.
    """
    degree = len(coefficients) - 1
    mass = sum(abs(a) * float(head_dim) ** k for k, a in enumerate(coefficients))
    counts = 16.0 * (degree + 1) * keys * (1 + half_range) * size**degree
    return SMALLEST_NORMAL[dtype] * counts * (rank + mass) * INFLATION


def l1_bound(error: float) -> float:
    """2 (1 - sqrt(1-eps^2))/eps = 2 eps/(1 + sqrt(1-eps^2)) rounded up, 2 for eps >= 1: the softmax perturbation lemma.

    >>> l1_bound(0.6), l1_bound(1.5)
    (0.6666666666666679, 2.0)
    """
    if not 0 <= error < 1:
        return 2.0
    # relative error below 8u as (1-eps)(1+eps) is exact to 3u and the root halves it
    return min(2.0, 2 * error / (1 + math.sqrt((1 - error) * (1 + error))) * (1 + 2.0**-49))


def relative_error_within(delta: float, half_range: float) -> float:
    """The largest eps < 1 (rounded down) with half_range l1(eps) <= delta; 0 for delta <= 0.

    >>> relative_error_within(0.5, 1.0)
    0.470588235294116
    """
    if not delta > 0:
        return 0.0
    u = delta / (2 * half_range) if half_range > 0 else math.inf
    return 1 - 2.0**-30 if u >= 1 else min(2 * u / (1 + u * u) * (1 - 2.0**-48), 1 - 2.0**-30)
