"""Cases of T2: bound and degree drawn, the best relative error enclosed and held against one Bessel bound."""

from __future__ import annotations

from collections.abc import Mapping

from flint import ctx

from varproof.approx.bessel import bessel_j, bessel_j_tail
from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import relative_lower
from varproof.base.balls import ball
from varproof.claims.attack_parts.ball_inequality import Sides, ball_inequality, between, exact
from varproof.claims.exp_relative_bessel import BITS
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Real, Space, Value

SPACE = Space(
    {
        "side": Choice(("lower", "upper")),
        "bound": Real(1 / 512, 96.0, log=True),
        "degree": Integer(0, 80),
    }
)


def sides(numbers: Mapping[str, Value], case: Case) -> Sides | None:
    """|J_n(B)| against the error, or the error against 2 S_n(B)/(1 - S_2n(2B)) where n > B and S_2n(2B) < 1."""
    bound, degree = exact(numbers["bound"]), int(numbers["degree"])
    n = degree + 1
    with ctx.workprec(BITS):
        contraction = bessel_j_tail(2 * n, 2 * bound)
        upper = numbers["side"] == "upper"
        if upper and not (n > bound and contraction < 1) and case.assumes("contraction"):
            return None
        best = best_error(degree, bound, "rel")
        error = between(best.lower, best.upper)
        if not upper:
            return Sides(relative_lower(degree, bound), error, n)
        tail = bessel_j_tail(n, bound)
        if not case.assumes("whole_tail"):
            tail -= bessel_j(n, bound)
        return Sides(error, ball(case.constants["upper"]) * tail / (1 - contraction), n)


ATTACK = ball_inequality(
    sides,
    SPACE,
    cells=("bound", "degree"),
    small=Space({**SPACE.fields, "bound": Choice((1, 8, 64)), "degree": Integer(0, 16)}),
    cost=0.05,
    most=160,
)
