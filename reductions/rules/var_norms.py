"""An upper bound on the scores of interpolated keys, from norms: linear work, no query is paired with a token."""

from __future__ import annotations

import numpy as np
from flint import arb
from numpy.typing import NDArray

from reductions.problems.exact_arrays import ExactArray
from reductions.rules.var_layout import Source
from varproof.base.balls import ball

BITS = 24  # entries are rounded up to so many bits, so that sums of squares stay exact in int64


def score_of_mixtures(source: Source, keys: ExactArray, chosen: NDArray[np.bool_]) -> arb:
    """A bound, at least 0, on gamma <q_i, k> over all queries and the keys (n, n, d) of the `chosen` tokens.

    <q, k> <= <q+, k+> + <q-, k->, positive and negative parts; each is at most the product of Euclidean norms, and at
    most the l1 norm of one times the largest entry of the other.
    """
    numbers = source.queries.numbers
    if not len(numbers) or not np.any(chosen):
        return arb(0)
    unit = source.score_unit * ball(keys.unit / source.keys.unit)
    total = arb(0)
    for sign in (1, -1):
        query = _norms(np.maximum(sign * numbers, 0))
        key = _norms(np.maximum(sign * keys.numbers[chosen], 0))
        total += (query[0] * key[0]).min(query[1] * key[2]).min(query[2] * key[1])
    return unit * total


def _norms(parts: NDArray[np.int64]) -> tuple[arb, arb, arb]:
    """Upper bounds on the largest Euclidean norm, l1 norm and entry of the rows."""
    shift = max(0, int(parts.max(initial=0)).bit_length() - BITS)
    small = -((-parts) >> shift)  # rounded up
    squares = int((small * small).sum(axis=1).max(initial=0))
    sums, largest = int(small.sum(axis=1).max(initial=0)), int(small.max(initial=0))
    return arb(squares).sqrt() * 2**shift, arb(sums) * 2**shift, arb(largest) * 2**shift
