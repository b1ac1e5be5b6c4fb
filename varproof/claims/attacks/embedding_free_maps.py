"""Cases of free token maps: the claim's own check on one layout, head dimension and seed of rows and keys."""

from __future__ import annotations

from collections.abc import Mapping

from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.embedding_free_maps import check
from varproof.families.space import Choice, Integer, Point, Seed, Space, Value

SMALLEST = 2  # side of the layout that a case is not about
LAYOUTS = (*(f"doubling {side}" for side in (2, 4, 8)), *(f"linear {side}" for side in range(2, 9)))


def axes(point: Point) -> Mapping[str, Value]:
    """One layout as drawn, the other kind at its smallest side."""
    kind, side = str(point["layout"]).split()
    sides: dict[str, Value] = dict.fromkeys(("doubling", "linear"), SMALLEST)
    return {**sides, kind: int(side), "head_dim": point["head_dim"]}


ATTACK = drawn_check(
    check,
    Space({"layout": Choice(LAYOUTS), "head_dim": Integer(1, 5), "seed": Seed()}),
    cells=("layout", "head_dim"),
    size="head_dim",
    cost=0.03,
    axes=axes,
    most=500,
)
