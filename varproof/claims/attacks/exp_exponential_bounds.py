"""Cases of T3: both exponential bounds at a drawn bound, degree and free parameter, against the enclosed best error."""

from __future__ import annotations

from collections.abc import Mapping

from flint import ctx

from varproof.approx.best_error import best_error
from varproof.base.balls import ball
from varproof.claims.attack_parts.ball_inequality import Sides, ball_inequality, between, exact
from varproof.claims.exp_exponential_bounds import BITS
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Real, Space, Value

SPACE = Space(
    {
        "kind": Choice(("abs", "rel")),
        "bound": Real(1 / 512, 96.0, log=True),
        "degree": Integer(0, 80),
        "parameter": Real(1 / 64, 8.0, log=True),
    }
)


def sides(numbers: Mapping[str, Value], case: Case) -> Sides | None:
    """The error against 2 e^{B cosh b - n b}/(1 - e^-b), or against 2u/(1 - e^-a - u^2) where that is positive."""
    bound, degree, parameter = exact(numbers["bound"]), int(numbers["degree"]), exact(numbers["parameter"])
    with ctx.workprec(BITS):
        growth, t = ball(case.constants["growth"] * bound), ball(parameter)
        decay = ball(case.constants["decay"] * (degree + 1) * parameter)
        if numbers["kind"] == "abs":
            best = best_error(degree, bound, "abs")
            right = 2 * (growth * t.cosh() - decay).exp() / (1 - (-t).exp())
        else:
            u = (growth * t.sinh() - decay).exp()
            room = 1 - (-t).exp() - u * u
            if not room > 0 and case.assumes("room"):
                return None
            best = best_error(degree, bound, "rel")
            right = 2 * u / room
        return Sides(between(best.lower, best.upper), right, degree + 1)


ATTACK = ball_inequality(
    sides,
    SPACE,
    cells=("bound", "degree"),
    small=Space(
        {**SPACE.fields, "bound": Choice((1, 8, 32)), "degree": Choice((1, 4, 16, 48)), "parameter": Choice((1, 2))}
    ),
    cost=0.03,
    most=240,
)
