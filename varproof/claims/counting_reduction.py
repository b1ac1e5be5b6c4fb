"""Orthogonal vectors to attention by counting, executed: exact counts under the worst noise, logit bound, tolerance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement, product

import numpy as np
from flint import ctx

from reductions.constructions.counting.chebyshev_extrapolation import constants
from reductions.constructions.counting.counting_image import make_plan
from reductions.core.answer import Answer
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_attention_counting import RULE
from varproof.base.balls import ball
from varproof.base.verdict import Finding
from varproof.claims.cells import chosen, integers, rationals
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally

PAGE = "docs/explanation/counting-by-attention.md"
SCALES = ("d", "sqrt", "one")
ROUNDED = Fraction(1, 2**20)  # the unit of the queries is rounded down to 24 bits, and squared
Row = tuple[int, ...]


def check(case: Case) -> Finding:
    """Every multiset of up to `keys` keys against all rows at once; then plans of real sizes against the formulas."""
    return assemble(
        [
            ("counts under the worst noise", _executed(case)),
            ("logit bound", _logits(case)),
            ("tolerance", _tolerance(case)),
        ]
    )


def formulas(case: Case) -> Finding:
    """Logit bound and tolerance: the parts of `check` that execute nothing."""
    return assemble([("logit bound", _logits(case)), ("tolerance", _tolerance(case))])


def instances(dim: int, keys: int) -> Iterator[tuple[OrthogonalVectors, int]]:
    """All rows of {0,1}^dim against every multiset of up to `keys` keys, with the number of orthogonal pairs."""
    rows = list(product((0, 1), repeat=dim))
    for size in range(1, keys + 1):
        for right in combinations_with_replacement(rows, size):
            pairs = sum(not any(x & y for x, y in zip(a, b, strict=True)) for a in rows for b in right)
            yield OrthogonalVectors.from_bits(np.array(rows, np.uint8), np.array(right, np.uint8)), pairs


def count(
    instance: OrthogonalVectors, scale: str, kappa: Fraction, noise: Fraction, *, all_calls: bool = True
) -> int | None:
    """The number of orthogonal pairs that the attention calls give, all outputs moved by `noise` x delta."""
    options = {**RULE.defaults(), "scale": scale, "logit_ratio": kappa}
    mapped = RULE.forward(instance, options)
    oracle = WorstNoise(ExactOracle("arb"), noise)
    answers = [Answer(outputs=oracle.outputs(call)) for call in mapped.targets]
    return RULE.decode(mapped.context, answers if all_calls else answers[:-1]).count


def _executed(case: Case) -> Finding:
    tally, noise, every = Tally(), case.constants["noise"], case.assumes("calls")
    ratios = rationals(case, "kappa", above=Fraction(1, 1000), below=1000)
    for dim in integers(case, "dim", low=1, high=3):
        for scale, kappa in product(chosen(case, "scale", SCALES), ratios):
            for pairs, found, right in counts(dim, scale, kappa, noise, all_calls=every):
                tally.holds(found == pairs, scale=scale, kappa=kappa, keys=right, pairs=pairs, counted=found)
    # S is nearly n at every point of a tiny kappa, where the noise bound is nearly attained
    for keys in integers(case, "keys", low=2, high=300):
        bits = np.ones((keys, 1), np.uint8)
        bits[0] = 0
        tight = OrthogonalVectors.from_bits(np.ones((1, 1), np.uint8), bits)
        found = count(tight, "d", Fraction(1, 10**6), noise, all_calls=every)
        tally.holds(found == 1, row="nearly attains the bound", keys=keys, noise=noise, pairs=1, counted=found)
    return tally.finding(
        f"{PAGE} proves it for every instance; here the rule itself, outputs in balls, each moved in the direction "
        "that hurts most by the listed share of delta"
    )


@lru_cache(maxsize=256)
def counts(
    dim: int, scale: str, kappa: Fraction, noise: Fraction, *, all_calls: bool = True
) -> tuple[tuple[int, int | None, str], ...]:
    """(orthogonal pairs, counted, keys) for up to 3 keys of dimension 1 and 2, and for single keys beyond."""
    return tuple(
        (pairs, count(instance, scale, kappa, noise, all_calls=all_calls), str(instance.right_bits.tolist()))
        for instance, pairs in instances(dim, 3 if dim < 3 else 1)
    )


def _logits(case: Case) -> Finding:
    """The largest score of a call on a pair of all ones is kappa ln N up to rounding, in all three conventions."""
    tally, factor = Tally(), case.constants["logits"]
    for scale, kappa in product(
        chosen(case, "scale", SCALES), rationals(case, "kappa", above=Fraction(1, 1000), below=1000)
    ):
        for dim, keys in product(integers(case, "dim", low=1, high=16), integers(case, "keys", low=2, high=300)):
            ones = OrthogonalVectors.from_bits(np.ones((1, dim), np.uint8), np.ones((keys, dim), np.uint8))
            mapped = RULE.forward(ones, {**RULE.defaults(), "scale": scale, "logit_ratio": kappa})
            with ctx.workprec(128):
                largest = ball(max(call.logit_bound for call in mapped.targets))
                stated = ball(factor * kappa) * ball(keys + 1).log()
                cell = {"scale": scale, "kappa": kappa, "d": dim, "keys": keys}
                tally.at_most(largest, stated * ball(1 + Fraction(1, 2**100)), **cell)
                tally.at_least(largest, stated * ball(1 - ROUNDED), **cell)
    return tally.finding(f"{PAGE} (s_D D <= kappa ln N by rounding down); here read off the calls")


def _tolerance(case: Case) -> Finding:
    """N^C_a/2 <= 1/delta <= 3 N^C_a for the plans, C_a = 2 + c ln coth(kappa/(4c)), c = D/ln N."""
    tally, share = Tally(), case.constants["exponent"]
    ratios = rationals(case, "kappa", above=Fraction(1, 1000), below=1000)
    for kappa, degree, power in product(
        ratios, integers(case, "degree", low=1, high=80), integers(case, "log2_tokens", low=4, high=20)
    ):
        tokens = 2**power
        plan = make_plan(tokens - 1, degree, degree, "d", kappa)
        with ctx.workprec(256):
            log_tokens = ball(tokens).log()
            exponent = ball(share) * (2 + degree / log_tokens * (ball(kappa) * log_tokens / (4 * degree)).coth().log())
            power_of_tokens = (exponent * log_tokens).exp()
            cell = {"kappa": kappa, "D": degree, "N": tokens}
            tally.at_most(ball(1 / plan.delta), 3 * power_of_tokens, **cell)
            tally.at_least(2 / ball(plan.delta), power_of_tokens, **cell)
    finding = tally.finding(
        f"{PAGE} (precision and exponents): W <= T_D and W >= T_D/2; here by balls on the plans that the rule makes"
    )
    table = {
        f"kappa = {kappa}, c = {c}": constants(kappa, c).str(4, radius=False) for kappa in (1, 2, 4) for c in (1, 2, 4)
    }
    return replace(finding, evidence={**finding.evidence, "C_a": table})


CLAIM = Claim(
    id="counting_reduction",
    statement=(
        "m rows and n keys of {0,1}^d, D a bound on the inner products: D attention calls with N = n + 1 keys, head "
        "dimension d, scores in [-kappa ln N, 0] for any kappa > 0 and any of the scales 1/d, 1/sqrt(d), 1 return the "
        "exact number of orthogonal pairs when every output is within delta, where N^C_a/2 <= 1/delta <= 3 N^C_a, "
        "C_a = 2 + c ln coth(kappa/(4c)), c = D/ln N. So under OVH, for every kappa > 0 and q > 0 there are c and C_a "
        "for which no O(N^(2-q)) algorithm answers attention at d <= c ln N, B = kappa ln N, error N^-C_a."
    ),
    kind="lower",
    hypotheses={
        "calls": "all D calls are answered",
        "ovh": "the orthogonal vectors hypothesis (the last sentence only)",
    },
    sources=(PAGE, "docs/explanation/lower-bounds.md", "arXiv:2011.02466"),
    derived_from=("extrapolation_weights", PAGE, "docs/explanation/lower-bounds.md"),
    check=check,
    falsified=(
        Variant("noise 1.03 delta", "a row that nearly attains the bound is miscounted", {"noise": Fraction(103, 100)}),
        Variant("logit bound 5% smaller", "a pair of all ones scores more", {"logits": Fraction(19, 20)}),
        Variant("logit bound 5% larger", "no pair scores as much", {"logits": Fraction(21, 20)}),
        Variant("C_a 10% smaller", "the weights need more digits", {"exponent": Fraction(9, 10)}),
        Variant("C_a 10% larger", "fewer digits are enough", {"exponent": Fraction(11, 10)}),
        Variant("one call missing", "D points do not determine degree D", dropped=frozenset({"calls"})),
    ),
    constants={"noise": Fraction(99, 100), "logits": Fraction(1), "exponent": Fraction(1)},
    cells={
        "dim": (1, 2, 3),
        "kappa": (Fraction(1, 4), 1, 4),
        "scale": SCALES,
        "keys": (2, 200),
        "degree": (8, 40),
        "log2_tokens": (10, 16),
    },
)
