"""Irrational numbers become dyadic rationals when an instance is built; what was rounded is then measured in balls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from flint import arb, ctx

from varproof.base.balls import lower_rational, upper_rational

GRID = 20  # entries are multiples of 2^-20, units keep 20 bits after their first
WORKING_BITS = 192


@contextmanager
def working_precision(bits: int = WORKING_BITS) -> Iterator[None]:
    """Balls made inside carry at least `bits` bits."""
    with ctx.workprec(max(ctx.prec, bits)):
        yield


def root_up(x: arb) -> Fraction:
    """A dyadic rational of at most 22 significant bits, at least sqrt(x) and at most 1 + 2^-19 times it; x > 0.

    >>> root_up(arb(2)), 0 < float(root_up(arb(2)) ** 2 - 2) < 1e-5
    (Fraction(1482911, 1048576), True)
    """
    root = upper_rational(x.sqrt())
    exponent = root.numerator.bit_length() - root.denominator.bit_length()  # root lies in (2^(e-1), 2^(e+1))
    grid = Fraction(2) ** (GRID - exponent)
    return Fraction(-((-root * grid).__floor__())) / grid


def nearest_entry(x: arb) -> Fraction:
    """The multiple of 2^-20 next to `x`, at most 2^-21 (and the radius of the ball) away.

    >>> nearest_entry(arb(1) / 3)
    Fraction(349525, 1048576)
    """
    return Fraction(((lower_rational(x) * (1 << GRID)) + Fraction(1, 2)).__floor__(), 1 << GRID)


def strictly_below(x: arb, bits: int = 40) -> Fraction:
    """A rational below every point of x > 0, with about `bits` significant bits.

    >>> strictly_below(arb(1), 8)
    Fraction(255, 256)
    """
    low = lower_rational(x)
    exponent = low.numerator.bit_length() - low.denominator.bit_length()
    grid = Fraction(2) ** (bits - exponent)
    return Fraction((low * grid).__ceil__() - 1) / grid
