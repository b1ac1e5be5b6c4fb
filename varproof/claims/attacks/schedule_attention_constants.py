"""Cases of the attention constants: the claim's own check on one preset, power of two and last side of 1..n."""

from __future__ import annotations

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.schedule_attention_constants import PRESETS, check
from varproof.families.space import Choice, Integer, Space

ATTACK = drawn_check(
    check,
    Space({"presets": Choice(PRESETS), "powers": Integer(0, 500), "linear": Integer(1, 10_000, log=True)}),
    cells=("presets", "powers", "linear"),
    size="linear",
    small=Space({"presets": Choice(PRESETS), "powers": Integer(0, 12), "linear": Integer(1, 6)}),
    cost=2e-3,
)
