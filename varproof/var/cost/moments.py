"""The sums over a schedule that every cost of a VAR pass is made of: exact integers, and how they grow with n.

Scale k has side p_k and N_k = p_k^2 tokens, S_k = N_1 + ... + N_k, p_K = n. A variant says what a step computes:
"cached" its own N_k queries against S_k kept keys; "one-pass" all scales at once, teacher-forced, pairs hidden by the
block-causal mask skipped; "recomputed" all S_k tokens anew, hidden pairs skipped; "dense" all S_k tokens against all.
Proofs: docs/explanation/var-cost.md.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple, get_args

from varproof.base.errors import InputError
from varproof.growth.counts import geometric_limits, linear_polynomial
from varproof.growth.schedules import Schedule
from varproof.var.interpolation.operators import area_products

Variant = Literal["cached", "one-pass", "recomputed", "dense"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
AGAIN = ("recomputed", "dense")  # every step computes the tokens of the steps before once more


class Moments(NamedTuple):
    """The sums of one schedule under one variant.

    `steps` passes of the transformer; `first` and `tokens` rows of scale 1 and of all scales that it computes, `pairs`
    of a query and a key; `chain` sum p_k (p_{k-1} + p_k): entries, of both axes, of maps interpolated by one step.
    Reconstruction and decoder, the same for every variant: `cells` n^2, `maps` K n^2, `lift` sum_{k<K} p_k n, `area`
    sum_{1<k<K} t_k p_k (n + p_k) with the widest window t_k of the averages from n to p_k, `square_pairs` n^4, `one`.
    """

    one: int
    steps: int
    first: int
    tokens: int
    pairs: int
    chain: int
    cells: int
    maps: int
    lift: int
    area: int
    square_pairs: int


class Growth(NamedTuple):
    """constant * n^power * (log_a n)^log to leading order; a is the ratio of the schedule (2 for doubling).

    Where `limit` is False the limit is not rational, and the constant is above it.
    """

    power: int
    log: int
    constant: Fraction
    limit: bool = True

    @property
    def rate(self) -> str:
        """The power of n and the logarithm, without the constant.

        >>> Growth(2, 1, Fraction(3)).rate
        'n^2 log n'
        """
        parts = [f"n^{self.power}" if self.power > 1 else "n"] if self.power else []
        return " ".join([*parts, "log n"] if self.log else parts) or "1"


def moments(schedule: Schedule, variant: Variant = "cached") -> Moments:
    """The sums of a schedule. Raises `InputError` for an unknown variant. Cost: O(K) products.

    >>> from varproof.growth.schedules import parse_schedule
    >>> moments(parse_schedule("1,2,4")).pairs, moments(parse_schedule("1,2,4"), "dense").pairs
    (357, 467)
    """
    check_variant(variant)
    sides, counts, n = schedule.sides, schedule.counts, schedule.side
    scales = schedule.number_of_scales
    again = variant in AGAIN
    chains = [0, *(high * (low + high) for low, high in pairwise(sides))]
    return Moments(
        one=1,
        steps=1 if variant == "one-pass" else scales,
        first=sides[0] ** 2 * (scales if again else 1),
        tokens=sum(schedule.cumulative_tokens) if again else counts.tokens,
        pairs={"recomputed": counts.masked, "dense": counts.dense}.get(variant, counts.attention),
        chain=sum(accumulate(chains)) if again else sum(chains),
        cells=n**2,
        maps=scales * n**2,
        lift=sum(p * n for p in sides[:-1]),
        area=sum(area_products(n, p) * p * (n + p) for p in sides[1:-1]),
        square_pairs=n**4,
    )


def check_variant(variant: str) -> Variant:
    """The variant; `InputError` unless it is one of `VARIANTS`."""
    for known in VARIANTS:
        if variant == known:
            return known
    raise InputError("unknown variant", got=variant, allowed=", ".join(VARIANTS))


def moment_growth(variant: Variant, ratio: Fraction | int | None) -> dict[str, Growth]:
    """How the moments grow with n for schedules that shrink by `ratio` from the top; for None the linear schedule.

    Limits, exact: moment / (n^power (log_a n)^log) tends to the constant; that of `area` for the linear schedule,
    pi^2/12 + zeta(3)/3 + 5/3, is below its constant. (`first` of a ratio other than an integer
    stays between bounds instead; it leads nowhere.) Raises `InputError` for a ratio that is not above 1.

    >>> moment_growth("cached", 2)["pairs"], moment_growth("dense", None)["pairs"].rate
    (Growth(power=4, log=0, constant=Fraction(64, 45), limit=True), 'n^7')
    """
    check_variant(variant)
    again = variant in AGAIN
    one, cells = Growth(0, 0, Fraction(1)), Growth(2, 0, Fraction(1))
    same = {"one": one, "cells": cells, "square_pairs": Growth(4, 0, Fraction(1))}
    name = {"recomputed": "masked", "dense": "dense"}.get(variant, "attention")
    if ratio is None:
        polynomial = linear_polynomial(name)
        scales = Growth(1, 0, Fraction(1))
        return same | {
            "steps": one if variant == "one-pass" else scales,
            "first": scales if again else one,
            "tokens": Growth(4, 0, Fraction(1, 12)) if again else Growth(3, 0, Fraction(1, 3)),
            "pairs": Growth(len(polynomial) - 1, 0, polynomial[-1]),
            "chain": Growth(4, 0, Fraction(1, 6)) if again else Growth(3, 0, Fraction(2, 3)),
            "maps": Growth(3, 0, Fraction(1)),
            "lift": Growth(3, 0, Fraction(1, 2)),
            "area": Growth(3, 0, Fraction(19, 6), limit=False),  # windows of at most n/p + 2
        }
    limits = geometric_limits(ratio)
    a = Fraction(ratio)
    scales = Growth(0, 1, Fraction(1))
    return same | {
        "steps": one if variant == "one-pass" else scales,
        "first": scales if again else one,
        "tokens": Growth(2, 0, limits.tokens ** (2 if again else 1)),
        "pairs": Growth(4, 0, getattr(limits, name)),
        "chain": Growth(2, 0, (1 + 1 / a) * limits.tokens ** (2 if again else 1)),
        "maps": Growth(2, 1, Fraction(1)),
        "lift": Growth(2, 0, 1 / (a - 1)),
        "area": Growth(2, 1, Fraction(1)),  # windows of n/p to n/p + 2: n^2 for each of K - 2 maps, and O(n p)
    }
