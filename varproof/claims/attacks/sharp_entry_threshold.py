"""Cases of S3: the claim's own check on one drawn root of ln N, ratio d/ln N, logit ratio and dimension."""

from __future__ import annotations

from varproof.claims.drawn_check import drawn_check
from varproof.claims.sharp_entry_threshold import check
from varproof.families.space import Integer, Real, Space

ATTACK = drawn_check(
    check,
    Space(
        {
            "root": Integer(2, 40),
            "c_root": Integer(1, 20),
            "kappa": Real(1 / 64, 64.0, log=True),
            "dim": Integer(1, 3),
        }
    ),
    cells=("root", "c_root", "dim"),
    size="root",
    cost=0.12,
    most=250,
)
