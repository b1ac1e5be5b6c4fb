"""The entry bound R that reductions into attention need: exact formulas, built instances, and growth by convention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy
from flint import arb, ctx

from reductions.core.reduction import Reduction
from reductions.problems.attention import ApproximateAttention
from reductions.problems.gap_hamming import GapHamming
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.gap_hamming_to_attention import RULE as GAP_HAMMING
from reductions.rules.ov_to_attention_counting import RULE as COUNTING
from reductions.rules.ov_to_attention_scaling import RULE as SCALING
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import chosen, integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally
from varproof.growth.scales import parse_scale

PAGE = "docs/explanation/vectors-to-attention.md"
COUNTING_PAGE = "docs/explanation/counting-by-attention.md"
SCALES = ("d", "sqrt", "one")
GAP = Fraction(9)  # e^g
ROUNDED = Fraction(1, 2**17)  # units are rounded to 19 bits or more, and squared

# powers of ln n in R for d = Theta(ln n), by the rule and the convention
POWERS: Mapping[str, Fraction] = {
    "scaling_d": Fraction(1),
    "scaling_sqrt": Fraction(3, 4),
    "scaling_one": Fraction(1, 2),
    "counting_d": Fraction(1, 2),
    "counting_sqrt": Fraction(1, 4),
    "counting_one": Fraction(0),
    "gap_d": Fraction(1, 2),
    "gap_sqrt": Fraction(1, 4),
    "gap_one": Fraction(0),
}


@dataclass(frozen=True)
class Built:
    """An attention instance and what R^2 and B are to be, up to rounding: numbers in terms of ln n and gamma."""

    instance: ApproximateAttention
    square: arb
    logits: arb


def check(case: Case) -> Finding:
    """R^2 = beta/gamma and B of built instances; then the powers of ln n, exactly."""
    return assemble([("built instances", _built(case)), ("powers of ln n", _powers(case))])


def _built(case: Case) -> Finding:
    tally = Tally()
    makers: Mapping[str, Callable[[Case, str, int, int, Fraction], Built]] = {
        "scaling": _scaling,
        "counting": _counting,
        "gap": _gap,
    }
    sizes = product(integers(case, "keys", low=1, high=300), integers(case, "dim", low=2, high=40))
    for (keys, dim), scale, kappa in product(sizes, chosen(case, "scale", SCALES), _ratios(case)):
        for name, make in makers.items():
            with ctx.workprec(192):
                built = make(case, scale, keys, dim, kappa)
                cell = {"rule": name, "scale": scale, "n": keys, "d": dim, "kappa": kappa}
                found = ball(largest_entry(built.instance) ** 2)
                for what, got, formula in (
                    ("R^2", found, ball(case.constants["square"]) * built.square),
                    ("B", ball(built.instance.logit_bound), ball(case.constants["logits"]) * built.logits),
                ):
                    tally.at_most(got, formula * ball(1 + ROUNDED), **cell, what=what)
                    tally.at_least(got, formula * ball(1 - ROUNDED), **cell, what=what)
    return tally.finding(
        f"{PAGE} and {COUNTING_PAGE} have the formulas; here the largest entry and the largest score of instances that "
        "the rules built, up to the rounding of their units"
    )


def _ratios(case: Case) -> tuple[Fraction, ...]:
    return rationals(case, "kappa", above=Fraction(1, 1000), below=1000)


def largest_entry(instance: ApproximateAttention) -> Fraction:
    """R: the largest absolute entry of queries and keys, exactly; values have no part in the scores."""
    sides = ((instance.queries, instance.query_unit), (instance.keys, instance.key_unit))
    return max(Fraction(abs(array).max().item()) * unit for array, unit in sides)


def _gamma(case: Case, scale: str, padded: int, dim: int) -> arb:
    """The score scale at the head dimension that the instance has; without the hypothesis at that of the vectors."""
    return ball(parse_scale(scale).gamma(padded if case.assumes("padded") else dim))


def _image(rule: Reduction, instance: Any, **options: Any) -> ApproximateAttention:
    target: ApproximateAttention = rule.forward(instance, {**rule.defaults(), **options}).targets[-1]
    return target


def _scaling(case: Case, scale: str, keys: int, dim: int, _: Fraction) -> Built:
    """Rows and keys of ones: R^2 = (ln n + g)/gamma(d + 1), B = (ln n + g) d."""
    ones = OrthogonalVectors.from_bits(np.ones((1, dim), np.uint8), np.ones((keys, dim), np.uint8))
    beta = ball(keys * GAP).log()
    image = _image(SCALING, ones, scale=scale, weight_gap=GAP)
    return Built(image, beta / _gamma(case, scale, dim + 1, dim), beta * dim)


def _counting(case: Case, scale: str, keys: int, dim: int, kappa: Fraction) -> Built:
    """Rows and keys of ones: R^2 = kappa ln N/(d gamma(d)), B = kappa ln N, N = n + 1."""
    ones = OrthogonalVectors.from_bits(np.ones((1, dim), np.uint8), np.ones((keys, dim), np.uint8))
    logits = ball(kappa) * ball(keys + 1).log()
    image = _image(COUNTING, ones, scale=scale, logit_ratio=kappa)
    return Built(image, logits / dim / ball(parse_scale(scale).gamma(dim)), logits)


def _gap(case: Case, scale: str, keys: int, dim: int, _: Fraction) -> Built:
    """Equal and opposite rows, t = d/4, T = d/2 (rounded down, apart): R^2 = beta/gamma(d'), B = beta d."""
    near, far = dim // 4, max(dim // 2, dim // 4 + 1)
    rows = np.zeros((keys, dim), np.uint8)
    instance = GapHamming.from_bits(rows[:1], rows, near, far)
    beta = ball(keys * GAP).log() / (2 * (far - near))
    padded = dim + max(1, abs(dim - 2 * near), abs(dim - near - far))
    image = _image(GAP_HAMMING, instance, scale=scale, weight_gap=GAP, small_ball=Fraction(0))
    return Built(image, beta / _gamma(case, scale, padded, dim), beta * dim)


def _powers(case: Case) -> Finding:
    """x = ln n, d = c x (or c x^2): R^4 is a rational function of x, so the power of x in R is its degree over 4."""
    tally, x, g = Tally(), sympy.Symbol("x", positive=True), sympy.Integer(2)  # any constant g > 0
    for c, kappa in product(integers(case, "ratio", low=1, high=20), _ratios(case)):
        d = c * x if case.assumes("log_dimension") else c * x**2
        # (beta, d'): padding of the gap layout for t = d/4, T = d/2 has max(|d - 2t|, |d - t - T|) = d/2 coordinates
        beta = {
            "scaling": (x + g, d + 1),
            "counting": (sympy.Rational(str(kappa)) * x / d, d),
            "gap": ((x + g) / (d / 2), 3 * d / 2),
        }
        for rule, (score, padded) in beta.items():
            inverse = {"d": padded**2, "sqrt": padded, "one": sympy.Integer(1)}  # 1/gamma^2
            for scale in chosen(case, "scale", SCALES):
                above, below = sympy.fraction(sympy.together(score**2 * inverse[scale]))
                degree = int(sympy.degree(above, x)) - int(sympy.degree(below, x))
                power = case.constants[f"{rule}_{scale}"]
                tally.equal(Fraction(degree, 4), power, rule=rule, scale=scale, c=c, what="power of ln n in R")
    return tally.finding(
        f"{PAGE} and {COUNTING_PAGE}, tables of R; here exactly: R^4 is a rational function of ln n, and its degree is "
        "read off"
    )


CLAIM = Claim(
    id="entry_bounds_of_reductions",
    statement=(
        "The entries that the rules into attention need, R^2 = beta/gamma(d') at the head dimension d' of the image. "
        "Scaling: beta = ln n + g, B = beta d, so for d = Theta(log n) R = Theta(log n) for gamma = 1/d, "
        "Theta((log n)^(3/4)) for 1/sqrt(d), Theta(sqrt(log n)) for 1. Counting, beta = kappa ln N/D, and gap Hamming, "
        "beta = (ln n + g)/(2(T - t)): gamma d R^2 = Theta(log n), so R = Theta(sqrt(log n)) for 1/d, "
        "Theta((log n)^(1/4)) for 1/sqrt(d), Theta(1) for 1."
    ),
    kind="tight",
    hypotheses={
        "log_dimension": "d = c ln n, c > 0 constant; D = d; t = d/4 and T = d/2",
        "padded": "gamma is that of the head dimension after padding",
    },
    sources=(PAGE, COUNTING_PAGE, "arXiv:2302.13214"),
    derived_from=("threshold_lemma", "counting_reduction", PAGE, COUNTING_PAGE),
    check=check,
    falsified=(
        Variant("R^2 5% smaller", "the units are what the formulas say", {"square": Fraction(19, 20)}),
        Variant("R^2 5% larger", "the units are what the formulas say", {"square": Fraction(21, 20)}),
        Variant("B 5% smaller", "a pair of all ones scores more", {"logits": Fraction(19, 20)}),
        Variant("power 0.95 for scaling at 1/d", "R is beta d' under the root", {"scaling_d": Fraction(19, 20)}),
        Variant("power 0.525 for counting at 1/d", "gamma d R^2 = kappa ln N", {"counting_d": Fraction(21, 40)}),
        Variant("power 0.27 for gap at 1/sqrt(d)", "gamma d R^2 = Theta(log n)", {"gap_sqrt": Fraction(27, 100)}),
        Variant("gamma before padding", "the unit belongs to d'", dropped=frozenset({"padded"})),
        Variant("d = log^2 n", "the powers are others", dropped=frozenset({"log_dimension"})),
    ),
    constants={"square": Fraction(1), "logits": Fraction(1), **POWERS},
    cells={"keys": (1, 16, 100), "dim": (4, 12), "scale": SCALES, "kappa": (2,), "ratio": (1, 3)},
)
