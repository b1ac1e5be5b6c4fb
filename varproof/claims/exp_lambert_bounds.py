"""T4: degrees in closed form through the Lambert function, and the Poisson-type bound they come from."""

from __future__ import annotations

import math
from fractions import Fraction

from flint import arb, ctx

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
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/polynomials-for-exp.md"
BITS = 192
BOXES = 4000
MAX_TAIL = 64  # Bessel tails at larger bounds take seconds


def check(case: Case) -> Finding:
    """The closed-form degrees against proved errors, the bound for every mu against them, and the proof's constants."""
    tally = Tally()
    with ctx.workprec(BITS):
        for bound in integers(case, "bound", low=1, high=10_000):
            for digits in integers(case, "eps_digits", low=1, high=100):
                _degrees(tally, case, bound, Fraction(1, 10**digits))
            for excess in rationals(case, "mu", above=0, below=4):
                _poisson(tally, case, bound, excess)
        _proof_constants(tally)
    return tally.finding(
        f"{PAGE} proves it for all B, eps and mu; here the numeric steps of the proof are verified by balls, and the "
        "degrees and the bound against Bessel bounds and certified best errors on the grid"
    )


def _degrees(tally: Tally, case: Case, bound: int, eps: Fraction) -> None:
    """At the closed-form degree (times the constant of a variant) T1 or T2 proves an error of at most eps."""
    for kind, form, lower, upper in (
        ("abs", absolute_lambert_degree, absolute_lower, absolute_upper),
        ("rel", relative_lambert_degree, relative_lower, relative_upper),
    ):
        n = math.ceil((form(bound, eps) + 1) * case.constants[f"{kind}_degree"])
        cell = {"kind": kind, "B": bound, "eps": eps, "n": n}
        tally.at_most(lower(n - 1, bound), eps, by="lower bound", **cell)
        if bound <= MAX_TAIL:
            proved = upper(n - 1, bound)
            tally.holds(proved is not None and bool(proved <= ball(eps)), by="upper bound", **cell)


def _poisson(tally: Tally, case: Case, bound: int, mu: Fraction) -> None:
    """(1 + 2/mu) e^{mu B} (1 + mu)^-n near its best n for this mu, where the bound is smallest against the error."""
    for n in (bound, int(bound * (1 + mu)), int(bound * (1 + mu)) + 1):
        growth, decay = ball(case.constants["growth"] * mu * bound), ball(case.constants["decay"] * n)
        value = (1 + 2 / ball(mu)) * (growth - decay * (1 + ball(mu)).log()).exp()
        cell = {"B": bound, "mu": mu, "n": n}
        # beyond n = 40 only the proved lower bound |J_n| is used: enough to refute a wrong bound, not to confirm one
        measured = ball(best_error(n - 1, bound, "rel").upper) if n <= 40 else relative_lower(n - 1, bound)
        tally.at_most(measured, value, **cell)


def _proof_constants(tally: Tally) -> None:
    """The numbers of the proof: the quotients of case 1; in case 2 f(mu) - mu/(mu+2), h(mu) and the last step."""
    for n in (1, 2, 3):  # from n = 3 on Stirling's (e/4)^{2n} takes over, which decreases
        tally.at_most(Fraction(n, 2) ** (2 * n) / math.factorial(2 * n), Fraction(1, 8), step="case 1 tail", n=n)
    tally.at_most((arb(1).exp() / 4) ** 6, Fraction(1, 8), step="case 1 Stirling")
    tally.at_most(2 * Fraction(4, 3) / (1 - Fraction(4, 3) * Fraction(1, 8)), Fraction(16, 5), step="case 1 factor")
    share = ball(Fraction(16, 5)) * arb(1).exp() / 4 / (4 * arb.pi()).sqrt()  # n = 2; decreases with n
    tally.at_most(share, Fraction(62, 100), step="case 1 at n = 2")

    def room(mu: arb) -> arb:
        return ((mu + 2) ** 3 / mu).sqrt() / (1 + mu) - mu / (mu + 2)

    end = arb("2.52")
    tally.at_least(room(arb(1)), 2, step="mu <= 1")
    tally.at_least(room(end), ball(Fraction(115, 100)), step="mu <= 2.52")
    tally.at_most(2 * (1 + end).log(), end, step="mu < 2.52 follows from mu < 2 ln(1 + mu)")
    tally.at_most(2 * (-arb(3).log() / ball(Fraction(169, 100))).exp(), ball(Fraction(105, 100)), step="left side")
    for i in range(BOXES):
        mu = ball(1 + Fraction(152 * i, 100 * BOXES)).union(ball(1 + Fraction(152 * (i + 1), 100 * BOXES)))
        tally.at_most(2 * (1 + mu) * (2 * (1 + mu).log() - mu), ball(Fraction(169, 100)), step="h", box=i)


CLAIM = Claim(
    id="exp_lambert_bounds",
    statement=(
        "T4: n = ceil(max(B, (B/2) exp(1 + W(2 (ln(1/eps) + B/4 + ln 4)/(e B))))) suffices for absolute error eps, "
        "n = ceil(max(5B/4, B exp(1 + W((ln(9/eps) - B)/(e B))))) for relative error eps, 0 < eps < 1, degree n - 1; "
        "the relative error is at most (1 + 2/mu) e^{mu B} (1 + mu)^-n for every mu > 0."
    ),
    kind="upper",
    hypotheses={"accuracy": "0 < eps < 1"},
    sources=(PAGE, "arXiv:2205.06249"),
    derived_from=("exp_exponential_bounds",),
    check=check,
    falsified=(
        Variant("absolute degree times 0.9", "the form is sharper than that", {"abs_degree": Fraction(9, 10)}),
        Variant("decay 1.1", "for large B the exponent is exact", {"decay": Fraction(11, 10)}),
        Variant("growth 0.9", "for large B the exponent is exact", {"growth": Fraction(9, 10)}),
    ),
    constants={
        "abs_degree": Fraction(1),
        "rel_degree": Fraction(1),
        "growth": Fraction(1),
        "decay": Fraction(1),
    },
    cells={"bound": (1, 16, 64, 4000), "eps_digits": (2, 16), "mu": (Fraction(1, 10), Fraction(1, 2), Fraction(2))},
)
