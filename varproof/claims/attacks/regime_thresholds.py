"""Cases of the regime thresholds: the claim's own check at one power of log n around the threshold."""

from __future__ import annotations

from fractions import Fraction

from varproof.claims.drawn_check import drawn_check
from varproof.claims.regime_thresholds import check
from varproof.families.space import Integer, Space

ATTACK = drawn_check(
    check,
    Space({"fortieths": Integer(21, 59)}),
    cells=("fortieths",),
    axes=lambda point: {"power": Fraction(int(point["fortieths"]), 40)},
    cost=0.1,
    most=200,
    small=Space({"fortieths": Integer(21, 59)}),
)
