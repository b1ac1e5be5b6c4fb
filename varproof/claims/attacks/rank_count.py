"""Cases of the rank count: the claim's own check on one drawn dimension and degree.

The file to copy for a claim whose check is exact and quick: no arrays, only where the axes are drawn from.
"""

from __future__ import annotations

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.rank_count import check
from varproof.families.space import Integer, Space

ATTACK = drawn_check(
    check,
    Space({"head_dim": Integer(1, 4), "degree": Integer(0, 6), "large": Integer(1, 512, log=True)}),
    cells=("head_dim", "degree"),
    size="degree",
    small=Space({"head_dim": Integer(1, 4), "degree": Integer(0, 4), "large": Integer(1, 2)}),
    cost=0.02,
    most=200,
)
