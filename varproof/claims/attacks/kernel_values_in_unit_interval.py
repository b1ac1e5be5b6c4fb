"""Cases of S7: its own checks on one drawn number of phases, the corrected form also on a drawn schedule."""

from __future__ import annotations

from collections.abc import Mapping

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.attack_parts.drawn_schedule import schedule_text, sides_up_to
from varproof.claims.kernel_values_in_unit_interval import check, check_corrected
from varproof.families.space import Integer, Point, Space, Value


def axes(point: Point) -> Mapping[str, Value]:
    """The schedule from its integer."""
    return {"phases": point["phases"], "schedule": schedule_text(int(point["sides"]))}


ATTACK = drawn_check(
    check,
    Space({"phases": Integer(2, 128)}),
    cells=("phases",),
    size="phases",
    small=Space({"phases": Integer(2, 16)}),
    cost=2e-3,
)
CORRECTED = drawn_check(
    check_corrected,
    Space({"phases": Integer(2, 64, log=True), "sides": sides_up_to(6)}),
    cells=("phases", "sides"),
    size="phases",
    small=Space({"phases": Integer(2, 4), "sides": Integer(3, 15)}),
    cost=0.045,
    most=500,
    axes=axes,
)
