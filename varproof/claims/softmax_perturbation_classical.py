"""Softmax perturbation, classical form: numerator and denominator apart give 2 eps/(1-eps), true but loose by 2."""

from __future__ import annotations

from fractions import Fraction

from varproof.approx.softmax_lemma import l1_bound_from_relative_error
from varproof.base.verdict import Finding
from varproof.claims.cells import rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.softmax_perturbation import l1_move
from varproof.claims.tally import Tally, exact

PAGE = "docs/explanation/softmax-perturbation.md"


def check(case: Case) -> Finding:
    """Compare the two bounds at eps = 2u/(1+u^2), where both are rational: their ratio is exactly 2/(1-u)^2."""
    tally = Tally()
    lowest, highest = case.constants["lowest_ratio"], case.constants["highest_ratio"]
    for u in rationals(case, "u", above=0, below=1):
        eps = 2 * u / (1 + u * u)
        sharp, classical = exact(l1_bound_from_relative_error(eps)), 2 * eps / (1 - eps)
        tally.equal(classical, 2 * sharp / (1 - u) ** 2, identity="ratio 2/(1-u)^2", u=u, eps=eps)
        tally.at_least(classical, lowest * sharp, eps=eps, side="at least twice the sharp bound")
        tally.at_most(classical, highest * sharp / (1 - eps), eps=eps, side="at most twice the sharp bound/(1-eps)")
        # two groups at the ends of [1 - eps, 1 + eps] attain the sharp bound, so no entries reach the classical one
        weights = (1 - u, 1 + u)
        tally.equal(l1_move(weights, (1 + eps, 1 - eps)), sharp, eps=eps, weights=f"{1 - u} {1 + u}")
    if not case.assumes("below_one"):
        eps = Fraction(6, 5)
        moved = l1_move((Fraction(1), Fraction(1)), (1 + eps, 1 - eps))
        tally.at_most(moved, 2 * eps / (1 - eps), eps=eps, weights="1 1", factors=f"{1 + eps} {1 - eps}")
    return tally.finding(
        f"{PAGE} proves that the classical bound lies between 2 and 2/(1-eps) times the sharp one; the identity behind "
        "it, ratio 2/(1-u)^2 at eps = 2u/(1+u^2), and the extremal weights are verified in exact rationals"
    )


CLAIM = Claim(
    id="softmax_perturbation_classical",
    statement=(
        "Entries known to relative error eps < 1 move the normalised weights in l1 by at most 2 eps/(1-eps). This is "
        "never better than 2 times the sharp bound and at most 2/(1-eps) times it: the ratio tends to 2 as eps -> 0."
    ),
    kind="upper",
    hypotheses={"positive": "all weights are positive", "below_one": "0 < eps < 1"},
    sources=("arXiv:2302.13214", PAGE),
    derived_from=("softmax_perturbation",),
    check=check,
    falsified=(
        Variant("ratio at least 2.1", "the ratio tends to 2", {"lowest_ratio": Fraction(21, 10)}),
        Variant("ratio at most 1.9/(1-eps)", "the ratio is above 2", {"highest_ratio": Fraction(19, 10)}),
        Variant("eps above one", "the bound turns negative", dropped=frozenset({"below_one"})),
    ),
    constants={"lowest_ratio": Fraction(2), "highest_ratio": Fraction(2)},
    cells={"u": (*(Fraction(1, 10**k) for k in range(1, 9)), Fraction(1, 3), Fraction(1, 2), Fraction(9, 10))},
)
