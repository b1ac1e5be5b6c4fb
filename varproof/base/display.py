"""Numbers as people read them: all digits while they are few, then four and a power of ten."""

from __future__ import annotations

import math
from fractions import Fraction


def shown(value: int | Fraction) -> str:
    """A positive number for people: in full up to 15 digits (fractions above 1000 rounded down), else four digits.

    >>> shown(1234567), shown(10**400), shown(Fraction(1, 3)), shown(Fraction(10**9, 7)), shown(Fraction(1, 10**99))
    ('1,234,567', '1.000e+400', '0.3333', '142,857,142', '1.000e-99')
    """
    if isinstance(value, int) or value >= 1000:
        if value < 10**15:
            return f"{math.floor(value):,}"
    elif value > Fraction(1, 1000):
        return f"{float(value):.4g}"
    exponent = _log10(value)
    mantissa = Fraction(value) / Fraction(10) ** exponent
    if mantissa < 1 or mantissa >= 10:  # the logarithm was rounded across a power of ten
        exponent += 1 if mantissa >= 10 else -1
        mantissa = Fraction(value) / Fraction(10) ** exponent
    return f"{math.floor(mantissa * 1000) / 1000:.3f}e{exponent:+d}"


def _log10(value: int | Fraction) -> int:
    exact = Fraction(value)
    return math.floor(math.log10(exact.numerator) - math.log10(exact.denominator))
