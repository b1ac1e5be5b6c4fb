"""The constant 0 as answer: no value in [-1, 1] is further away than 1."""

from __future__ import annotations

from fractions import Fraction

from varproof.regimes.exponents import head_dim_exponent
from varproof.regimes.problem import Problem
from varproof.regimes.theorem import Exponent, Hypothesis, Theorem


def exponent(problem: Problem) -> Exponent | None:
    """The size of the output, that is the tokens plus log d / log n; None when d has no upper bound."""
    extra = head_dim_exponent(problem)
    return None if extra is None else Exponent(Fraction(problem.schedule.tokens) + extra)


THEOREM = Theorem(
    id="constant_output",
    side="upper",
    statement="writing 0 everywhere is within 1 of every average of values in [-1, 1]",
    hypotheses=(Hypothesis("delta", "at least", "1"),),
    exponent=exponent,
    scope={"geometric": "any input; the answer says nothing", "linear": "any input; the answer says nothing"},
    sources=("arXiv:2501.04377",),
    page="docs/explanation/regimes.md",
)
