"""T3: exponential bounds on both errors, valid for every positive parameter, so that one rational is a certificate."""

from __future__ import annotations

from fractions import Fraction

from flint import ctx

from varproof.approx.best_error import best_error
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/polynomials-for-exp.md"
BITS = 256
MIN_BOUND, MAX_BOUND, MAX_DEGREE = Fraction(1, 1000), 100, 80  # so that every grid ends in seconds


def check(case: Case) -> Finding:
    """Both bounds against certified best errors for several parameters around the best one."""
    tally = Tally()
    growth, decay = ball(case.constants["growth"]), ball(case.constants["decay"])
    with ctx.workprec(BITS):
        for bound in rationals(case, "bound", above=MIN_BOUND, below=MAX_BOUND):
            for degree in integers(case, "degree", low=0, high=MAX_DEGREE):
                n = degree + 1
                best_abs, best_rel = best_error(degree, bound, "abs"), best_error(degree, bound, "rel")
                for parameter in rationals(case, "parameter", above=0, below=8):
                    cell = {"B": bound, "degree": degree, "parameter": parameter}
                    t = ball(parameter)
                    absolute = 2 * (growth * ball(bound) * t.cosh() - decay * n * t).exp() / (1 - (-t).exp())
                    tally.at_most(best_abs.upper, absolute, kind="abs", **cell)
                    u = (growth * ball(bound) * t.sinh() - decay * n * t).exp()
                    room = 1 - (-t).exp() - u * u
                    if room > 0 or not case.assumes("room"):
                        tally.at_most(best_rel.upper, 2 * u / room, kind="rel", **cell)
    return tally.finding(
        f"{PAGE} proves it for all B, n and parameters; here both bounds are verified by balls against certified best "
        "errors on the grid"
    )


CLAIM = Claim(
    id="exp_exponential_bounds",
    statement=(
        "T3: for every b > 0 the least absolute error of degree n - 1 is at most 2 e^{B cosh b - n b} / (1 - e^-b); "
        "for every a > 0 with e^-a + u^2 < 1, u = e^{B sinh a - n a}, the relative one is at most "
        "2u / (1 - e^-a - u^2)."
    ),
    kind="upper",
    hypotheses={"room": "the relative form needs 1 - e^-a - u^2 > 0, which forces n > B"},
    sources=(PAGE, "arXiv:2205.06249"),
    derived_from=("exp_absolute_bessel", "exp_relative_bessel"),
    check=check,
    falsified=(
        Variant("decay 1.1", "the exponent of n is exactly n times the parameter", {"decay": Fraction(11, 10)}),
        Variant("growth 0.9", "the exponent of B is exactly B cosh b", {"growth": Fraction(9, 10)}),
        Variant("no room", "the quotient is negative then", dropped=frozenset({"room"})),
    ),
    constants={"growth": Fraction(1), "decay": Fraction(1)},
    cells={
        "bound": (Fraction(1, 2), 8, 32),
        "degree": (3, 20, 60),
        "parameter": (Fraction(1, 4), Fraction(1), Fraction(3, 2), Fraction(5, 2), Fraction(4)),
    },
)
