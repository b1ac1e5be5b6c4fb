"""T2: the relative error of the best polynomial for e^x lies between |J_n(B)| and 2 S_n(B) / (1 - S_2n(2B))."""

from __future__ import annotations

from fractions import Fraction

from flint import ctx

from varproof.approx.bessel import bessel_j, bessel_j_tail
from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import relative_lower
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/polynomials-for-exp.md"
BITS = 256
MIN_BOUND, MAX_BOUND, MAX_DEGREE = Fraction(1, 1000), 100, 80  # so that every grid ends in seconds


def check(case: Case) -> Finding:
    """Both inequalities against certified best errors on a grid; the upper one where its hypothesis n > B holds."""
    tally = Tally()
    factor = ball(case.constants["upper"])
    with ctx.workprec(BITS):
        for bound in rationals(case, "bound", above=MIN_BOUND, below=MAX_BOUND):
            for degree in integers(case, "degree", low=0, high=MAX_DEGREE):
                n = degree + 1
                sides = best_error(degree, bound, "rel")
                cell = {"B": bound, "degree": degree}
                tally.at_least(sides.lower, relative_lower(degree, bound), side="lower", **cell)
                contraction = bessel_j_tail(2 * n, 2 * bound)
                if (n > bound and contraction < 1) or not case.assumes("contraction"):
                    tail = bessel_j_tail(n, bound)
                    if not case.assumes("whole_tail"):
                        tail -= bessel_j(n, bound)
                    tally.at_most(sides.upper, factor * tail / (1 - contraction), side="upper", **cell)
    return tally.finding(
        f"{PAGE} proves it for all B and n; here both inequalities are verified by balls against certified best errors "
        "on the grid, the upper one where n > B"
    )


CLAIM = Claim(
    id="exp_relative_bessel",
    statement=(
        "T2: the least relative error of a polynomial of degree n - 1 for e^x on [-B, B] is at least |J_n(B)|; for "
        "n > B and S_2n(2B) < 1 it is at most 2 S_n(B) / (1 - S_2n(2B)), S_n(B) = sum_{k >= n} J_k(B)."
    ),
    kind="upper",
    hypotheses={
        "contraction": "the upper bound needs n > B (positive Bessel values) and S_2n(2B) < 1",
        "whole_tail": "S_n starts at k = n",
    },
    sources=(PAGE, "arXiv:2205.06249", "arXiv:2302.13214"),
    check=check,
    falsified=(
        Variant("upper 1.8", "for n far above B the error is 2 J_n (1 + small)", {"upper": Fraction(18, 10)}),
        Variant("no contraction", "the quotient is negative for S_2n(2B) > 1", dropped=frozenset({"contraction"})),
        Variant("tail from n + 1", "the first term is the largest", dropped=frozenset({"whole_tail"})),
    ),
    constants={"upper": Fraction(2)},
    cells={"bound": (Fraction(1, 2), 4, 16, 48), "degree": (2, 9, 18, 40, 52)},
)
