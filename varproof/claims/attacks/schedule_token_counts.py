"""Cases of the token counts: the claim's own check on one preset, power of two, ratio and last side of 1..n."""

from __future__ import annotations

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.schedule_token_counts import PRESETS, check
from varproof.families.space import Choice, Integer, Space

ATTACK = drawn_check(
    check,
    Space(
        {
            "presets": Choice(PRESETS),
            "powers": Integer(0, 500),
            "ratios": Integer(2, 1000, log=True),
            "linear": Integer(1, 10_000, log=True),
        }
    ),
    cells=("presets", "ratios", "linear"),
    size="linear",
    small=Space(
        {"presets": Choice(PRESETS), "powers": Integer(0, 4), "ratios": Integer(2, 4), "linear": Integer(1, 4)}
    ),
    cost=6e-4,
)
