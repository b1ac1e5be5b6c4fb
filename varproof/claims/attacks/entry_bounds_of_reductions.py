"""Cases of the entry bounds: the claim's own check on one size, dimension, convention, logit ratio and ratio d/ln n."""

from __future__ import annotations

from varproof.claims.drawn_check import drawn_check
from varproof.claims.entry_bounds_of_reductions import SCALES, check
from varproof.families.space import Choice, Integer, Real, Space

ATTACK = drawn_check(
    check,
    Space(
        {
            "keys": Integer(1, 300, log=True),
            "dim": Integer(2, 40, log=True),
            "scale": Choice(SCALES),
            "kappa": Real(1 / 64, 64.0, log=True),
            "ratio": Integer(1, 20),
        }
    ),
    cells=("keys", "dim", "scale"),
    size="keys",
    cost=0.004,
)
