"""What a finite answer says in sentences: about this number of tokens only, never about a complexity class.

Lower bounds hold for families of instances as N grows; one instance satisfies or violates a stated hypothesis, and one
method or another does less work on it. Nothing more is claimed here. Reasons: docs/explanation/finite-size.md.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from varproof.approx.cell_cost import MAX_CELL_DEGREE, MAX_HEAD_DIM
from varproof.approx.rank import MAX_DIGITS
from varproof.approx.sufficient_degree import LEAST
from varproof.base.balls import to_float
from varproof.base.display import shown

if TYPE_CHECKING:
    from varproof.regimes.finite import FiniteRegime

METHOD = {"exact": "exact attention", "polynomial": "the polynomial method", "tree": "the tree method"}
TREE = "The tree method (one level of cells)"


def statements(answer: FiniteRegime) -> tuple[str, ...]:
    """All sentences, in the order in which they are read."""
    return (
        *_hypothesis(answer),
        _fixed_network(answer),
        *_accuracy(answer),
        _degree(answer),
        *_features(answer),
        *_tree(answer),
        _work(answer),
        *_break_even(answer),
    )


def _hypothesis(answer: FiniteRegime) -> list[str]:
    p = answer.parameters
    word = {True: "satisfies", False: "violates", None: "is too close to the boundary to compare with"}
    sides = f"B = {to_float(p.logit_bound):.6g}, ln N = {to_float(p.log_tokens):.6g}"
    found = [f"At N = {shown(p.tokens)} this {word[p.hypothesis_satisfied]} the stated hypothesis B < ln N ({sides})."]
    low, high = (to_float(end) for end in p.entry_range)
    root = math.sqrt(to_float(p.log_tokens))
    if answer.is_cosine and low < high:
        where = {
            (True, True): "below sqrt(ln N) throughout",
            (False, False): "not below sqrt(ln N) anywhere in it",
            (True, False): "so the entries alone do not decide R < sqrt(ln N)",
        }[(low < root, high < root)]
        found.append(
            f"For cosine attention the balanced entry bound in the 1/d convention ranges over "
            f"{low:.6g} <= R <= {high:.6g}, {where} (sqrt(ln N) = {root:.6g})."
        )
    else:
        found.append(
            f"In the 1/d convention the balanced entry bound is R = {low:.6g} against sqrt(ln N) = {root:.6g}: "
            "R < sqrt(ln N) is the same hypothesis."
        )
    return found


def _fixed_network(answer: FiniteRegime) -> str:
    text = (
        "A fixed network has a constant bound B, so as N grows it always ends on the easy side of the criterion; "
        "at a finite N that says nothing"
    )
    if answer.parameters.hypothesis_satisfied is False:
        return text + ": here B >= ln N, and the remark is vacuous."
    return text + "."


def _accuracy(answer: FiniteRegime) -> list[str]:
    ratio = answer.delta_ratio
    if ratio < 1:
        return []
    found = ["delta is at least the bound V on the values: the constant output 0 meets it without any attention."]
    if ratio >= 2:
        found.append("delta is at least 2V: every weighted mean of the values meets it, so degree 0 suffices.")
    return found


def _degree(answer: FiniteRegime) -> str:
    g = shown(answer.degree.degree)
    if answer.degree.kind == LEAST:
        return f"Degree {g} is the least that keeps every weight within eps on [-B, B], certified from both sides."
    least = shown(answer.degree.lower)
    return f"Degree {g} suffices by a closed form; the least degree is at least {least} (no certificate at this size)."


def _features(answer: FiniteRegime) -> list[str]:
    if answer.rank is None:
        if answer.rank_log10 is None:
            return ["The rank is beyond the caps (degree at most 10^9); the polynomial method is not counted here."]
        return [
            f"The rank C(d+g, g) has about {answer.rank_log10:,.0f} digits by the entropy exponent, beyond the cap of "
            f"{MAX_DIGITS}, and is not written out; exact attention does less work at this N."
        ]
    ratio = Fraction(answer.rank, answer.parameters.tokens)
    if ratio < 1:
        return [f"The rank {shown(answer.rank)} is below N: the score matrix is compressed, {shown(ratio)} of N."]
    return [
        f"The rank {shown(answer.rank)} is {shown(ratio)} times N: the factors are no narrower than the score matrix."
    ]


def _tree(answer: FiniteRegime) -> list[str]:
    if answer.cells is None:
        return [f"{TREE} is counted for d <= {MAX_HEAD_DIM} only: its cells multiply with every dimension."]
    m, g = answer.cells.parts, answer.cells.degree
    if m**answer.head_dim >= answer.parameters.tokens:  # then the best work is above the exact one, that of others too
        return [
            f"{TREE} has no cut that is cheaper than exact attention here: at best every key is in a cell of its own "
            f"(degrees up to {MAX_CELL_DEGREE})."
        ]
    cut = "all keys in one cell" if m == 1 else f"{shown(m)} parts of every axis"
    return [
        f"{TREE} does the least work with {cut} and degree {g}: an upper bound for what a tree engine does "
        f"(degrees up to {MAX_CELL_DEGREE})."
    ]


def _work(answer: FiniteRegime) -> str:
    work = answer.work
    best = answer.best
    others = [
        f"{METHOD[name]} needs {shown(Fraction(flops, work[best]))} times as many flops"
        for name, flops in work.items()
        if name != best
    ]
    text = f"At this N {METHOD[best]} does the least work" + (f"; {', '.join(others)}." if others else " counted.")
    if best == "exact" and answer.parameters.hypothesis_satisfied:
        text += " Satisfying the hypothesis does not make a faster method pay at this size."
    return text


def _break_even(answer: FiniteRegime) -> list[str]:
    if answer.break_even_tokens is None:
        return []
    found = [
        f"At this d and degree the polynomial method would need fewer flops than exact attention from "
        f"{shown(answer.break_even_tokens)} tokens on (full square attention, without the block-causal mask)."
    ]
    tokens, work = answer.parameters.tokens, answer.work
    if answer.break_even_tokens <= tokens and work["exact"] <= work["polynomial"]:
        share = Fraction(answer.parameters.counts.attention, tokens**2)
        found.append(
            f"N = {shown(tokens)} is one of these, but the mask leaves exact attention {shown(share)} of the N^2 pairs "
            "and costs the polynomial method a state for every scale: here exact attention needs no more flops."
        )
    return found
