"""Cases of the flops of a pass: the claim's own check on one drawn schedule, depth and head dimension."""

from __future__ import annotations

from collections.abc import Mapping

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.attack_parts.drawn_schedule import schedule_text, sides_up_to
from varproof.claims.var_pass_flops import check
from varproof.families.space import Integer, Point, Space, Value


def axes(point: Point) -> Mapping[str, Value]:
    """The schedule from its integer; five sides have at most 55 tokens."""
    return {name: value for name, value in point.items() if name != "sides"} | {
        "schedule": schedule_text(int(point["sides"]))
    }


ATTACK = drawn_check(
    check,
    Space(
        {
            "sides": sides_up_to(5),
            "depth": Integer(1, 4),
            "head_dim": Integer(1, 8),
            "rows": Integer(1, 6),
        }
    ),
    cells=("depth", "head_dim"),
    size="head_dim",
    small=Space({"sides": Integer(3, 7), "depth": Integer(1, 2), "head_dim": Integer(1, 2), "rows": Integer(1, 2)}),
    cost=0.08,
    most=320,
    axes=axes,
)
