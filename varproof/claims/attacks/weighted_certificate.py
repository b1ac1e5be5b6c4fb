"""Cases of the weighted certificate: the claim's own check on drawn rows and a drawn table."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from varproof.claims.drawn_check import drawn_check
from varproof.claims.weighted_certificate import check
from varproof.families.space import Integer, Point, Seed, Space, Value

PARTS = 32


def axes(point: Point) -> Mapping[str, Value]:
    """Bounds are multiples of 1/32."""
    return {"bound": Fraction(int(point["bound"]), PARTS), "degree": point["degree"]}


ATTACK = drawn_check(
    check,
    Space({"bound": Integer(4, 511, log=True), "degree": Integer(1, 12), "seed": Seed()}),
    cells=("bound", "degree"),
    size="degree",
    cost=0.02,
    most=1000,
    axes=axes,
)
