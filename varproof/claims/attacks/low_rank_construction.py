"""Cases of S5: the claim's own check on one drawn dimension and degree."""

from __future__ import annotations

from varproof.claims.drawn_check import drawn_check
from varproof.claims.low_rank_construction import check
from varproof.families.space import Integer, Space

ATTACK = drawn_check(
    check,
    Space({"head_dim": Integer(1, 6), "degree": Integer(1, 6)}),
    cells=("head_dim", "degree"),
    size="head_dim",
    small=Space({"head_dim": Integer(1, 3), "degree": Integer(1, 3)}),
    cost=0.01,
    most=1000,
)
