"""Whether a polynomial W is everywhere at least |p - exp|: proved for the given floats, whatever they come from.

With U = p + W and L = p - W the statement is U e^-s >= 1 and L e^-s <= 1 on the interval. Both extremes are read off
the exact sup norm of varproof.approx: for M >= max |P e^-s|, min P e^-s = M (1 - max |P e^-s / M - 1|).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from varproof.approx.polynomial_error import sup_norm
from varproof.base.errors import InputError

PRECISION = 160


def majorant_margin(coefficients: Sequence[float], weights: Sequence[float], bound: float) -> Fraction:
    """A rational at most (and nearly) the minimum over |t| <= 1 of (W - |p - e^{bound t}|) e^{-bound t}.

    p = sum_k coefficients[k] t^k, W = sum_k weights[k] t^k, both exactly. The majorant holds if the margin is not
    negative. Raises `InputError` for lists that are empty or differ in length, for numbers that are not finite and for
    a bound that is not positive.

    >>> round(float(majorant_margin((1.0, 1.0), (0.72, 0.0), 1.0)), 6)  # least at t = 1: (2.72 - e)/e
    0.000632
    """
    if not coefficients or len(coefficients) != len(weights):
        raise InputError(
            "p and W need the same positive number of coefficients",
            got=f"{len(coefficients)} and {len(weights)}",
            allowed="equal lengths",
        )
    if not (0 < bound < math.inf and all(map(math.isfinite, (*coefficients, *weights)))):
        raise InputError("the numbers of a majorant must be finite and its bound positive", got=f"bound {bound}")
    half = Fraction(bound)
    pairs = [(Fraction(a), Fraction(w)) for a, w in zip(coefficients, weights, strict=True)]
    above = _least([a + w for a, w in pairs], half) - 1
    below = 1 + _least([w - a for a, w in pairs], half)
    return above if above < below else below


def majorant_holds(coefficients: Sequence[float], weights: Sequence[float], bound: float) -> bool:
    """True only if |p(t) - e^{bound t}| <= W(t) is proved on [-1, 1]; arguments and errors of `majorant_margin`.

    >>> majorant_holds((1.0, 1.0), (0.72, 0.0), 1.0), majorant_holds((1.0, 1.0), (0.71, 0.0), 1.0)  # e - 2 = 0.718...
    (True, False)
    """
    return majorant_margin(coefficients, weights, bound) >= 0


def _least(polynomial: list[Fraction], half: Fraction) -> Fraction:
    """A rational at most (and nearly) the minimum of P e^{-half t} over |t| <= 1, P in powers of t."""
    size = sum(abs(c) for c in polynomial) * 3 ** math.ceil(half) + 1  # e < 3
    scale = 1 << math.ceil(size).bit_length()
    high = sup_norm(
        [c / half**k / scale for k, c in enumerate(polynomial)],
        (-half, half),
        kind="rel",
        precision=PRECISION + scale.bit_length(),
    )[1]
    least: Fraction = (1 - high) * scale
    return least
