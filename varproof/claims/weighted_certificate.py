"""The certificate of a row with a weighted table: |N^/Z^ - o| from E >= sum |p - e^s|, rounding included, attained."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from flint import arb, ctx

from varproof.attention.tables.weighted import weighted_table
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.attention_cases import polynomial_ball, weighted_mean
from varproof.claims.cells import integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Number, Tally

PAGE = "docs/explanation/attention-certificate.md"
BITS = 128
SHARES = (Fraction(1, 1000), Fraction(1, 20), Fraction(1, 3), Fraction(9, 10))  # of the normaliser: errors of weights
TEMPERATURE_STEPS = 8  # rows of scores between -B and B for a table


@dataclass(frozen=True)
class Row:
    """One row of the theorem: true weights e, weights p, values centred with |v| <= h, and errors of the two sums."""

    e: tuple[Fraction, ...]
    p: tuple[Fraction, ...]
    v: tuple[Fraction, ...]
    rho: Fraction = Fraction(0)
    normaliser_error: Fraction = Fraction(0)
    sum_error: Fraction = Fraction(0)


def bound_of(case: Case, total: Number, share: Number, noise: Number, ratio: Number) -> arb:
    """min(2h a + 2h rho/Z^, (a (h + |ratio|) + 2h rho/Z^)/(1-a)) with h = 1 as a ball; the second only for a < 1.

    `share` is a = E/Z^, `noise` rho/Z^, `total` Z^. The constants of the statement are 2, 2 and 1.
    """
    a, rounding = ball(share) * ball(case.constants["majorant"]), ball(case.constants["rounding"]) * ball(noise)
    first = ball(case.constants["range"]) * a + rounding
    if case.assumes("majorant_below_normaliser") and not a < 1:
        return first
    second = (a * ball(case.constants["outer"]) * (1 + abs(ball(ratio))) + rounding) / (1 - a)
    return second if second < first else first


def check(case: Case) -> Finding:
    """Rows of rationals, among them those that attain the bounds, and tables of `degree` on [-`bound`, `bound`]."""
    tally = Tally()
    with ctx.workprec(BITS):
        for row in (*_attaining(), *_drawn(case)):
            _compare(tally, case, row)
        for bound in rationals(case, "bound", above=Fraction(1, 10), below=16):
            for degree in integers(case, "degree", low=1, high=12):
                _tables(tally, case, bound, degree)
    return tally.finding(
        f"{PAGE} proves it (Theorem 2); here by balls on exact rational rows (drawn ones, and ones that come within 1% "
        "of either bound and of the rounding term) and on the tables in use, scores anywhere in their range"
    )


def _compare(tally: Tally, case: Case, row: Row) -> None:
    total = sum(row.p) + row.normaliser_error
    if total == 0 or (case.assumes("normaliser_positive") and total < 0):
        return
    weighted = sum((p * v for p, v in zip(row.p, row.v, strict=True)), Fraction(0)) + row.sum_error
    out = sum((e * v for e, v in zip(row.e, row.v, strict=True)), Fraction(0)) / sum(row.e)
    majorant = sum((abs(p - e) for p, e in zip(row.p, row.e, strict=True)), Fraction(0))
    bound = bound_of(case, total, majorant / total, row.rho / total, weighted / total)
    shown = {"e": " ".join(map(str, row.e)), "p": " ".join(map(str, row.p)), "v": " ".join(map(str, row.v))}
    tally.at_most(abs(weighted / total - out), bound * (1 + ball(SLACK)), **shown, rho=row.rho, normaliser=total)


SLACK = Fraction(1, 2**100)  # rows attain the second bound exactly, which balls cannot show


def _attaining() -> list[Row]:
    """Nearly all mass at v = -1, all error at v = 1: the second bound is attained, the first up to 1%.

    Then rows without an error of the weights, where the sums err by rho in opposite directions.
    """
    rows = []
    for share in SHARES:
        e = (Fraction(199), Fraction(1))
        lifted = share / (1 - share) * sum(e)  # share of the new normaliser
        rows.append(Row(e, (e[0], e[1] + lifted), (Fraction(-1), Fraction(1))))
    for rho in (Fraction(1, 100), Fraction(20)):
        e = (Fraction(199), Fraction(1))
        rows.append(Row(e, e, (Fraction(-1), Fraction(1)), rho, rho, rho))
    return rows


def _drawn(case: Case) -> list[Row]:
    """Rows with all patterns of signs of the errors, seeded; weights p may be negative, sums are off by rho at most."""
    chance = random.Random(case.seed)
    rows = []
    for signs in product((-1, 0, 1), repeat=3):
        for size in SHARES:
            e = tuple(Fraction(chance.randint(1, 60), 20) for _ in signs)
            p = tuple(
                x + sign * size * sum(e) * Fraction(chance.randint(0, 8), 4) for x, sign in zip(e, signs, strict=True)
            )
            v = tuple(Fraction(chance.randint(-4, 4), 4) for _ in signs)
            rho = Fraction(chance.randint(0, 8), 8) * size
            worst = rho if case.assumes("rounding_bounded") else 3 * rho
            errors = (worst * Fraction(chance.randint(-4, 4), 4) for _ in range(2))
            rows.append(Row(e, p, v, rho, *errors))
    return rows


def _tables(tally: Tally, case: Case, bound: Fraction, degree: int) -> None:
    """p and W of a table, four keys per row spread around each level of scores, values at both ends."""
    table = weighted_table(float(bound), degree, 16.0)
    half = Fraction(table.bound)
    for step in range(TEMPERATURE_STEPS + 1):
        centre = half * (Fraction(2 * step, TEMPERATURE_STEPS) - 1)
        scores = [max(-half, min(half, centre + half * Fraction(move, 8))) for move in (-2, -1, 1, 2)]
        p = [polynomial_ball(table.coefficients, table.bound, s) for s in scores]
        total = sum(p, arb(0))
        if case.assumes("normaliser_positive") and not total > 0:
            continue
        majorant = sum((polynomial_ball(table.weights, table.bound, s) for s in scores), arb(0))
        for values in ((-1, 1, -1, 1), (1, 1, -1, -1)):
            ratio = weighted_mean(p, values)
            error = abs(ratio - weighted_mean([ball(s).exp() for s in scores], values))
            limit = bound_of(case, total, majorant / total, 0, ratio)
            tally.at_most(error, limit, B=bound, degree=degree, scores=" ".join(map(str, scores)), values=values)


CLAIM = Claim(
    id="weighted_certificate",
    statement=(
        "Let |p(s_j) - e^{s_j}| <= W(s_j), E >= sum_j W(s_j), values centred with |v_j| <= h, and computed sums Z^ > 0 "
        "and N^ within rho and h rho of sum p and sum p v. With a = E/Z^ the quotient N^/Z^ is within "
        "2h a + 2h rho/Z^ of the exact output, and if a < 1 within (a (h + |N^/Z^|) + 2h rho/Z^)/(1 - a)."
    ),
    kind="upper",
    hypotheses={
        "normaliser_positive": "the computed normaliser Z^ is positive",
        "majorant_below_normaliser": "a < 1, for the second bound",
        "rounding_bounded": "the computed sums are within rho and h rho",
    },
    sources=(PAGE,),
    check=check,
    falsified=(
        Variant("W times 0.9", "all error on one side attains W", {"majorant": Fraction(9, 10)}),
        Variant("h + |ratio| times 0.9", "the second bound is attained", {"outer": Fraction(9, 10)}),
        Variant("1.8 h a", "an output near the end of the range moves by 2 h a", {"range": Fraction(9, 5)}),
        Variant("1.8 h rho", "sums that err in opposite directions move by 2 h rho", {"rounding": Fraction(9, 5)}),
        Variant("negative normaliser", "a is then negative", dropped=frozenset({"normaliser_positive"})),
        Variant("a above 1", "1 - a is then negative", dropped=frozenset({"majorant_below_normaliser"})),
        Variant("sums off by 3 rho", "the bound knows rho only", dropped=frozenset({"rounding_bounded"})),
    ),
    constants={"majorant": Fraction(1), "outer": Fraction(1), "range": Fraction(2), "rounding": Fraction(2)},
    cells={"bound": (1, 4), "degree": (2, 5)},
)
