"""Cases of S1: a drawn constant refutes the literal form; the corrected form's own check on drawn schedules."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.attack_parts.drawn_schedule import schedule_text, sides_up_to
from varproof.claims.exact_cost_quartic import check, corrected
from varproof.families.space import Choice, Integer, Point, Space, Value

PARTS = 64  # of 1 that the ratio is a multiple of
LAST = 10_000  # largest side that the check takes


def axes(point: Point) -> Mapping[str, Value]:
    """The ratio is 1 and some 64ths."""
    return {
        "law": schedule_text(int(point["sides_present"])),
        "ratios": Fraction(PARTS + int(point["gain"]), PARTS),
        "sides": point["sides"],
        "integer_ratios": point["integer_ratios"],
    }


ATTACK = drawn_check(
    check,
    Space({"offered": Integer(1, 10**12, log=True)}),
    cells=("offered",),
    small=Space({"offered": Integer(1, 64)}),
    cost=1e-4,
)
CORRECTED = drawn_check(
    corrected,
    Space(
        {
            "sides_present": sides_up_to(5),
            "gain": Integer(1, 1024, log=True),
            "sides": Integer(1, LAST, log=True),
            "integer_ratios": Integer(2, 1000, log=True),
        }
    ),
    cells=("gain", "sides"),
    size="sides",
    small=Space(
        {
            "sides_present": Integer(3, 5),
            "gain": Choice((16, PARTS, 2 * PARTS)),
            "sides": Integer(1, 16),
            "integer_ratios": Choice((2, 3)),
        }
    ),
    cost=0.005,
    most=5000,
    axes=axes,
)
