"""Arb balls from exact numbers, and the few conversions back. All rigorous numbers of the project pass through here.

A comparison `a < b` of balls is True only when it holds for every point of both: `not (a < b)` proves nothing.
"""

from __future__ import annotations

import math
from fractions import Fraction

from flint import arb, fmpq

Exact = int | Fraction


def rational(x: Exact) -> fmpq:
    """The python-flint rational equal to `x`."""
    if isinstance(x, Fraction):
        return fmpq(x.numerator, x.denominator)
    return fmpq(x)


def ball(x: Exact | str | arb) -> arb:
    """A ball of the current working precision that contains `x`.

    >>> from fractions import Fraction
    >>> bool(ball(Fraction(1, 3)) * 3 == 1), bool((ball(Fraction(1, 3)) * 3).contains(1))
    (False, True)
    """
    if isinstance(x, arb):
        return x
    if isinstance(x, str):
        return arb(x)
    return arb(rational(x))


def to_float(x: Exact | arb | float) -> float:
    """A float near `x`, for display only (the midpoint of a ball); never evidence."""
    return float(x) if not isinstance(x, arb) else float(x.mid())


def dyadic(x: arb) -> Fraction:
    """The exact midpoint of `x` as a fraction with a power of two below."""
    mantissa, exponent = x.mid().man_exp()
    shift = int(exponent)
    return Fraction(int(mantissa) << shift) if shift >= 0 else Fraction(int(mantissa), 1 << -shift)


def lower_rational(x: arb) -> Fraction:
    """An exact rational that is at most every point of `x`."""
    return dyadic(x.lower())


def upper_rational(x: arb) -> Fraction:
    """An exact rational that is at least every point of `x`."""
    return dyadic(x.upper())


def floor_integer(x: arb) -> int:
    """The floor of the exact midpoint of `x`.

    >>> floor_integer(arb("2.75")), floor_integer(arb("-2.75"))
    (2, -3)
    """
    return math.floor(dyadic(x))


def ceiling_integer(x: arb) -> int:
    """An integer that is at least every point of `x`, and less than one above its largest."""
    return math.ceil(upper_rational(x))
