"""The product form C(2(d+g), 2g) of AS23 has exactly twice the exponent of the monomial count C(d+g, g)."""

from __future__ import annotations

from fractions import Fraction

from varproof.approx.rank import as23_rank, monomial_rank
from varproof.approx.rank_exponent import rho
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/rank.md"


def check(case: Case) -> Finding:
    """Both inequalities in exact integers on the grid, and the entropy bracket of both forms by balls."""
    tally = Tally()
    power, slack = case.constants["power"], case.constants["slack"]
    p, q = power.numerator, power.denominator
    for head_dim in integers(case, "head_dim", low=1, high=600):
        for degree in integers(case, "degree", low=0, high=600):
            cell = {"d": head_dim, "g": degree}
            count, joint = monomial_rank(head_dim, degree), as23_rank(head_dim, degree)
            least = min(head_dim, degree) if case.assumes("both_terms") else 0
            # C^power with a rational power p/q is compared after raising both sides to the power q
            tally.at_most(Fraction(count**p), Fraction(joint**q), side="lower", **cell)
            tally.at_most(Fraction(joint**q), (2 * least + slack) ** q * count**p, side="upper", **cell)
            if degree:
                _entropy(tally, count, joint, head_dim, degree)
    return tally.finding(
        f"{PAGE} proves both inequalities (Vandermonde's identity, log-concave rows) and the limit; here they are "
        "verified in exact integers, the entropy bracket by balls"
    )


def _entropy(tally: Tally, count: int, joint: int, head_dim: int, degree: int) -> None:
    """e^rho/(m+1) <= C <= e^rho with m = d+g, and the same for the joint form with 2 rho and 2m."""
    exponent, size = rho(head_dim, degree), head_dim + degree
    for name, value, factor in (("count", count, 1), ("joint", joint, 2)):
        log_value, cell = ball(value).log(), {"d": head_dim, "g": degree, "form": name}
        tally.at_most(log_value, factor * exponent, side="entropy above", **cell)
        tally.at_least(log_value, factor * exponent - ball(factor * size + 1).log(), side="entropy below", **cell)


CLAIM = Claim(
    id="as23_rank_doubling",
    statement=(
        "C(d+g, g)^2 <= C(2(d+g), 2g) <= (2 min(d, g) + 1) C(d+g, g)^2. So for d, g = Theta(log N) the form of AS23 is "
        "N^{2 rho + o(1)} where the monomial count is N^{rho + o(1)}: the exponent is exactly twice as large."
    ),
    kind="asymptotic",
    hypotheses={"both_terms": "the upper factor counts the 2 min(d, g) + 1 terms of Vandermonde's sum"},
    sources=(PAGE, "arXiv:2302.13214"),
    derived_from=("rank_count",),
    check=check,
    falsified=(
        Variant("power 2.1", "the joint form would outgrow its square", {"power": Fraction(21, 10)}),
        Variant("power 1.9", "the upper side fails once C is large", {"power": Fraction(19, 10)}),
        Variant("slack 0.9", "degree 0 attains equality", {"slack": Fraction(9, 10)}),
        Variant("one term", "the joint form exceeds the square alone", dropped=frozenset({"both_terms"})),
    ),
    constants={"power": Fraction(2), "slack": Fraction(1)},
    cells={"head_dim": (1, 2, 8, 64, 300), "degree": (0, 1, 2, 7, 30, 200)},
)
