"""Cases of the extrapolation weights: the claim's own check on one drawn z = e^(-s/2), degree and number of keys."""

from __future__ import annotations

from varproof.claims.drawn_check import drawn_check
from varproof.claims.extrapolation_weights import check
from varproof.families.space import Integer, Real, Space

ATTACK = drawn_check(
    check,
    Space({"half_decay": Real(1 / 64, 63 / 64), "degree": Integer(1, 60, log=True), "keys": Integer(1, 50, log=True)}),
    cells=("half_decay", "degree", "keys"),
    size="keys",
    cost=0.01,
    most=1000,
)
