"""The theorem base of the regime command: no lower bound reaches above an upper bound, and where the two sides meet."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

from varproof.base.verdict import Finding
from varproof.claims.cells import rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally
from varproof.regimes.decide import ContradictionError, decide
from varproof.regimes.problem import parse_problem
from varproof.regimes.registry import THEOREMS
from varproof.regimes.theorem import Theorem

PAGE = "docs/explanation/regimes.md"
LOWER = "docs/explanation/lower-bounds.md"

# (theorem, quantity): the power of log n in the hypothesis, by the constant that holds it
POWERS = {
    ("polynomial_log_dimension", "B"): "below",
    ("counting_given_maps", "B"): "above",
    ("counting_free_maps", "B"): "above",
    ("counting_given_maps", "d"): "dimension",
    ("counting_free_maps", "d"): "dimension",
    ("gap_hamming", "B"): "above",
    ("gap_hamming", "d"): "dimension",
}


def check(case: Case) -> Finding:
    """Decide a grid around the thresholds with the powers of the case; an overlap is a counterexample."""
    theorems = theorem_base(case)
    powers = rationals(case, "power", above=Fraction(1, 2), below=Fraction(3, 2))
    tally = Tally()
    for (scale, schedule), d, power in product((("d", "doubling"), ("one", "linear")), DIMENSIONS, powers):
        # with classes of d the bound B is what is stated; R follows from it in the convention of the scale
        entry_bound = f"Theta(log(n)**({power / 2}))" if scale == "d" else f"Theta(log(n)**({power}/2))/sqrt({d})"
        given = {"d": f"Theta({d})", "entry_bound": entry_bound, "delta": "1/poly(n)"}
        problem = parse_problem(**given, scale=scale, schedule=schedule)
        try:
            answer = decide(problem, theorems)
        except ContradictionError as error:
            tally.holds(False, **given, scale=scale, schedule=schedule, bounds=str(error.got))
            continue
        expected = _expected(d, power)
        tally.holds(answer.verdict == expected, **given, scale=scale, schedule=schedule, got=answer.verdict)
    return tally.finding(
        f"{PAGE}: the hypotheses of an upper and of a lower bound exclude each other; {LOWER} proves the lower bounds; "
        "here the grid around gamma d R^2 = Theta(log n) is decided by limits that routes agree on"
    )


DIMENSIONS = ("log(n)/log(log(n))", "log(n)**(19/20)", "log(n)", "log(n)*log(log(n))")


def theorem_base(case: Case) -> tuple[Theorem, ...]:
    """The theorems with the powers of log n that the case states."""
    return tuple(_with_powers(theorem, case) for theorem in THEOREMS)


def _expected(d: str, power: Fraction) -> str:
    """Easy for B = o(log n) and d = O(log n), or for d small enough; hard for both at least of order log n."""
    if d in ("log(n)", "log(n)*log(log(n))"):
        if power >= 1:
            return "hard"
        return "easy" if d == "log(n)" else "undecided"
    # d = o(log n): rank n^o(1) while d log(B/d) = o(log n), which fails for log n/loglog n at B above log n by a power
    return "easy" if power <= 1 or d == "log(n)**(19/20)" else "undecided"


def _with_powers(theorem: Theorem, case: Case) -> Theorem:
    changed = tuple(
        replace(hypothesis, bound=f"log(n)**({case.constants[POWERS[theorem.id, hypothesis.quantity]]})")
        if (theorem.id, hypothesis.quantity) in POWERS
        else hypothesis
        for hypothesis in theorem.hypotheses
    )
    return replace(theorem, hypotheses=changed)


CLAIM = Claim(
    id="regime_thresholds",
    statement=(
        "One attention layer at error 1/poly(n): d = O(log n) with B = o(log n) is almost linear, d = o(log n) with "
        "B = O(log n) too, and d >= c log n with B = Omega(log n) takes the exponent of the exact algorithm under OVH, "
        "c depending on the exponent. So no upper bound of the theorem base lies below one of its lower bounds."
    ),
    kind="asymptotic",
    hypotheses={
        "error": "additive error 1/poly(n), values in [-1, 1]",
        "ovh": "the orthogonal vectors hypothesis, for the lower bounds",
        "model": "one layer over all scales, operations on real numbers; attention inputs given",
    },
    sources=("arXiv:2501.04377", "arXiv:2302.13214", "arXiv:2011.02466"),
    derived_from=("S2", "embedding_free_maps", PAGE, LOWER),
    check=check,
    falsified=(
        Variant("easy for B = o((log n)^1.1)", "hard at (log n)^1.05", {"below": Fraction(11, 10)}),
        Variant("easy for B = o((log n)^0.9) only", "easy at (log n)^0.95", {"below": Fraction(9, 10)}),
        Variant("hard for B = Omega((log n)^0.9)", "easy at (log n)^0.95", {"above": Fraction(9, 10)}),
        Variant("hard for B = Omega((log n)^1.1) only", "hard at log n", {"above": Fraction(11, 10)}),
        Variant("hard for d = Omega((log n)^0.9)", "easy at d = (log n)^0.95", {"dimension": Fraction(9, 10)}),
    ),
    constants={"below": Fraction(1), "above": Fraction(1), "dimension": Fraction(1)},
    cells={"power": (Fraction(19, 20), 1, Fraction(21, 20))},
)
