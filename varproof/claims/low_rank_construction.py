"""S5: low-rank constructions meet the criterion. What holds at finite size: the head dimensions with rank below N.

Not REFUTED and not PROVED: the statement is asymptotic, and the algorithm itself is not built yet. The gauge shows how
little of it is left at the sizes in use: at the reference head dimension 64 and scale 4 the rank exceeds every N.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement

from varproof.approx.degree_certificate import certify
from varproof.approx.rank import monomial_rank
from varproof.base.verdict import Finding, Verdict
from varproof.claims.cells import integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble, waits_for
from varproof.claims.tally import Tally
from varproof.growth.schedules import parse_schedule

PAGE = "docs/explanation/ledger.md"
RANK_PAGE = "docs/explanation/rank.md"
EPS = Fraction(1, 100)
PRESETS = ("256", "512", "1024")
# half-range of the scores -> least degree with relative error at most EPS there; 4 is the reference scale
GAUGE = {Fraction(1, 2): 2, Fraction(1): 3, Fraction(4): 7}
REFERENCE_SCALE = Fraction(4)  # cosine scores of scale 4 lie in [-4, 4]
REFERENCE_HEAD_DIM = 64


def check(case: Case) -> Finding:
    """Degree from both sides, rank by listing monomials, and the largest head dimension with rank < N, all exact."""
    return assemble(
        [("rank < N at finite size", _gauge(case)), ("rank of a polynomial of scores", _monomials(case))],
        [
            waits_for(
                "the algorithm with certified error", "varproof.attention", "a run within delta of exact attention"
            ),
            waits_for(
                "time N^(1 + o(1))",
                "varproof.attention and varproof.var",
                "S2 (corrected) proves it for one layer with a geometric schedule, d = O(log N), B = o(ln N), and "
                "varproof regime decides it for given parameters; still missing are rounding and all layers",
            ),
        ],
    )


def _gauge(case: Case) -> Finding:
    tally = Tally()
    for half_range, degree in GAUGE.items():
        tally.equal(_least_degree(half_range), degree, half_range=half_range, eps=EPS, side="degree")
        for preset in PRESETS:
            tokens = parse_schedule(preset).tokens
            cell = {"preset": preset, "tokens": tokens, "degree": degree, "half_range": half_range, "eps": EPS}
            found = next(d for d in range(1, tokens) if monomial_rank(d + 1, degree) >= tokens)
            largest = case.constants[constant_name(preset, half_range)]
            tally.equal(found, largest, **cell, largest_head_dim=found, rank_there=monomial_rank(found, degree))
            if half_range == REFERENCE_SCALE:
                rank = monomial_rank(REFERENCE_HEAD_DIM, degree)
                tally.holds(rank > tokens, **cell, head_dim=REFERENCE_HEAD_DIM, rank=rank)
    table = "; ".join(f"half-range {h} (degree {g}): {_row(h)}" for h, g in GAUGE.items())
    return tally.finding(
        f"exact ({PAGE}): the largest head dimension with rank < N = 680, 2240, 9451 at relative error 1/100 is, at "
        f"{table}; at head dimension 64 and the reference scale 4 the rank exceeds N on all presets. The degrees are "
        "least, certified from both sides"
    )


@cache
def _least_degree(half_range: Fraction) -> int:
    """The certificate behind the degree was accepted by the integers-only checker."""
    return certify(half_range, EPS).degree


def constant_name(preset: str, half_range: Fraction) -> str:
    """The constant with the largest head dimension of a preset at a half-range."""
    return f"head_dim_{preset}_at_{half_range}"


def _row(half_range: Fraction) -> str:
    return ", ".join(str(LARGEST[constant_name(preset, half_range)]) for preset in PRESETS)


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
        f"{RANK_PAGE} proves rank at most C(d+g, g) for all d and g by factoring P(<q, k>) through the monomials; "
        "here exactly, the monomials of total degree at most g in d variables are listed and number C(d+g, g)"
    )


LARGEST = {
    constant_name(preset, half_range): Fraction(head_dim)
    for half_range, row in zip(GAUGE, ((35, 65, 135), (13, 21, 36), (4, 6, 8)), strict=True)
    for preset, head_dim in zip(PRESETS, row, strict=True)
}


CLAIM = Claim(
    id="S5",
    statement=(
        "Low-rank constructions meet the criterion: a polynomial of the scores of certified degree g has rank "
        "C(d+g, g) and runs in almost linear time. At finite N this says something only where C(d+g, g) < N."
    ),
    kind="asymptotic",
    hypotheses={
        "total": "the degree bounds the sum of the exponents, as it does for a polynomial of <q, k>",
        "half_range": "scores have half-range at most 1/2, 1 or 4 (the reference scale), for each preset",
    },
    sources=("arXiv:2501.04377", "arXiv:2302.13214", "arXiv:2205.06249"),
    derived_from=("rank_count", "S2", PAGE, RANK_PAGE),
    check=check,
    expected=Verdict.UNKNOWN,
    because=(
        "the finite gauge is exact and S2 (corrected) proves the exponent for one layer; running the algorithm with a "
        "certified error needs varproof.attention, all layers varproof.var, neither built yet"
    ),
    falsified=(
        Variant("36 at 680 tokens, half-range 1/2", "rank 703 > 680 there", {"head_dim_256_at_1/2": Fraction(36)}),
        Variant("64 at 2240 tokens, half-range 1/2", "rank 2211 < 2240 at 65", {"head_dim_512_at_1/2": Fraction(64)}),
        Variant("37 at 9451 tokens, half-range 1", "rank 9880 > 9451 there", {"head_dim_1024_at_1": Fraction(37)}),
        Variant("134 at 9451 tokens, half-range 1/2", "rank 9316 at 135", {"head_dim_1024_at_1/2": Fraction(134)}),
        Variant("degree in each variable", "(g+1)^d monomials", dropped=frozenset({"total"})),
    ),
    constants=LARGEST,
    cells={"head_dim": (1, 2, 3, 4), "degree": (1, 2, 3, 5)},
)
