"""Cases of S4: the claim's own check on one drawn gap, number of keys and number of variables."""

from __future__ import annotations

from varproof.claims.drawn_check import drawn_check
from varproof.claims.no_subquartic_algorithm import check
from varproof.families.space import Integer, Real, Space

ATTACK = drawn_check(
    check,
    Space(
        {
            "root": Real(1.0625, 16.0, log=True),
            "keys": Integer(1, 3),
            "variables": Integer(1, 6),
            "large": Integer(1, 8),
        }
    ),
    cells=("root", "keys", "variables"),
    size="variables",
    cost=0.1,
    most=300,
)
