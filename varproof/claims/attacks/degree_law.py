"""Cases of the degree law: the law against certified degrees, and the constant that a Theta hides at a drawn angle."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import cast

from flint import arb, ctx

from varproof.approx.degree_law import Kind, law_angle, law_degree
from varproof.base.balls import ball
from varproof.claims.attack_parts.ball_inequality import Sides, ball_inequality, between, exact
from varproof.claims.degree_law import BITS, MAX_BOUND, certified_bracket, log_branch
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Real, Space, Value

SPACE = Space(
    {
        "part": Choice(("law", "log branch", "B branch")),
        "kind": Choice(("rel", "abs")),
        "bound": Integer(8, MAX_BOUND, log=True),
        "eps_digits": Integer(2, 200, log=True),
        "angle": Real(1 / 16, 32.0, log=True),  # beyond the switch of the two branches
    }
)


def sides(numbers: Mapping[str, Value], case: Case) -> Sides:
    """One part of the statement; of an interval the end that is nearer. The size is the n of the law, or 1."""
    part, kind = str(numbers["part"]), cast(Kind, str(numbers["kind"]))
    if part == "law":
        return _law(kind, int(numbers["bound"]), int(numbers["eps_digits"]), case)
    with ctx.workprec(BITS):
        switch = arb(1).exp() if case.assumes("switch_at_e") else ball(Fraction(101, 100))
        start = law_angle(switch, kind=kind, bits=BITS)
        if part == "B branch":
            # n/B increases with the angle, so the end of this branch says most
            angle = start / (1 + ball(exact(numbers["angle"])) / 32)
            return Sides(angle.cosh() if kind == "rel" else angle.sinh(), ball(case.constants[f"{kind}_branch"]), 1)
        value, most = log_branch(kind, start + ball(exact(numbers["angle"]))), ball(case.constants["log_branch"])
        return Sides(value, most, 1) if value * value > most else Sides(arb(1), value, 1)


def _law(kind: Kind, bound: int, digits: int, case: Case) -> Sides:
    low, high = certified_bracket(kind, bound, digits)
    minimal = between(Fraction(low), Fraction(high))
    inverse = ball(digits) * arb(10).log()
    predicted = ball(case.constants["law"]) * law_degree(bound, inverse, kind=kind)
    slack = (1 + (2 * arb.pi() * bound).log() / 2) / law_angle(inverse / bound, kind=kind)
    least, most = predicted - slack - 1, predicted + 1
    # nearer in ratio: minimal/most against least/minimal
    return Sides(minimal, most, high) if minimal * minimal > least * most else Sides(least, minimal, high)


ATTACK = ball_inequality(
    sides,
    SPACE,
    cells=("part", "kind", "bound"),
    small=Space(
        {
            **SPACE.fields,
            "bound": Choice((8, 32, 128)),
            "eps_digits": Choice((2, 16, 128)),
            "angle": Choice((0.0625, 1.09375, 4.0)),  # the log branch of abs is largest near 1.091
        }
    ),
    cost=0.01,
    most=1000,
)
