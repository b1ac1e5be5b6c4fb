"""The exact algorithm: every pair of a query and a key it may see, once."""

from __future__ import annotations

from fractions import Fraction

from varproof.regimes.exponents import head_dim_exponent
from varproof.regimes.problem import Problem
from varproof.regimes.theorem import Exponent, Theorem


def exponent(problem: Problem) -> Exponent | None:
    """4 for geometric schedules, 6 for the linear one, plus log d / log n; None when d has no upper bound."""
    extra = head_dim_exponent(problem)
    return None if extra is None else Exponent(Fraction(problem.schedule.pairs) + extra)


THEOREM = Theorem(
    id="exact_algorithm",
    side="upper",
    statement="every pair of a query and a key that it sees, at O(d) operations each",
    hypotheses=(),
    exponent=exponent,
    scope={"geometric": "any input", "linear": "any input"},
    sources=("arXiv:2501.04377",),
    page="docs/explanation/regimes.md",
)
