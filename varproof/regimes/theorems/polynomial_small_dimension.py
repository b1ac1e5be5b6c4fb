"""The polynomial method in small dimension: d = o(log n) with a logit bound and an error exponent of order log n."""

from __future__ import annotations

from varproof.regimes.exponents import tokens_exponent
from varproof.regimes.theorem import Hypothesis, Theorem
from varproof.regimes.theorems.polynomial_log_dimension import SCOPE

THEOREM = Theorem(
    id="polynomial_small_dimension",
    side="upper",
    statement="degree O(log n) and C(d+g, d) <= (e(d+g)/d)^d = n^o(1) features, so L n^o(1) operations",
    hypotheses=(
        Hypothesis("d", "o", "log(n)"),
        Hypothesis("B", "O", "log(n)"),
        Hypothesis("Lambda", "O", "log(n)"),
    ),
    exponent=tokens_exponent,
    scope={"geometric": SCOPE, "linear": SCOPE},
    sources=("arXiv:2302.13214",),
    page="docs/explanation/regimes.md",
)
