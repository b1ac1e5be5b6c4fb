"""What both rules into VAR attention share: exact sources, the score scale after padding, projections, decoding.

A token vector is (query, key, value, const, flag). The query projection selects the query and `copies` times const, the
key projection the key and `copies` times flag, so that a score is that of query and key plus M x const x flag.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reductions.core.answer import Answer, Outputs
from reductions.precision.rounding import strictly_below, working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.exact_arrays import INSIDE, ExactArray, exact_array
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball, ceiling_integer, upper_rational
from varproof.base.errors import InputError
from varproof.growth.scales import parse_scale

FINE = 64  # entries of the suppression channels are multiples of 1/64 of the others
SHARE = 100  # suppression costs at most delta/100


@dataclass(frozen=True, eq=False)
class Source:
    """The arrays of an attention instance as integers with units."""

    queries: ExactArray
    keys: ExactArray
    values: ExactArray
    scale: str
    head_dim: int

    @property
    def score_unit(self) -> arb:
        """gamma times the units of queries and keys: a score is this times an integer."""
        return ball(parse_scale(self.scale).gamma(self.head_dim)) * ball(self.queries.unit * self.keys.unit)

    @property
    def value_range(self) -> Fraction:
        """The longest interval that holds 0 and a column of values."""
        numbers = self.values.numbers
        spread = np.maximum(numbers.max(axis=0), 0) - np.minimum(numbers.min(axis=0), 0)
        return int(spread.max(initial=0)) * self.values.unit

    @property
    def read(self) -> int:
        """Numbers of the instance."""
        return int(self.queries.numbers.size + self.keys.numbers.size + self.values.numbers.size)


def source_of(instance: ApproximateAttention) -> Source:
    """The instance in integers."""
    return Source(
        exact_array(instance.queries, "queries", instance.query_unit),
        exact_array(instance.keys, "keys", instance.key_unit),
        exact_array(instance.values, "values", instance.value_unit),
        instance.scale,
        int(instance.keys.shape[1]),
    )


@dataclass(frozen=True)
class Widened:
    """Head dimension after padding and the rational by which one unit grows: gamma(d'') x factor = gamma(d')."""

    head_dim: int
    factor: Fraction


def widened(scale: str, head_dim: int, copies: int) -> Widened:
    """At least `copies` further channels. For 1/sqrt(d) the dimension becomes t^2 d, so that the factor t is rational.

    >>> widened("d", 6, 2), widened("sqrt", 6, 2), widened("one", 6, 2).factor
    (Widened(head_dim=8, factor=Fraction(4, 3)), Widened(head_dim=24, factor=Fraction(2, 1)), Fraction(1, 1))
    """
    wide = head_dim + copies
    if scale == "sqrt":
        root = math.isqrt(-(-wide // head_dim) - 1) + 1
        return Widened(root * root * head_dim, Fraction(root))
    return Widened(wide, Fraction(wide, head_dim) if scale == "d" else Fraction(1))


@dataclass(frozen=True, eq=False)
class Projections:
    """The three projections with their units, and the suppression M = `strength` they give."""

    query: NDArray[np.int64]
    key: NDArray[np.int64]
    value: NDArray[np.int64]
    query_unit: Fraction
    key_unit: Fraction
    copies: int
    strength: arb


def projections(source: Source, needed: arb | None, copies: int) -> Projections:
    """Projections for tokens (q, k, v) or, with a suppression of at least `needed`, (q, k, v, const, flag)."""
    d, columns = source.head_dim, int(source.values.numbers.shape[1])
    width = 2 * d + columns + (0 if needed is None else 2)
    wide = widened(source.scale, d, copies) if needed is not None else Widened(d, Fraction(1))
    query, key = (np.zeros((width, wide.head_dim), dtype=np.int64) for _ in range(2))
    value = np.zeros((width, columns), dtype=np.int64)
    fine = 1 if needed is None else FINE
    query[np.arange(d), np.arange(d)] = fine
    key[d + np.arange(d), np.arange(d)] = fine
    value[2 * d + np.arange(columns), np.arange(columns)] = 1
    copies, strength = wide.head_dim - d, arb(0)
    query_unit, key_unit = source.queries.unit * wide.factor / fine, source.keys.unit / fine
    if needed is not None:
        per_product = source.score_unit * copies / FINE**2
        wanted = needed.max(arb(0)) / per_product
        first = max(1, ceiling_integer((wanted * ball(proportion(source))).sqrt()))
        second = max(1, ceiling_integer(wanted / first))
        query[width - 2, d:], key[width - 1, d:] = first, second
        strength = per_product * first * second
    return Projections(query, key, value, query_unit, key_unit, copies, strength)


def proportion(source: Source) -> Fraction:
    """M is split between both sides in the proportion of their other entries: the larger product stays as it is."""
    return Fraction(max(1, source.queries.largest), max(1, source.keys.largest))


def strength_of(source: Source, target: VarAttention) -> arb:
    """M of the projections that the target has, read off its last two channels."""
    gamma = ball(parse_scale(target.scale).gamma(int(target.key_projection.shape[1])))
    product = sum(int(a) * int(b) for a, b in zip(target.query_projection[-2], target.key_projection[-1], strict=True))
    return gamma * ball(product * target.query_unit * target.key_unit)


def least_best_score(source: Source, neutral: int | None) -> arb:
    """A number that the best score of every query reaches: scores of one key, the neutral or the smallest one."""
    keys = source.keys.numbers
    chosen = int(np.abs(keys).sum(axis=1).argmin()) if neutral is None else neutral
    scores = source.queries.numbers.astype(object) @ keys[chosen].astype(object)
    return source.score_unit * int(min(scores, default=0))


def remaining(delta: Fraction, cost: Fraction) -> Fraction:
    """delta less the cost of the construction, for the oracle. Raises `InputError` where nothing is left."""
    left = delta - cost
    if left <= 0:
        raise InputError("the construction costs more than delta", got=float(cost), allowed=f"below {float(delta)}")
    with working_precision():
        return strictly_below(ball(left), 60)


def decode(context: Any, answers: Sequence[Answer]) -> Answer:
    """The outputs of the source: those of the target, with the cost of the construction added to their error.

    Raises `InputError` unless there are outputs for every query.
    """
    outputs = answers[0].outputs if answers else None
    if outputs is None or len(outputs.values) != context.queries:
        raise InputError("no outputs for all queries", got=outputs, allowed=f"{context.queries} rows")
    return Answer(outputs=Outputs(outputs.values, outputs.error + context.cost))


def extract(context: Any, index: int, witness: Any) -> Any:
    """Row i of the target is row i of the source."""
    return witness


def largest_score(source: Source) -> arb:
    """An upper bound on all |scores|: the longest query in l1 times the largest key entry, or the other way round."""
    numbers = (source.queries.numbers, source.keys.numbers)
    sums = [_largest_l1(each) for each in numbers]
    return source.score_unit * min(sums[0] * source.keys.largest, sums[1] * source.queries.largest)


def _largest_l1(rows: NDArray[np.int64]) -> int:
    magnitudes = np.abs(rows)
    if int(magnitudes.max(initial=0)) * rows.shape[1] >= INSIDE:
        magnitudes = magnitudes.astype(object)
    return int(magnitudes.sum(axis=1).max(initial=0))


def padded(cost: Fraction) -> Fraction:
    """`cost` rounded up to 40 significant bits, and so short to write and above any ball of the same number.

    >>> padded(Fraction(1, 3)) > Fraction(1, 3), padded(Fraction(0))
    (True, Fraction(0, 1))
    """
    if cost == 0:
        return cost
    grid = Fraction(2) ** (40 - cost.numerator.bit_length() + cost.denominator.bit_length())
    return Fraction((cost * grid).__floor__() + 1) / grid


def suppression_cost(factor: Fraction, exponent: arb) -> Fraction:
    """factor x e^exponent, rounded up to a rational."""
    return upper_rational(ball(factor) * exponent.exp())
