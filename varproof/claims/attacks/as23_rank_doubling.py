"""Cases of the doubled exponent: the claim's own check on one drawn dimension and degree."""

from __future__ import annotations

from collections.abc import Mapping

from varproof.claims.as23_rank_doubling import check
from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.families.space import Integer, Point, Space, Value


def axes(point: Point) -> Mapping[str, Value]:
    """The degree is drawn as 1 + degree, so that small degrees are as likely as large ones."""
    return {"head_dim": point["head_dim"], "degree": int(point["sums"]) - 1}


ATTACK = drawn_check(
    check,
    Space({"head_dim": Integer(1, 600, log=True), "sums": Integer(1, 601, log=True)}),
    cells=("head_dim", "sums"),
    size="head_dim",
    small=Space({"head_dim": Integer(1, 8), "sums": Integer(1, 9)}),
    cost=1.5e-4,
    axes=axes,
)
