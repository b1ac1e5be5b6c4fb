"""A claim of your own: a statement, a check that decides it exactly, and wrong variants that the check must refute."""

from fractions import Fraction

from varproof.base.verdict import Finding
from varproof.claims.cells import rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/softmax-perturbation.md"  # its square identity at r = 1


def check(case: Case) -> Finding:
    """Both inequalities at every x of the grid, and equality at x = 1/2, in exact rationals."""
    tally = Tally()
    bound = case.constants["bound"]
    outside = () if case.assumes("unit") else (Fraction(5, 4),)  # what the dropped hypothesis would have excluded
    for x in (*rationals(case, "x", above=0, below=1), *outside):
        tally.holds(x * (1 - x) > 0, side="below", x=x)
        tally.at_most(x * (1 - x), bound, side="above", x=x)
    tally.equal(Fraction(1, 2) * (1 - Fraction(1, 2)), bound, side="attained", x=Fraction(1, 2))
    return tally.finding(f"{PAGE}: 1 - 4x (1 - x) = (1 - 2x)^2 proves it for every x; the grid is exact rationals")


CLAIM = Claim(
    id="first_claim",
    statement="0 < x (1 - x) <= 1/4 for every rational x with 0 < x < 1, and x = 1/2 attains the bound.",
    kind="tight",
    hypotheses={"unit": "0 < x < 1"},
    sources=(PAGE,),
    check=check,
    falsified=(
        Variant("bound 9/40", "x = 1/2 exceeds it", {"bound": Fraction(9, 40)}),
        Variant("bound 11/40", "nothing attains it", {"bound": Fraction(11, 40)}),
        Variant("x above 1", "the product is negative there", dropped=frozenset({"unit"})),
    ),
    constants={"bound": Fraction(1, 4)},
    cells={"x": tuple(Fraction(j, 8) for j in range(1, 8))},
)
