"""Cases of the engine's operation count: the claim's own check on one drawn dimension, degree and schedule."""

from __future__ import annotations

from collections.abc import Mapping

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.attack_parts.drawn_schedule import schedule_text, sides_up_to
from varproof.claims.streamed_attention_cost import check
from varproof.families.space import Integer, Point, Space, Value


def axes(point: Point) -> Mapping[str, Value]:
    """The schedule from its integer."""
    return {
        "head_dim": point["head_dim"],
        "degree": point["degree"],
        "schedule": schedule_text(int(point["sides"])),
    }


ATTACK = drawn_check(
    check,
    Space({"head_dim": Integer(1, 8), "degree": Integer(1, 6), "sides": sides_up_to(6)}),
    cells=("head_dim", "degree"),
    size="head_dim",
    small=Space({"head_dim": Integer(1, 3), "degree": Integer(1, 3), "sides": Integer(3, 15)}),
    cost=0.008,
    most=3000,
    axes=axes,
)
