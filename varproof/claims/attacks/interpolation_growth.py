"""Cases of growth by interpolation: the claim's own check on a drawn schedule."""

from __future__ import annotations

from collections.abc import Mapping

from varproof.claims.attacks.drawn_schedule import schedule_text, sides_up_to
from varproof.claims.drawn_check import drawn_check
from varproof.claims.interpolation_growth import check
from varproof.families.space import Integer, Point, Space, Value


def axes(point: Point) -> Mapping[str, Value]:
    """The schedule from its integer."""
    return {"schedule": schedule_text(int(point["sides"]))}


ATTACK = drawn_check(
    check,
    Space({"sides": sides_up_to(20)}),
    cells=("sides",),
    small=Space({"sides": Integer(3, 31)}),
    cost=0.1,
    most=200,
    axes=axes,
)
