"""T1: the absolute error of the best polynomial for e^x lies between 2 I_n(B) and 2 sum_{k >= n} I_k(B)."""

from __future__ import annotations

from fractions import Fraction

from flint import ctx, fmpz_poly

from varproof.approx.bessel import bessel_i
from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import absolute_lower, absolute_upper
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/polynomials-for-exp.md"
BITS = 256
MIN_BOUND, MAX_BOUND, MAX_DEGREE = Fraction(1, 1000), 100, 80  # so that every grid ends in seconds


def check(case: Case) -> Finding:
    """Both inequalities against certified best errors on a grid, and the functional of the lower proof exactly."""
    tally = Tally()
    lower, upper = case.constants["lower"] / 2, case.constants["upper"] / 2
    with ctx.workprec(BITS):
        for bound in rationals(case, "bound", above=MIN_BOUND, below=MAX_BOUND):
            for degree in integers(case, "degree", low=0, high=MAX_DEGREE):
                sides = best_error(degree, bound, "abs")
                tail = absolute_upper(degree, bound)
                if not case.assumes("whole_tail"):
                    tail -= 2 * bessel_i(degree + 1, bound)
                cell = {"B": bound, "degree": degree}
                tally.at_least(sides.lower, ball(lower) * absolute_lower(degree, bound), side="lower", **cell)
                tally.at_most(sides.upper, ball(upper) * tail, side="upper", **cell)
    for n in range(1, 13):
        for k in range(3 * n + 2):
            tally.equal(functional(n, k), int(k % n == 0 and k // n % 2 == 1), identity="functional", n=n, k=k)
    return tally.finding(
        f"{PAGE} proves it for all B and n; here the functional of the lower proof is verified exactly for n <= 12, "
        "and both inequalities by balls against certified best errors on the grid"
    )


def functional(n: int, k: int) -> Fraction:
    """(1/n) sum'' (-1)^j cos(j k pi / n) over j = 0..n (halved ends), exactly, in the field of 2n-th roots of unity.

    It is half the sum of z^{j (n + k)} over j = 0..2n-1 with z a primitive root, reduced by the cyclotomic polynomial.

    >>> functional(3, 9), functional(3, 2)
    (Fraction(1, 1), Fraction(0, 1))
    """
    powers = [0] * (2 * n)
    for j in range(2 * n):
        powers[j * (n + k) % (2 * n)] += 1
    reduced = fmpz_poly(powers) % fmpz_poly.cyclotomic(2 * n)
    if reduced.degree() > 0:
        raise ArithmeticError(f"the sum for n = {n}, k = {k} is not rational")
    return Fraction(int(reduced[0]), 2 * n)


CLAIM = Claim(
    id="exp_absolute_bessel",
    statement=(
        "T1: for every B > 0 and n >= 1 the least absolute error of a polynomial of degree n - 1 for e^x on [-B, B] is "
        "at least 2 I_n(B) and at most 2 sum_{k >= n} I_k(B)."
    ),
    kind="tight",
    hypotheses={"whole_tail": "the upper sum starts at k = n, the first degree that is cut off"},
    sources=(PAGE, "arXiv:2205.06249"),
    check=check,
    falsified=(
        Variant("lower 2.2", "for n far above B the error is 2 I_n (1 + small)", {"lower": Fraction(22, 10)}),
        Variant("upper 1.8", "for n far above B the error is close to the tail", {"upper": Fraction(18, 10)}),
        Variant("tail from n + 1", "the first cut term is the largest", dropped=frozenset({"whole_tail"})),
    ),
    constants={"lower": Fraction(2), "upper": Fraction(2)},
    cells={"bound": (Fraction(1, 2), 4, 32), "degree": (2, 9, 40)},
)
