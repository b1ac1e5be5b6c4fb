"""The edges that are theorems of others: they enter exponents, never an execution."""

from __future__ import annotations

import sympy

from reductions.core.reduction import CitedEdge, Exponents
from reductions.problems.gap_hamming import GapHamming
from reductions.problems.maxip import MaxInnerProduct
from reductions.problems.orthogonal_vectors import OrthogonalVectors

DELTA_R = sympy.Symbol("delta_R", positive=True)  # any constant; the gap and the dimension depend on it
PAGE = "docs/explanation/reduction-graph.md"

RUBINSTEIN = CitedEdge(
    name="cited_rubinstein",
    source=OrthogonalVectors,
    target=GapHamming,
    summary="Orthogonal vectors in dimension c ln N to N^delta_R gap instances; one is YES iff the source is.",
    exponents=Exponents(sympy.Integer(1), DELTA_R, 1 + DELTA_R, log_dimension=True),
    claim_scope="For every delta_R > 0 there are a gap eps and a dimension constant, both functions of delta_R and c "
    "that no one has made explicit; the proof goes through error-correcting codes of large constant size. Not "
    "executable at small sizes. The rules ov_to_hamming and hamming_to_gap_hamming are: their gap is 2 of d and does "
    "not grow.",
    sources=("1803.00904", "2302.13214"),
    page=PAGE,
)

CHEN = CitedEdge(
    name="cited_chen",
    source=OrthogonalVectors,
    target=MaxInnerProduct,
    summary="Orthogonal vectors in dimension c ln N to N^o(1) exact integer instances of dimension 2^O(log* N).",
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1), log_dimension=True),
    claim_scope="Exact maximum of integers of O(log N) bits; the o(1) goes to 0 with the iterated logarithm, so that "
    "nothing is gained at sizes that fit a machine. Not executable at small sizes. ov_to_maxip_crt is the one-level "
    "form of the same idea, with dimension l^2 + l + 1.",
    sources=("1802.02325",),
    page=PAGE,
)

CITED: tuple[CitedEdge, ...] = (RUBINSTEIN, CHEN)
