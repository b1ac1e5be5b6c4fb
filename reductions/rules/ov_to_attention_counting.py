"""Orthogonal vectors to attention by counting: about D calls, tolerance 1/poly(n), logits of any kappa ln n."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
from flint import arb, ctx
from sympy import Integer

from reductions.constructions.counting.chebyshev_extrapolation import bits_of
from reductions.constructions.counting.counting_decode import decode, extract
from reductions.constructions.counting.counting_explain import explain
from reductions.constructions.counting.counting_image import Plan, ball_of, degree_of, forward, largest_logit, plan_of
from reductions.constructions.counting.counting_mutants import MUTANTS
from reductions.constructions.counting.counting_structure import structure
from reductions.core.reduction import Exponents, Kind, Option, Reduction, size
from reductions.problems.attention import ApproximateAttention
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational
from varproof.growth.scales import parse_scale

ENTRIES = 1 << 27  # integers in the arrays of a call: 1 GiB
NODES = 2048
PAIRS = 1 << 33  # in all calls together: all of them are answered
_ROUNDING = 16 * arb(2) ** -53  # of float64
SCALES = ("d", "sqrt", "one")


def accepts(instance: OrthogonalVectors, options: Mapping[str, Any]) -> str | None:
    """Why this instance is too large to be written down, None if it is not."""
    left, right, dim = instance.left.rows, instance.right.rows, instance.left.dim
    entries = dim * (left + right + 1)
    if entries > ENTRIES:
        return f"{left} + {right} vectors of dimension {dim} need {8 * entries} bytes, more than {8 * ENTRIES}"
    degree = degree_of(instance, options)
    if degree > NODES:
        return f"degree {degree} needs {degree} calls and weights of many thousand bits; at most {NODES} are made"
    if degree * left * right > PAIRS:
        pairs = f"{degree} calls of {left} x {right} pairs each are {degree * left * right} pairs"
        return f"{pairs}; at most {PAIRS} are worked through, about two minutes on two cores"
    return None


def precision(instance: OrthogonalVectors, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the calls need: delta, bits, logit bound B, entry bounds, the number of calls, and a dtype that suffices.

    `gap` is 0.0, as no output is compared with a threshold. `dtype` is "float64" where 16 (B + 16 + log2(n+1)) 2^-53
    is at most delta: far above what the exact engine certifies; the error that an oracle reports decides. Else "arb".

    >>> instance = OrthogonalVectors.from_bits([[1, 1, 0]], [[0, 1, 1], [0, 0, 1]])
    >>> needs = precision(instance, RULE.defaults())
    >>> needs["calls"], needs["bits"], needs["dtype"], round(needs["logit_bound"], 3)
    (2, 7, 'float64', 2.197)
    """
    plan = plan_of(instance, options)
    if plan is None:
        return {
            "delta": Fraction(1),
            "bits": 0,
            "gap": 0.0,
            "logit_bound": 0.0,
            "entry_bounds": dict.fromkeys(SCALES, 0.0),
            "calls": 0,
            "dtype": "float64",
        }
    dim = instance.left.dim
    with ctx.workprec(64):
        bound = largest_logit(plan.keys, plan.logit_ratio)
        entries = {
            name: float((bound / plan.degree / ball_of(parse_scale(name).gamma(dim))).sqrt().mid()) for name in SCALES
        }
    return {
        "delta": plan.delta,
        "bits": bits_of(plan.delta),
        "gap": 0.0,
        "logit_bound": float(bound.mid()),
        "entry_bounds": entries,
        "calls": plan.degree,
        "dtype": "float64" if float64_suffices(plan) else "arb",
    }


def float64_suffices(plan: Plan) -> bool:
    """Whether 16 (B + 16 + log2(n+1)) 2^-53 is at most delta: a rule for planning (see `precision`)."""
    with ctx.workprec(64):
        size = largest_logit(plan.keys, plan.logit_ratio) + 16 + ball(plan.keys + 1).log() / arb.const_log2()
        return bool(size * _ROUNDING <= ball(plan.delta))


def hard(seed: int) -> list[OrthogonalVectors]:
    """Instances near the bound: rows orthogonal to all keys (they attain it), to one, to all but one, and to none."""
    rng = np.random.default_rng(seed)
    made = [OrthogonalVectors.from_bits(np.array([[0, 1], [1, 0]]), np.array([[1, 0]]))]
    for keys, dim in ((2, 3), (24, 12), (300, 4)):
        right = np.zeros((keys, dim + 1), dtype=np.uint8)
        right[:, 0] = 1
        right[0] = [0] + [1] * dim
        none = np.zeros(dim + 1, dtype=np.uint8)
        one = none.copy()
        one[0] = 1  # meets every key but the first
        other = np.ones(dim + 1, dtype=np.uint8)
        all_but_one = other - one  # meets the first key alone, in all its ones
        order = rng.permutation(dim + 1)
        rows = np.stack([none, one, other, all_but_one])[:, order]
        right = right[:, order]
        made.append(OrthogonalVectors.from_bits(rows, right))
        made.append(OrthogonalVectors.from_bits(rows[[2, 1]], right))  # YES by a count of 1
        made.append(OrthogonalVectors.from_bits(rows[[2]], right))  # NO
        made.append(OrthogonalVectors.from_bits(rows[[1, 2]], right[1:]))  # NO, inner products 1
    return made


def _parse_ratio(text: str) -> Fraction:
    try:
        value = parse_rational(text, name="logit_ratio")
    except InputError:
        value = Fraction(0)
    if not Fraction(1, 1000) <= value <= 1000:
        raise InputError("not a logit ratio", got=text, allowed="a rational from 1/1000 to 1000")
    return value


def _parse_scale(text: str) -> str:
    if text not in SCALES:
        raise InputError("not a score scale of this rule", got=text, allowed=", ".join(SCALES))
    return text


def _parse_switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise InputError("not a switch", got=text, allowed="on, off")
    return text == "on"


_LEFT, _RIGHT, _DIM = size("left"), size("right"), size("dim")
_SIZES = MappingProxyType({"queries": _LEFT, "keys": _RIGHT + 1, "head_dim": _DIM})

RULE = Reduction(
    name="ov_to_attention_counting",
    source=OrthogonalVectors,
    target=ApproximateAttention,
    kind=Kind.TRUTH_TABLE,
    summary="Counts the orthogonal partners of every row from at most d calls by extrapolation.",
    forward=forward,
    decode=decode,
    extract=extract,
    exact_size=_SIZES,
    upper_size=_SIZES,
    exponents=Exponents(Integer(1), Integer(0), Integer(1)),
    calls=_DIM,
    operations=3 * _DIM * (_LEFT + _RIGHT) + _DIM + _RIGHT + 1 + (_DIM + 1) * (_DIM + 3),
    claim_scope=(
        "Under OVH, for every kappa > 0 and q > 0 there are c and C_a such that no algorithm in time O(n^(2-q)) "
        "answers attention with d <= c ln n, logit bound kappa ln n and delta = n^-C_a; "
        "C_a = 2 + c ln coth(kappa/(4c)) + o(1), c from OVH for a smaller q. Nothing is said about constant delta, "
        "nor about a dimension c ln n with a given c."
    ),
    sources=("arXiv:2011.02466", "arXiv:2302.13214"),
    page="docs/explanation/counting-by-attention.md",
    parsimonious=False,
    options=MappingProxyType(
        {
            "scale": Option("d", _parse_scale, "score scale: d, sqrt or one"),
            "logit_ratio": Option(Fraction(2), _parse_ratio, "kappa: the logit bound is kappa ln(n + 1)"),
            "row_weights": Option(
                True, _parse_switch, "degree from the weights of the rows (on) or the dimension (off)"
            ),
        }
    ),
    structure=structure,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=MUTANTS,
)
