"""Rationals of any size for people."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

_SIX = Context(prec=6, Emin=-(10**9), Emax=10**9)


def six_digits(number: Fraction) -> str:
    """Six significant digits, also where a float would be 0.

    >>> six_digits(Fraction(1, 3)), six_digits(Fraction(1, 10**400)), six_digits(Fraction(0))
    ('0.333333', '1E-400', '0')
    """
    return str(_SIX.divide(Decimal(number.numerator), Decimal(number.denominator)))
