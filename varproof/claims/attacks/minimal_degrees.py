"""Cases of the table of minimal degrees: all of its cells. The statement is about these and no others."""

from __future__ import annotations

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.minimal_degrees import GRID, check
from varproof.families.space import Choice, Space

SPACE = Space({axis: Choice(values) for axis, values in GRID.items()})

# random cells could only repeat what the exhaustive arm does once
ATTACK = drawn_check(
    check, SPACE, cells=("bound", "eps_digits"), size="bound", small=SPACE, cost=0.1, most=16, arms=("exhaustive",)
)
