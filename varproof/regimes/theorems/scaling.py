"""Hardness at constant error from orthogonal vectors by scaling: a logit bound of log^2 n."""

from __future__ import annotations

from varproof.regimes.exponents import pairs_exponent
from varproof.regimes.theorem import Hypothesis, Theorem
from varproof.regimes.theorems.counting_free_maps import FREE_MAPS
from varproof.regimes.theorems.counting_given_maps import GIVEN_MAPS

THEOREM = Theorem(
    id="scaling",
    side="lower",
    statement="for every q > 0 no algorithm in time (exact pairs)^(1-q): one call decides orthogonal vectors",
    hypotheses=(
        Hypothesis("d", "Omega", "log(n)", "large"),
        Hypothesis("B", "Omega", "log(n)**2", "large"),
        Hypothesis("delta", "below", "1/2", "some"),
    ),
    exponent=pairs_exponent,
    scope={"geometric": GIVEN_MAPS, "linear": FREE_MAPS},
    sources=("arXiv:2501.04377", "arXiv:2209.04881"),
    page="docs/explanation/lower-bounds.md",
    assumes=("OVH (implied by SETH)",),
    scales=("d", "sqrt", "one"),
)
