"""Cases of running feature sums: the claim's own check on a drawn dimension, degree and schedule."""

from __future__ import annotations

from collections.abc import Mapping

from varproof.claims.attacks.drawn_schedule import schedule_text, sides_up_to
from varproof.claims.drawn_check import drawn_check
from varproof.claims.running_feature_sums import check
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
    Space({"head_dim": Integer(1, 4), "degree": Integer(1, 5), "sides": sides_up_to(12)}),
    cells=("head_dim", "degree"),
    size="degree",
    small=Space({"head_dim": Integer(1, 2), "degree": Integer(1, 2), "sides": Integer(3, 7)}),
    cost=0.05,
    most=500,
    axes=axes,
)
