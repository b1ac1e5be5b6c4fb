"""Cases of layer amplification: the claim's own check on one ratio, number of scales, factor and power."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.layer_amplification import check
from varproof.families.space import Integer, Point, Space, Value

PARTS = 64  # of 1 that the factor is a multiple of


def axes(point: Point) -> Mapping[str, Value]:
    """The factor is 1 and some 64ths."""
    factor = Fraction(PARTS + int(point["gain"]), PARTS)
    return {name: value for name, value in point.items() if name != "gain"} | {"factor": factor}


ATTACK = drawn_check(
    check,
    Space(
        {
            "ratio": Integer(2, 16),
            "scales": Integer(2, 200, log=True),
            "gain": Integer(1, 1024, log=True),
            "exact_power": Integer(1, 8),
            "exponent": Integer(1, 40),
        }
    ),
    cells=("ratio", "scales", "gain"),
    size="scales",
    small=Space(
        {
            "ratio": Integer(2, 4),
            "scales": Integer(2, 5),
            "gain": Integer(1, 2),
            "exact_power": Integer(1, 2),
            "exponent": Integer(1, 2),
        }
    ),
    cost=1.2e-4,
    axes=axes,
)
