"""Hardness at constant error from the cited hardness of approximate closest pair in the Hamming distance."""

from __future__ import annotations

from varproof.regimes.exponents import pairs_exponent
from varproof.regimes.theorem import Hypothesis, Theorem
from varproof.regimes.theorems.counting_free_maps import FREE_MAPS
from varproof.regimes.theorems.counting_given_maps import GIVEN_MAPS

THEOREM = Theorem(
    id="gap_hamming",
    side="lower",
    statement="for every q > 0 no algorithm in time (exact pairs)^(1-q): one call decides gap closest pair",
    hypotheses=(
        Hypothesis("d", "Omega", "log(n)", "large"),
        Hypothesis("B", "Omega", "log(n)", "large"),
        Hypothesis("delta", "below", "1/2", "some"),
    ),
    exponent=pairs_exponent,
    scope={"geometric": GIVEN_MAPS, "linear": FREE_MAPS},
    sources=("arXiv:2501.04377", "arXiv:2302.13214", "arXiv:1803.00904"),
    page="docs/explanation/lower-bounds.md",
    assumes=("SETH", "the cited hardness of approximate closest pair (arXiv:1803.00904)"),
    scales=("d", "sqrt", "one"),
)
