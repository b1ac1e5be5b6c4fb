"""Cases of the block-causal mask: the claim's own check on a drawn dimension and schedule."""

from __future__ import annotations

from collections.abc import Mapping

from varproof.claims.attacks.drawn_schedule import schedule_text, sides_up_to
from varproof.claims.block_causal_mask import check
from varproof.claims.drawn_check import drawn_check
from varproof.families.space import Integer, Point, Space, Value


def axes(point: Point) -> Mapping[str, Value]:
    """The schedule from its integer."""
    return {"head_dim": point["head_dim"], "schedule": schedule_text(int(point["sides"]))}


ATTACK = drawn_check(
    check,
    Space({"head_dim": Integer(1, 6), "sides": sides_up_to(12)}),
    cells=("head_dim", "sides"),
    size="head_dim",
    small=Space({"head_dim": Integer(1, 2), "sides": Integer(3, 15)}),
    cost=0.02,
    most=1000,
    axes=axes,
)
