"""Attention in Arb balls: exact integer scores, each distinct difference exponentiated once, keys by multiplicity."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from reductions.core.answer import Outputs
from reductions.oracles.resolve import value_range
from reductions.problems.attention import ApproximateAttention
from reductions.problems.ball_outputs import settled
from reductions.problems.exact_scores import ExactScores
from varproof.base.balls import ball, floor_integer, rational

FINER = 2**40  # outputs are this much narrower than delta unless bits were given
GUARD = 72
LAST_BITS = 2**17


def outputs_in_balls(instance: ApproximateAttention, bits: int | None = None) -> Outputs:
    """Balls (queries, value columns) that hold the exact outputs; the error is their largest diameter.

    Without `bits` the precision follows from delta, the values, the number of keys and the scores, and grows until the
    diameter is at most delta 2^-40; at 2^17 bits it stops and the error tells. With `bits` one pass is made.

    A row's scores are integers times gamma and a unit. Its largest integer is subtracted, so weights are at most 1. A
    weight below 2^-bits of the largest counts as a number in [0, 2^-bits].
    """
    scores = ExactScores.of(instance)
    largest, _ = value_range(instance)
    precision = bits or _first_bits(instance, scores, largest)
    while True:
        with ctx.workprec(precision):
            balls = _rows(instance, scores, precision)
            found = settled(balls, instance.values.shape[1], instance.delta)
        if bits is not None or found.error * FINER <= instance.delta or 2 * precision > LAST_BITS:
            return found
        precision *= 2


def _first_bits(instance: ApproximateAttention, scores: ExactScores, largest: Fraction) -> int:
    reach = math.ceil(scores.bound * scores.unit)  # gamma <= 1
    relative = math.ceil(largest / instance.delta)
    return relative.bit_length() + reach.bit_length() + len(instance.keys).bit_length() + GUARD


def _rows(instance: ApproximateAttention, scores: ExactScores, precision: int) -> list[list[arb]]:
    """The outputs at the working precision of the context, which is `precision`."""
    factor = ball(instance.gamma) * ball(scores.unit)
    cut = floor_integer((ball(precision) * arb.const_log2() / factor).upper()) + 1  # factor cut > precision ln 2
    distinct, kinds = np.unique(instance.values, axis=0, return_inverse=True)
    kinds = kinds.reshape(-1)
    exact = [[arb(rational(Fraction(entry))) for entry in value] for value in distinct.tolist()]
    farthest = arb(rational(max(abs(Fraction(entry)) for value in distinct.tolist() for entry in value)))
    tiny = arb(2) ** -precision
    weights: dict[int, arb] = {}
    unit = ball(instance.value_unit)
    outputs = []
    for _, row, seen in scores.rows():
        kept, own = (row, kinds) if seen is None else (row[seen], kinds[seen])
        below = kept.max() - kept
        near = below < cut
        ignored = int(len(near) - np.count_nonzero(near))
        total = arb(0)
        sums = [arb(0)] * instance.values.shape[1]
        for kind, terms in _multiplicities(below[near], own[near]):
            mass = arb(0)
            for difference, count in terms:
                weight = weights.get(difference)
                if weight is None:
                    weight = weights[difference] = (-factor * difference).exp()
                mass += count * weight
            total += mass
            sums = [entry + mass * value for entry, value in zip(sums, exact[kind], strict=True)]
        if ignored:
            total += arb(ignored) * tiny * arb(0.5, 0.5)
            sums = [entry + ignored * tiny * farthest * arb(0, 1) for entry in sums]
        outputs.append([unit * entry / total for entry in sums])
    return outputs


def _multiplicities(below: NDArray[Any], kinds: NDArray[Any]) -> list[tuple[int, list[tuple[int, int]]]]:
    """For every kind of value that occurs: (difference, how many keys have it), all as Python integers."""
    found = []
    for kind in np.unique(kinds):
        differences, counts = np.unique(below[kinds == kind], return_counts=True)
        found.append((int(kind), list(zip((int(x) for x in differences), counts.tolist(), strict=True))))
    return found
