"""Attention at any temperature in constant dimension: L^(2 - 1/d) up to polylogarithms in B/delta."""

from __future__ import annotations

from fractions import Fraction

from varproof.regimes.problem import Problem
from varproof.regimes.theorem import Exponent, Hypothesis, Theorem

SCOPE = "one attention layer over all scales; the block-causal mask is cut into full blocks (a logarithm more)"


def exponent(problem: Problem) -> Exponent | None:
    """(2 - 1/d) times the exponent of the tokens; for a class of constants, below the square of the tokens."""
    tokens = problem.schedule.tokens
    if problem.d.explicit and problem.d.bound.is_Integer:
        return Exponent(tokens * (2 - Fraction(1, int(problem.d.bound))))
    return Exponent(Fraction(2 * tokens), f"{2 * tokens} - {tokens}/d", strict=True)


THEOREM = Theorem(
    id="any_temperature",
    side="upper",
    statement="for constant d, L^(2 - 1/d) polylog(B/delta) operations",
    hypotheses=(
        Hypothesis("d", "O", "1"),
        Hypothesis("B", "n^o(1)", of_log=True),
        Hypothesis("Lambda", "n^o(1)"),
    ),
    exponent=exponent,
    scope={"geometric": SCOPE, "linear": SCOPE},
    sources=("arXiv:2505.14840",),
    page="docs/explanation/regimes.md",
)
