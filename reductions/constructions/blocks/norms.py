"""An upper bound on the scores of interpolated keys, from norms: linear work, no query is paired with a token."""

from __future__ import annotations

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reductions.constructions.blocks.layout import Source
from reductions.problems.exact_arrays import ExactArray
from varproof.base.balls import ball

BITS = 24  # entries are rounded up to so many bits, fewer in long rows: sums of squares stay exact in int64


def score_of_mixtures(source: Source, keys: ExactArray, chosen: NDArray[np.bool_]) -> arb:
    """A bound, at least 0, on gamma <q_i, k> over all queries and the keys (n, n, d) of the `chosen` tokens.

    <q, k> <= <q+, k+> + <q-, k-> (positive and negative parts) and <q, k> <= <|q|, |k|>; each product is at most that
    of the Euclidean norms, and at most the l1 norm of one times the largest entry of the other.
    """
    numbers = source.queries.numbers
    if not len(numbers) or not np.any(chosen):
        return arb(0)
    unit = source.score_unit * ball(keys.unit / source.keys.unit)
    mixed = keys.numbers[chosen]
    signed = arb(0)
    for sign in (1, -1):
        signed += _product(np.maximum(sign * numbers, 0), np.maximum(sign * mixed, 0))
    return unit * signed.min(_product(np.abs(numbers), np.abs(mixed)))


def _product(left: NDArray[np.int64], right: NDArray[np.int64]) -> arb:
    """An upper bound on the inner products of rows of entries at least 0."""
    a, b = _norms(left), _norms(right)
    return (a[0] * b[0]).min(a[1] * b[2]).min(a[2] * b[1])


def _norms(parts: NDArray[np.int64]) -> tuple[arb, arb, arb]:
    """Upper bounds on the largest Euclidean norm, l1 norm and entry of the rows."""
    bits = min(BITS, (62 - parts.shape[1].bit_length()) // 2)
    shift = max(0, int(parts.max(initial=0)).bit_length() - bits)
    small = -((-parts) >> shift)  # rounded up
    squares = int((small * small).sum(axis=1).max(initial=0))
    sums, largest = int(small.sum(axis=1).max(initial=0)), int(small.max(initial=0))
    return arb(squares).sqrt() * 2**shift, arb(sums) * 2**shift, arb(largest) * 2**shift
