"""Cases of attention through interpolated maps: the claim's own check on one kernel and one number of digits."""

from __future__ import annotations

from varproof.claims.drawn_check import drawn_check
from varproof.claims.interpolated_transfer import KERNELS, check
from varproof.families.space import Choice, Integer, Space

ATTACK = drawn_check(
    check,
    Space({"kernel": Choice(KERNELS), "digits": Integer(1, 60)}),
    cells=("kernel", "digits"),
    size="digits",
    cost=0.17,
    most=150,
    small=Space({"kernel": Choice(KERNELS), "digits": Integer(1, 8)}),
)
