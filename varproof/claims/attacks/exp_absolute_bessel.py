"""Cases of T1: bound and degree drawn, the best error enclosed by certificates and held against one Bessel bound."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from flint import ctx

from varproof.approx.bessel import bessel_i
from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import absolute_lower, absolute_upper
from varproof.base.balls import ball
from varproof.claims.attack_parts.ball_inequality import Sides, ball_inequality, between, exact
from varproof.claims.exp_absolute_bessel import BITS
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Real, Space, Value

SPACE = Space(
    {
        "side": Choice(("lower", "upper")),
        "bound": Real(1 / 512, 96.0, log=True),
        "degree": Integer(0, 80),
    }
)


def sides(numbers: Mapping[str, Value], case: Case) -> Sides:
    """2 I_n(B) against the error, or the error against 2 sum_{k >= n} I_k(B)."""
    bound, degree = exact(numbers["bound"]), int(numbers["degree"])
    with ctx.workprec(BITS):
        best = best_error(degree, bound, "abs")
        error = between(best.lower, best.upper)
        if numbers["side"] == "lower":
            return Sides(ball(case.constants["lower"] / 2) * absolute_lower(degree, bound), error, degree + 1)
        tail = absolute_upper(degree, bound)
        if not case.assumes("whole_tail"):
            tail -= 2 * bessel_i(degree + 1, bound)
        return Sides(error, ball(case.constants["upper"] / 2) * tail, degree + 1)


ATTACK = ball_inequality(
    sides,
    SPACE,
    cells=("side", "bound", "degree"),
    small=Space({**SPACE.fields, "bound": Choice((1, 8, 64)), "degree": Integer(0, 16)}),
    attains=Fraction(999, 1000),
    cost=0.03,
    most=192,
)
