"""Cases of the exponents of reductions: the claim's own check at one drawn eps, gamma and delta_R."""

from __future__ import annotations

from dataclasses import replace

from varproof.claims.attack import Instance
from varproof.claims.attack_parts.drawn_check import drawn_check
from varproof.claims.model import Case
from varproof.claims.reduction_exponents import check
from varproof.families.space import Point, Real, Space

_DRAWN = drawn_check(
    check,
    Space({"eps": Real(1 / 1024, 2.5), "gamma": Real(1 / 1024, 0.75), "delta": Real(1 / 1024, 0.75)}),
    cells=("eps", "gamma", "delta"),
    cost=0.005,
    most=1000,
)


def build(point: Point, case: Case) -> Instance | None:
    """None above the range of eps, where the statement says nothing."""
    if case.assumes("range") and float(point["eps"]) > case.constants["range"]:
        return None
    return _DRAWN.build(point, case)


ATTACK = replace(_DRAWN, build=build)
