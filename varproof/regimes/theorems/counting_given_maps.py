"""Hardness by counting orthogonal vectors, on interpolated token maps that are given."""

from __future__ import annotations

from varproof.regimes.exponents import pairs_exponent
from varproof.regimes.theorem import Hypothesis, Theorem

GIVEN_MAPS = (
    "token maps given: each scale is the interpolation of a given map (fixed ratio, n divisible by its numerator, "
    "kernel with sum |W| < 2 in two dimensions, as the bicubic one)"
)

THEOREM = Theorem(
    id="counting_given_maps",
    side="lower",
    statement="for every q > 0 no n^(4-q) algorithm: counting orthogonal vectors with d+1 calls",
    hypotheses=(
        Hypothesis("d", "Omega", "log(n)", "large"),
        Hypothesis("B", "Omega", "log(n)", "large"),
        Hypothesis("Lambda", "Omega", "log(n)", "large"),
    ),
    exponent=pairs_exponent,
    scope={"geometric": GIVEN_MAPS},
    sources=("arXiv:2501.04377", "arXiv:2011.02466"),
    page="docs/explanation/lower-bounds.md",
    assumes=("OVH (implied by SETH)",),
    scales=("d", "sqrt", "one"),
)
