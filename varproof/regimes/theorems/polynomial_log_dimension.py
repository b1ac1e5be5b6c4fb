"""The polynomial method below the threshold: d = O(log n), logit bound o(log n), error 1/poly(n)."""

from __future__ import annotations

from varproof.regimes.exponents import tokens_exponent
from varproof.regimes.theorem import Hypothesis, Theorem

SCOPE = "one attention layer over all scales, operations on real numbers; errors through layers are another matter"

THEOREM = Theorem(
    id="polynomial_log_dimension",
    side="upper",
    statement="degree o(log n), so C(d+g, g) = n^o(1) features and L n^o(1) operations",
    hypotheses=(
        Hypothesis("d", "O", "log(n)"),
        Hypothesis("B", "o", "log(n)"),
        Hypothesis("Lambda", "O", "log(n)"),
    ),
    exponent=tokens_exponent,
    scope={"geometric": SCOPE, "linear": SCOPE},
    sources=("arXiv:2302.13214", "arXiv:2501.04377"),
    page="docs/explanation/regimes.md",
)
