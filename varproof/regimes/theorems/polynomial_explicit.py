"""The polynomial method at explicit d, R and delta: the exponent that the proved degree gives."""

from __future__ import annotations

from varproof.regimes.exponents import rank_exponent
from varproof.regimes.problem import Problem
from varproof.regimes.theorem import Exponent, Hypothesis, Theorem
from varproof.regimes.theorems.polynomial_log_dimension import SCOPE


def exponent(problem: Problem) -> Exponent | None:
    """Tokens plus the exponent of the rank, rounded up at twelve digits where it is irrational."""
    rank = rank_exponent(problem)
    return None if rank is None else Exponent(problem.schedule.tokens + rank)


THEOREM = Theorem(
    id="polynomial_explicit",
    side="upper",
    statement="L C(d+g, g) n^o(1) operations with the degree g of the degree law",
    hypotheses=(
        Hypothesis("d", "explicit", "log(n)"),
        Hypothesis("B", "explicit", "log(n)"),
    ),
    exponent=exponent,
    scope={"geometric": SCOPE, "linear": SCOPE},
    sources=("arXiv:2302.13214", "arXiv:2205.06249"),
    page="docs/explanation/regimes.md",
)
