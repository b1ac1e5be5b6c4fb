"""Threshold instances that sit at their gap: a row has one orthogonal key or all inner products 1."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from reductions.precision.layout import logistic
from reductions.precision.rounding import strictly_below, working_precision
from reductions.problems.attention import ApproximateAttention
from varproof.base.balls import ball, ceiling_integer, dyadic

SCALES = (("d", 5), ("one", 4), ("sqrt", 4))


def threshold_instances(seed: int) -> Sequence[ApproximateAttention]:
    """One instance a scale: 5 queries, 6 data keys with d - 1 bits, and the neutral key.

    Data scores are -beta <a, b>, the neutral score is half-way between YES (one key of score 0) and NO (all -beta).
    Every output is at least delta away from 1/2, the nearest by less than a thousandth more.
    """
    rng = np.random.default_rng(seed)
    return [_instance(rng, scale, head_dim) for scale, head_dim in SCALES]


def _instance(rng: np.random.Generator, scale: str, head_dim: int, data: int = 6) -> ApproximateAttention:
    dim = head_dim - 1
    left = np.zeros((5, dim), dtype=np.int64)
    left[np.arange(5), (np.arange(5) + rng.integers(0, dim)) % dim] = 1  # one bit: inner products are 0 or 1
    right = np.ones((data, dim), dtype=np.int64)
    right[rng.integers(0, data), rng.integers(0, dim)] = 0
    with working_precision():
        log_keys = ball(data).log()
        beta = Fraction(ceiling_integer((log_keys + ball(9).log()) * 64), 64)
        low = -ball(beta) + log_keys  # ln of the data mass of a NO row
        neutral = Fraction(round(dyadic(low / 2 / ball(beta)) * 2**20), 2**20)
        theta = ball(beta * neutral)
        margins = [abs(logistic(mass - theta) - ball(Fraction(1, 2))) for mass in (low, ball(0))]
        delta = strictly_below(margins[0].min(margins[1]))
    queries = np.hstack([left, np.ones((5, 1), dtype=np.int64)])
    keys = np.vstack([np.hstack([-right, np.zeros((data, 1), dtype=np.int64)]), np.zeros((1, head_dim))])
    keys[-1, -1] = float(neutral)
    values = np.ones((data + 1, 1), dtype=np.int64)
    values[-1] = 0
    unit = {"d": beta * head_dim, "one": beta, "sqrt": beta * 2}[scale]
    return ApproximateAttention(queries, keys, values, delta, scale, query_unit=unit, neutral=data)
