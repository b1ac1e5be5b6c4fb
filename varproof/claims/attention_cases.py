"""Instances of attention for claims: worst cases of a table, drawn heads, and polynomials of scores as balls."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb
from numpy.typing import NDArray

from varproof.attention.head import Head, Stage
from varproof.attention.tables.relative import RelativeTable
from varproof.base.balls import Exact, ball
from varproof.growth.schedules import Schedule

POINTS = 2**12  # of the grid on which extremes of an error are looked for
INSIDE = 1 - 2.0**-20  # of the table's range: the bound of an engine is rounded up and must stay within it
COPIES = 100  # of the key with the largest score


@dataclass(frozen=True)
class WorstCase:
    """Scores and values of one row; every score is a dyadic number, and they sum to zero."""

    scores: tuple[Fraction, ...]
    values: tuple[int, ...]

    def head(self, delta: float) -> Head:
        """The row as a head with d = d_v = 1 and gamma = 1: keys are the scores, so that their mean is zero."""
        keys = np.array([[float(score)] for score in self.scores])
        values = np.array([[float(value)] for value in self.values])
        return Head(np.ones((1, 1)), keys, values, 1.0, delta, one_stage(1, len(self.scores)))


def one_stage(queries: int, keys: int) -> tuple[Stage, ...]:
    """Full attention."""
    return (Stage(slice(0, queries), slice(0, keys)),)


def worst_case(table: RelativeTable, reach: Fraction = Fraction(1)) -> WorstCase:
    """Two groups of keys where p e^-s - 1 has its extremes on [-B, B], B = `reach` times the table's bound.

    Keys at B, at the next extreme below, which has the other sign, and at -B, which weighs little and brings the mean
    to zero together with one last key of value 0. Values are the signs of the errors. Found in floats, which only make
    the instance good. Needs degree at least 3 (then the second extreme is positive).
    """
    half = table.bound * float(reach) * INSIDE
    grid = np.linspace(-half, half, POINTS + 1)
    grid = np.trunc(grid * 2**20) / 2**20  # dyadic, so that sums are exact
    errors = np.polynomial.polynomial.polyval(grid / table.bound, np.array(table.coefficients)) * np.exp(-grid) - 1
    top = len(grid) - 1
    sign = 1 if errors[top] > 0 else -1
    downwards = sign * errors[::-1]
    second = top - int(np.argmax(np.diff(downwards) > 0))  # the first minimum below the top
    high, middle, low = (Fraction(grid[k]) for k in (top, second, 0))
    low_sign = 1 if errors[0] > 0 else -1

    def lows(count: int) -> int:
        return int((COPIES * high + count * middle) / -low)

    root = math.sqrt((1 + table.error) / max(1 - table.error, 0.01))  # the raised group has the share 1/(1 + root)

    def imbalance(count: int) -> float:
        keys = ((COPIES, high, sign), (count, middle, -sign), (lows(count), low, low_sign))
        return abs(sum(number * math.exp(score) * (root if up > 0 else -1) for number, score, up in keys))

    count = min(range(1, 8 * COPIES), key=imbalance)
    left = COPIES * high + count * middle + lows(count) * low
    scores = [high] * COPIES + [middle] * count + [low] * lows(count) + [-left]
    values = [sign] * COPIES + [-sign] * count + [low_sign] * lows(count) + [0]
    return WorstCase(tuple(scores), tuple(values))


def weighted_mean(weights: Sequence[arb], values: Sequence[Exact]) -> arb:
    """sum_j w_j v_j / sum_j w_j."""
    total = sum(weights, arb(0))
    return sum((weight * ball(value) for weight, value in zip(weights, values, strict=True)), arb(0)) / total


def polynomial_ball(coefficients: Sequence[float], bound: float, score: Exact) -> arb:
    """p(score) with p(bound t) = sum_k coefficients[k] t^k, exactly the floats."""
    t = ball(Fraction(score) / Fraction(bound))
    total = arb(0)
    for coefficient in reversed(coefficients):
        total = total * t + ball(Fraction(coefficient))
    return total


def stages_of(schedule: Schedule) -> tuple[Stage, ...]:
    """Block-causal attention: the tokens of a scale join, then they are served."""
    ends = schedule.cumulative_tokens
    rows = [slice(start, stop) for start, stop in zip((0, *ends), ends, strict=False)]
    return tuple(Stage(queries=row, keys=row) for row in rows)


def levels_of(schedule: Schedule) -> NDArray[np.int64]:
    """The scale of every token."""
    return np.repeat(np.arange(len(schedule.sides)), [side * side for side in schedule.sides])


def fractions(seed: int, rows: int, columns: int, *, span: int = 4, parts: int = 4) -> NDArray[np.object_]:
    """(rows, columns) drawn multiples of 1/`parts` in [-span/parts, span/parts], as exact fractions."""
    chance = random.Random(seed)
    drawn = [[Fraction(chance.randint(-span, span), parts) for _ in range(columns)] for _ in range(rows)]
    return np.array(drawn, dtype=object).reshape(rows, columns)


def drawn_head(seed: int, schedule: Schedule, head_dim: int, *, bound: float, delta: float) -> Head:
    """A float64 head, a query and a key on the unit sphere for each token, |scores| <= `bound`, block-causal.

    Values are uniform in [-1, 1]. All from `random.Random(seed)`, which draws the same on every platform.
    """
    chance, tokens = random.Random(seed), schedule.tokens

    def sphere() -> list[list[float]]:
        rows = [[chance.gauss(0, 1) for _ in range(head_dim)] for _ in range(tokens)]
        return [[x / math.sqrt(sum(y * y for y in row)) for x in row] for row in rows]

    q, k = np.array(sphere()), np.array(sphere())
    v = np.array([[chance.uniform(-1, 1) for _ in range(head_dim)] for _ in range(tokens)])
    return Head(q, k, v, bound, delta, stages_of(schedule))
