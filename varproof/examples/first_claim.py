"""A claim of your own: a statement, a check that decides it exactly, and wrong variants that the check must refute."""

from fractions import Fraction

from varproof.base.verdict import Finding
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally


def check(case: Case) -> Finding:
    """Compare x (1 - x) with the constant of the statement at every x of the grid."""
    tally = Tally()
    for x in (Fraction(value) for value in case.cells["x"]):
        tally.at_most(x * (1 - x), case.constants["bound"], x=x)
    return tally.finding("(x - 1/2)^2 >= 0 proves it for every x; the grid is evaluated in exact rationals")


CLAIM = Claim(
    id="first_claim",
    statement="x (1 - x) <= 1/4 for every rational x in [0, 1]",
    kind="tight",
    hypotheses={"unit": "0 <= x <= 1"},
    sources=(),
    check=check,
    falsified=(Variant("smaller constant", "x = 1/2 attains 1/4", {"bound": Fraction(9, 40)}),),
    constants={"bound": Fraction(1, 4)},
    cells={"x": tuple(Fraction(j, 8) for j in range(9))},
)
