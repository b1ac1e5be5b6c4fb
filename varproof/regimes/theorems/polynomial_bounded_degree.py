"""The polynomial method with bounded scores and a constant error: a bounded degree, in any dimension n^o(1)."""

from __future__ import annotations

from varproof.regimes.exponents import tokens_exponent
from varproof.regimes.theorem import Hypothesis, Theorem
from varproof.regimes.theorems.polynomial_log_dimension import SCOPE

THEOREM = Theorem(
    id="polynomial_bounded_degree",
    side="upper",
    statement="degree O(1), so C(d+g, g) <= (d+1)^g = n^o(1) features and L n^o(1) operations",
    hypotheses=(
        Hypothesis("B", "O", "1"),
        Hypothesis("Lambda", "O", "1"),
        Hypothesis("d", "n^o(1)"),
    ),
    exponent=tokens_exponent,
    scope={"geometric": SCOPE, "linear": SCOPE},
    sources=("arXiv:2302.13214",),
    page="docs/explanation/regimes.md",
)
