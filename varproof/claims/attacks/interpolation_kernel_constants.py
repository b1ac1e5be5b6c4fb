"""Cases of the kernel constants: the claim's own check at one drawn parameter, number of phases and side."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.interpolation_kernel_constants import check
from varproof.families.space import Integer, Point, Space, Value

PARTS = 1024  # of 1 that the parameter a is a multiple of


def axes(point: Point) -> Mapping[str, Value]:
    """a from 0 down to -3."""
    a = Fraction(-int(point["minus_a"]), PARTS)
    return {"a": a, "phases": point["phases"], "sides": point["sides"]}


ATTACK = drawn_check(
    check,
    Space(
        {
            "minus_a": Integer(0, 3 * PARTS),
            "phases": Integer(1, 128, log=True),
            "sides": Integer(1, 128, log=True),
        }
    ),
    cells=("minus_a", "phases", "sides"),
    size="sides",
    small=Space({"minus_a": Integer(0, 1), "phases": Integer(1, 4), "sides": Integer(1, 8)}),
    cost=0.016,
    most=1500,
    axes=axes,
)
