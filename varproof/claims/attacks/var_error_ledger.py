"""Cases of the error ledger: the claim's own check on one of its models."""

from __future__ import annotations

from varproof.claims.drawn_check import drawn_check
from varproof.claims.var_error_ledger import KINDS, SEEDS, check
from varproof.families.space import Choice, Space

ATTACK = drawn_check(
    check,
    Space({"model": Choice(KINDS), "seed": Choice(SEEDS)}),
    cells=("model", "seed"),
    cost=0.1,
    most=15,
)
