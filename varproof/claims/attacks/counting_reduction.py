"""Cases of the counting reduction: the claim's own check on one drawn value per axis."""

from __future__ import annotations

from varproof.claims.counting_reduction import SCALES, check
from varproof.claims.drawn_check import drawn_check
from varproof.families.space import Choice, Integer, Real, Space

ATTACK = drawn_check(
    check,
    Space(
        {
            "dim": Integer(1, 3),
            "kappa": Real(1 / 64, 64.0, log=True),
            "scale": Choice(SCALES),
            "keys": Integer(2, 300, log=True),
            "degree": Integer(1, 80, log=True),
            "log2_tokens": Integer(4, 20),
        }
    ),
    cells=("dim", "kappa", "scale"),
    size="keys",
    cost=0.02,
    most=1000,
)
