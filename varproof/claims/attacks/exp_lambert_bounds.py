"""Cases of T4: the two closed-form degrees, and the bound for every mu, at drawn bound, accuracy, mu and n."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from flint import ctx

from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import (
    absolute_lambert_degree,
    absolute_lower,
    absolute_upper,
    relative_lambert_degree,
    relative_lower,
    relative_upper,
)
from varproof.base.balls import ball
from varproof.claims.attack_parts.ball_inequality import Sides, ball_inequality, between, exact
from varproof.claims.exp_lambert_bounds import BITS, MAX_TAIL
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Real, Space, Value

MOST = 40  # n up to which the best error itself is enclosed
SPACE = Space(
    {
        "part": Choice(("abs", "rel", "mu")),
        "bound": Integer(1, 10_000, log=True),
        "eps_digits": Integer(1, 100, log=True),
        "mu": Real(1 / 128, 4.0, log=True),
        "at": Choice(("B", "B (1 + mu)", "elsewhere")),  # n of the mu part; it has no other sharp places
        "excess": Real(0.5, 2.0, log=True),  # n over B (1 + mu) elsewhere
    }
)


def sides(numbers: Mapping[str, Value], case: Case) -> Sides | None:
    """At n, what is proved about the error: against eps for the degrees, against the bound for mu."""
    with ctx.workprec(BITS):
        if numbers["part"] == "mu":
            return _poisson(numbers, case)
        return _degree(str(numbers["part"]), int(numbers["bound"]), Fraction(1, 10 ** int(numbers["eps_digits"])), case)


def _degree(part: str, bound: int, eps: Fraction, case: Case) -> Sides:
    form = absolute_lambert_degree if part == "abs" else relative_lambert_degree
    n = math.ceil((form(bound, eps) + 1) * case.constants[f"{part}_degree"])
    low = absolute_lower(n - 1, bound) if part == "abs" else relative_lower(n - 1, bound)
    if bound > MAX_TAIL:
        # tails take seconds there: only a consequence is looked at, that the lower bound is below eps
        return Sides(low, ball(eps), n)
    high = absolute_upper(n - 1, bound) if part == "abs" else relative_upper(n - 1, bound)
    # the polynomial 0 has relative error 1
    return Sides(between(low, ball(1) if high is None else high), ball(eps), n)


def _poisson(numbers: Mapping[str, Value], case: Case) -> Sides:
    bound, mu = int(numbers["bound"]), exact(numbers["mu"])
    at_mu = bound * float(1 + mu)
    places = {"B": float(bound), "B (1 + mu)": at_mu, "elsewhere": at_mu * float(numbers["excess"])}
    n = max(1, round(places[str(numbers["at"])]))
    growth, decay = ball(case.constants["growth"] * mu * bound), ball(case.constants["decay"] * n)
    right = (1 + 2 / ball(mu)) * (growth - decay * (1 + ball(mu)).log()).exp()
    if n > MOST:
        return Sides(relative_lower(n - 1, bound), right, n)
    best = best_error(n - 1, bound, "rel")
    return Sides(between(best.lower, best.upper), right, n)


ATTACK = ball_inequality(
    sides,
    SPACE,
    cells=("part", "bound", "eps_digits"),
    small=Space(
        {
            **SPACE.fields,
            "bound": Choice((1, 8, 64, 4096)),
            "eps_digits": Choice((1, 4, 32)),
            "mu": Choice((0.0625, 2.0)),
            "at": Choice(("B", "B (1 + mu)")),
            "excess": Choice((1.0,)),
        }
    ),
    cost=0.01,
    most=320,
)
