"""Attacks on inequalities between two enclosed numbers: no arrays, every measurement already as exact as the judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from varproof.base.balls import ball, to_float
from varproof.claims.attack import ARMS, Attack, Instance, Judgement, Measurement
from varproof.claims.attack_parts.drawn_check import FAILS
from varproof.claims.model import Case
from varproof.families.space import Point, Space, Value

LARGEST = 1e300  # ratios beyond it count as this one
ABOVE = math.nextafter(1.0, 2.0)


class Sides(NamedTuple):
    """The claim says `left <= right`; both are balls that contain the numbers meant, `size` is the n of the case."""

    left: arb
    right: arb
    size: int


def ball_inequality(
    sides: Callable[[Mapping[str, Value], Case], Sides | None],
    space: Space,
    *,
    cells: tuple[str, ...],
    cost: float,
    most: int,
    small: Space | None = None,
    attains: Fraction | None = None,
    arms: tuple[str, ...] = ARMS,
) -> Attack:
    """An attack whose cases are points; `sides` encloses both sides there, or gives None outside the hypotheses.

    VIOLATED and PASS need every point of both balls; overlapping balls are ambiguous.
    """

    def build(point: Point, _: Case) -> Instance:
        return Instance(numbers=dict(point))

    def measure(instance: Instance, case: Case) -> Measurement | None:
        found = sides(instance.numbers, case)
        if found is None:
            return None
        return Measurement(_ratio(found.left, found.right), found.size, to_float(found.left), to_float(found.right))

    def judge(instance: Instance, case: Case) -> Judgement:
        found = sides(instance.numbers, case)
        if found is None:
            return Judgement.PASS
        if found.left > found.right:
            return Judgement.VIOLATED
        return Judgement.PASS if found.left <= found.right else Judgement.AMBIGUOUS

    return Attack(space, build, measure, judge, cells, small=small, attains=attains, cost=cost, most=most, arms=arms)


def _ratio(left: arb, right: arb) -> float:
    """left/right on the side of 1 that the balls prove; where they overlap the largest one that they allow."""
    holds, fails = bool(left <= right), bool(left > right)
    if not right > 0:
        return FAILS if fails else 0.0 if holds else math.nan
    quotient = left / right  # before rounding: both may be far below the smallest float
    if holds:
        return min(to_float(quotient), 1.0)
    if fails:
        return min(max(to_float(quotient), ABOVE), LARGEST)
    return min(to_float(quotient.upper()), LARGEST)


def exact(value: Value) -> Fraction:
    """A number of a point as the rational it is.

    >>> exact(0.5), exact(3)
    (Fraction(1, 2), Fraction(3, 1))
    """
    return Fraction(value)


def between(low: Fraction | arb, high: Fraction | arb) -> arb:
    """A ball that contains everything from `low` to `high`.

    >>> bool(between(Fraction(1), Fraction(2)).contains(arb(1.5)))
    True
    """
    return ball(low).union(ball(high))
