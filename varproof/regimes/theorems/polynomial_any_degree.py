"""The polynomial method where the degree may exceed log n, in small dimension: d log(2 + (B + Lambda)/d) = o(log n)."""

from __future__ import annotations

from varproof.regimes.exponents import tokens_exponent
from varproof.regimes.problem import RANK_LOGARITHM
from varproof.regimes.theorem import Hypothesis, Theorem
from varproof.regimes.theorems.polynomial_log_dimension import SCOPE

THEOREM = Theorem(
    id="polynomial_any_degree",
    side="upper",
    statement="degree O(B + Lambda) and C(d+g, d) <= (e(d+g)/d)^d = n^o(1) features, so L n^o(1) operations",
    hypotheses=(Hypothesis(RANK_LOGARITHM, "o", "log(n)"),),
    exponent=tokens_exponent,
    scope={"geometric": SCOPE, "linear": SCOPE},
    sources=("arXiv:2302.13214",),
    page="docs/explanation/regimes.md",
)
