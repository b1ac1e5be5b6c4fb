"""Checks of an image over VAR scales against its source: the scores and values that rows and tokens really have."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reductions.constructions.blocks.layout import source_of
from reductions.problems.attention import ApproximateAttention
from reductions.problems.exact_arrays import EXACT
from reductions.problems.var_attention import VarAttention

MAX_PRODUCTS = 2**27


def gamma_ratio(scale: str, old: int, new: int) -> Fraction | None:
    """gamma at head dimension `new` over gamma at `old`, None where it is irrational.

    >>> gamma_ratio("d", 6, 8), gamma_ratio("sqrt", 6, 24), gamma_ratio("sqrt", 6, 8)
    (Fraction(3, 4), Fraction(1, 2), None)
    """
    if scale == "one":
        return Fraction(1)
    ratio = Fraction(old, new)
    if scale == "d":
        return ratio
    roots = math.isqrt(ratio.numerator), math.isqrt(ratio.denominator)
    return Fraction(*roots) if (roots[0] ** 2, roots[1] ** 2) == (ratio.numerator, ratio.denominator) else None


def score_faults(
    instance: ApproximateAttention,
    target: VarAttention,
    tokens: NDArray[np.int64],
    placed: NDArray[np.int64],
    offset: Fraction = Fraction(0),
) -> list[str]:
    """Whether token `tokens[j]` has for every row the score and value of key `placed[j]`, all exactly.

    `offset` is what the suppression channels add to every inner product, units included. Very large instances are
    checked on evenly spaced rows.
    """
    source = source_of(instance)
    ratio = gamma_ratio(target.scale, source.head_dim, int(target.key_projection.shape[1]))
    if ratio is None or target.scale != instance.scale:
        return ["the score scale of the target is no rational multiple of that of the source"]
    attention = target.attention()
    step = 1 + len(placed) * attention.queries.size // MAX_PRODUCTS
    rows = slice(None, None, step)
    found = []
    new_unit = ratio * attention.query_unit * attention.key_unit
    old_unit = source.queries.unit * source.keys.unit
    common = Fraction(math.gcd(new_unit.numerator, old_unit.numerator), 1) / math.lcm(
        new_unit.denominator, old_unit.denominator
    )
    new = exact_product(attention.queries[rows], attention.keys[tokens])
    old = exact_product(source.queries.numbers[rows], source.keys.numbers[placed])
    shift = ratio * offset / common
    if shift.denominator != 1 or np.any(
        scaled(new, int(new_unit / common)) != scaled(old, int(old_unit / common)) + int(shift)
    ):
        found.append("a score differs from that of the source")
    values = attention.values[tokens].astype(object) * attention.value_unit
    if np.any(values != source.values.numbers[placed].astype(object) * source.values.unit):
        found.append("a value differs from that of the source")
    return found


def exact_product(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[Any]:
    """left right^T in int64 where float64 is exact, in Python integers otherwise."""
    largest = int(np.abs(left).max(initial=0)) * int(np.abs(right).max(initial=0)) * max(1, left.shape[1])
    if largest < EXACT:
        product: NDArray[Any] = (left.astype(np.float64) @ right.T.astype(np.float64)).astype(np.int64)
        return product
    return np.asarray(left.astype(object) @ right.T.astype(object))


def scaled(numbers: NDArray[Any], factor: int) -> NDArray[Any]:
    """numbers x factor in int64 where that fits, in Python integers otherwise."""
    largest = int(np.abs(numbers).max(initial=0))
    wide = numbers if largest * abs(factor) < 2**62 else numbers.astype(object)
    return wide.astype(object) * factor if abs(factor) >= 2**62 else wide * factor
