"""How the counts of a family of schedules grow with the side n: tokens, attention pairs, number of scales."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import sympy

from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational
from varproof.growth.monomial import SYMBOL

Family = Literal["geometric", "linear"]
ALLOWED = "doubling, ratio:A with a rational A > 1, or linear"


@dataclass(frozen=True)
class ScheduleGrowth:
    """A family of schedules, one for each side n: L = Theta(n^tokens) tokens, Theta(n^pairs) attention pairs.

    `ratio` is the fixed ratio of a geometric family and None for the linear one. Proofs and constants:
    docs/explanation/schedules.md.

    >>> parse_schedule_growth("doubling").pairs, parse_schedule_growth("linear").pairs
    (4, 6)
    """

    name: str
    family: Family
    tokens: int
    pairs: int
    ratio: Fraction | None = None

    @property
    def scales(self) -> sympy.Expr:
        """K, the number of scales, as a function of n: log_a n + 1, or n for the linear family."""
        if self.ratio is None:
            return SYMBOL
        return sympy.log(SYMBOL) / sympy.log(sympy.Rational(self.ratio.numerator, self.ratio.denominator)) + 1


def parse_schedule_growth(text: str) -> ScheduleGrowth:
    """The family that `text` names: `doubling`, `ratio:A` or `linear`.

    Raises `InputError` for presets and lists of sides, which have one size only, and for a ratio that is not above 1.

    >>> parse_schedule_growth("ratio:3").scales
    log(n)/log(3) + 1
    """
    word = text.strip().lower() if isinstance(text, str) else ""
    if word == "linear":
        return ScheduleGrowth("linear", "linear", 3, 6)
    if word == "doubling" or word.startswith("ratio:"):
        ratio = Fraction(2) if word == "doubling" else Fraction(parse_rational(word[6:], name="ratio"))
        if ratio <= 1:
            raise InputError("the ratio must be above 1", got=text, allowed="ratio:A with a rational A > 1")
        return ScheduleGrowth(word, "geometric", 2, 4, ratio)
    raise InputError(
        "not a family of schedules",
        got=text,
        allowed=ALLOWED,
        hint="presets and lists of sides have one size; leave out --asymptotic for them",
    )
