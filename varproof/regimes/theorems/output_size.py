"""The trivial lower bound: the layer writes d numbers for each of its tokens."""

from __future__ import annotations

from fractions import Fraction

from varproof.regimes.exponents import head_dim_exponent
from varproof.regimes.problem import Problem
from varproof.regimes.theorem import Exponent, Theorem


def exponent(problem: Problem) -> Exponent | None:
    """The tokens (2 or 3) plus log d / log n where d is known from above; else the tokens alone, as d >= 1."""
    extra, above = head_dim_exponent(problem, lower=True), head_dim_exponent(problem)
    return Exponent(Fraction(problem.schedule.tokens) + (extra or 0), lower=True, rounded=extra != above)


THEOREM = Theorem(
    id="output_size",
    side="lower",
    statement="the output of the layer has L d numbers",
    hypotheses=(),
    exponent=exponent,
    scope={"geometric": "any input", "linear": "any input"},
    sources=("arXiv:2501.04377",),
    page="docs/explanation/regimes.md",
)
