"""Cases of the output error: the claim's own check on a drawn error of the weights and a drawn table."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from varproof.claims.attention_output_error import check
from varproof.claims.drawn_check import drawn_check
from varproof.families.space import Integer, Point, Space, Value

PARTS = 32


def axes(point: Point) -> Mapping[str, Value]:
    """Roots and bounds are multiples of 1/32."""
    return {
        "root": Fraction(PARTS + int(point["root_excess"]), PARTS),
        "bound": Fraction(int(point["bound"]), PARTS),
        "degree": point["degree"],
    }


ATTACK = drawn_check(
    check,
    Space({"root_excess": Integer(1, 256, log=True), "bound": Integer(29, 135), "degree": Integer(5, 9)}),
    cells=("root_excess", "bound", "degree"),
    size="degree",
    small=Space({"root_excess": Integer(1, 2), "bound": Integer(32, 33), "degree": Integer(5, 6)}),
    cost=0.05,
    most=500,
    axes=axes,
)
