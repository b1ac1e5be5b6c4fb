"""Hardness by counting orthogonal vectors at any constant of the logit bound, on free maps."""

from __future__ import annotations

from varproof.regimes.exponents import pairs_exponent
from varproof.regimes.theorem import Hypothesis, Theorem

FREE_MAPS = "free maps: the attention input of every scale is part of the instance"

THEOREM = Theorem(
    id="counting_free_maps",
    side="lower",
    statement="for every q > 0 no algorithm in time (exact pairs)^(1-q): counting orthogonal vectors with d+1 calls",
    hypotheses=(
        Hypothesis("d", "Omega", "log(n)", "large"),
        Hypothesis("B", "Omega", "log(n)", "some"),
        Hypothesis("Lambda", "Omega", "log(n)", "large"),
    ),
    exponent=pairs_exponent,
    scope={"geometric": FREE_MAPS, "linear": FREE_MAPS},
    sources=("arXiv:2501.04377", "arXiv:2011.02466"),
    page="docs/explanation/lower-bounds.md",
    assumes=("OVH (implied by SETH)",),
)
