"""S5: low-rank constructions meet the criterion. What holds at finite size: the head dimensions with rank below N.

Not REFUTED and not PROVED: the statement is asymptotic, and the algorithm itself is not built yet. The gauge shows how
little of it is left at the sizes in use: at the reference head dimension 64 the rank exceeds N on two of three presets.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement

from flint import ctx

from varproof.approx.closed_forms import relative_lower, relative_upper
from varproof.approx.rank import monomial_rank
from varproof.base.balls import ball
from varproof.base.verdict import Finding, Verdict
from varproof.claims.cells import integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble, waits_for
from varproof.claims.tally import Tally
from varproof.growth.schedules import parse_schedule

PAGE = "docs/explanation/ledger.md"
EPS = Fraction(1, 100)
# preset -> (half-range of the scores, least degree with relative error at most EPS there)
GAUGE = {"256": (Fraction(1, 2), 2), "512": (Fraction(1, 2), 2), "1024": (Fraction(1), 3)}


def check(case: Case) -> Finding:
    """Degree from both sides, rank by listing monomials, and the largest head dimension with rank < N, all exact."""
    return assemble(
        [("rank < N at finite size", _gauge(case)), ("rank of a polynomial of scores", _monomials(case))],
        [
            waits_for(
                "the algorithm with certified error", "varproof.attention", "a run within delta of exact attention"
            ),
            waits_for("time N^(1 + o(1))", "varproof.growth.regime", "the exponent for B = o(ln N), d = O(log N)"),
        ],
    )


def _gauge(case: Case) -> Finding:
    tally = Tally()
    for preset, (half_range, degree) in GAUGE.items():
        tokens = parse_schedule(preset).tokens
        largest = case.constants[f"head_dim_{preset}"]
        with ctx.workprec(128):
            upper = relative_upper(degree, half_range)
            tally.holds(upper is not None and bool(upper <= ball(EPS)), degree=degree, half_range=half_range, eps=EPS)
            tally.holds(
                bool(relative_lower(degree - 1, half_range) > ball(EPS)), degree=degree - 1, side="degree too small"
            )
        cell = {"preset": preset, "tokens": tokens, "degree": degree, "half_range": half_range, "eps": EPS}
        found = next(d for d in range(1, tokens) if monomial_rank(d + 1, degree) >= tokens)
        tally.equal(found, largest, **cell, largest_head_dim=found, rank_there=monomial_rank(found, degree))
    return tally.finding(
        f"exact ({PAGE}): at relative error 1/100 rank < N up to head dimension 35 (680 tokens, half-range 1/2), 65 "
        "(2240 tokens, half-range 1/2) and 36 (9451 tokens, half-range 1); degrees bounded from both sides by balls"
    )


def _monomials(case: Case) -> Finding:
    """C(d+g, g) by listing; `total` bounds the sum of the exponents by g, without it each exponent is at most g."""
    tally = Tally()
    for head_dim in integers(case, "head_dim", low=1, high=6):
        for degree in integers(case, "degree", low=1, high=6):
            if case.assumes("total"):
                listed = sum(1 for g in range(degree + 1) for _ in combinations_with_replacement(range(head_dim), g))
            else:
                listed = (degree + 1) ** head_dim
            tally.equal(listed, monomial_rank(head_dim, degree), head_dim=head_dim, degree=degree, monomials=listed)
    return tally.finding(
        "exact: the monomials of total degree at most g in d variables are listed and number C(d+g, g)"
    )


CLAIM = Claim(
    id="S5",
    statement=(
        "Low-rank constructions meet the criterion: a polynomial of the scores of certified degree g has rank "
        "C(d+g, g) and runs in almost linear time. At finite N this says something only where C(d+g, g) < N."
    ),
    kind="asymptotic",
    hypotheses={
        "total": "the degree bounds the sum of the exponents, as it does for a polynomial of <q, k>",
        "half_range": "scores have half-range at most 1/2 (256 and 512 presets) or 1 (1024 preset)",
    },
    sources=("arXiv:2501.04377", "arXiv:2302.13214", "arXiv:2205.06249"),
    derived_from=("rank_count", PAGE),
    check=check,
    expected=Verdict.UNKNOWN,
    because=(
        "the finite gauge is exact; running the algorithm with a certified error needs varproof.attention and its "
        "exponent needs varproof.growth.regime, which do not exist yet"
    ),
    falsified=(
        Variant("head dimension 36 at 680 tokens", "rank 703 > 680 there", {"head_dim_256": Fraction(36)}),
        Variant("head dimension 64 at 2240 tokens", "rank 2211 < 2240 at 65", {"head_dim_512": Fraction(64)}),
        Variant("head dimension 37 at 9451 tokens", "rank 9880 > 9451 there", {"head_dim_1024": Fraction(37)}),
        Variant("degree in each variable", "(g+1)^d monomials", dropped=frozenset({"total"})),
    ),
    constants={"head_dim_256": Fraction(35), "head_dim_512": Fraction(65), "head_dim_1024": Fraction(36)},
    cells={"head_dim": (1, 2, 3, 4), "degree": (1, 2, 3, 5)},
)
