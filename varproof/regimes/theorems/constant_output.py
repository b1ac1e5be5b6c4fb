"""The constant 0 as answer: no value in [-1, 1] is further away than 1."""

from __future__ import annotations

from varproof.regimes.exponents import tokens_exponent
from varproof.regimes.theorem import Hypothesis, Theorem

THEOREM = Theorem(
    id="constant_output",
    side="upper",
    statement="writing 0 everywhere is within 1 of every average of values in [-1, 1]",
    hypotheses=(Hypothesis("delta", "at least", "1"), Hypothesis("d", "n^o(1)")),
    exponent=tokens_exponent,
    scope={"geometric": "any input; the answer says nothing", "linear": "any input; the answer says nothing"},
    sources=("arXiv:2501.04377",),
    page="docs/explanation/regimes.md",
)
