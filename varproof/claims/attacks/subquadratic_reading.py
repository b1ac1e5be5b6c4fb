"""Cases of S2: the literal bound at a drawn constant and exponent; the corrected parts at a drawn ratio and side."""

from __future__ import annotations

from fractions import Fraction

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.subquadratic_reading import check, corrected_on_axes
from varproof.families.space import Choice, Integer, Space

ATTACK = drawn_check(
    check,
    Space({"factors": Integer(1, 10**12, log=True), "saved": Integer(1, 12)}),
    cells=("factors", "saved"),
    cost=0.001,
)

RATIOS = tuple(Fraction(ratio) for ratio in ("2", "3", "3/2", "16/13", "5", "9/8", "17/7"))

CORRECTED = drawn_check(
    corrected_on_axes,
    Space(
        {
            "ratios": Choice(RATIOS),
            "sides": Integer(1, 4000, log=True),
            "alphas": Choice(tuple(Fraction(alpha) for alpha in ("1/2", "1", "2", "1/7", "5", "20"))),
            "law": Choice(("1-2-4", "1-3-5", "1-2", "1-3", "1-4")),
            "targets": Choice(tuple(Fraction(target) for target in ("1/2", "1/4", "1/10", "9/10", "1/50"))),
        }
    ),
    cells=("ratios", "sides"),
    size="sides",
    cost=0.005,
    most=1000,
)
