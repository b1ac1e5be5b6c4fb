"""Cases of free token maps: the claim's own check on one drawn side, head dimension and seed of rows and keys."""

from __future__ import annotations

from varproof.claims.drawn_check import drawn_check
from varproof.claims.embedding_free_maps import check
from varproof.families.space import Choice, Integer, Seed, Space

ATTACK = drawn_check(
    check,
    Space({"doubling": Choice((2, 4, 8)), "linear": Integer(2, 8), "head_dim": Integer(1, 5), "seed": Seed()}),
    cells=("doubling", "linear", "head_dim"),
    size="linear",
    cost=0.04,
    most=700,
)
