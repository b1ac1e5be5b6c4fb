"""Orthogonal vectors with nothing to spare: inner products 0 and 1 side by side, for every rule from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reductions.problems.orthogonal_vectors import OrthogonalVectors


def vectors_at_the_gap(seed: int, dims: Sequence[int] = (1, 3, 6)) -> list[OrthogonalVectors]:
    """Instances of orthogonal vectors with nothing to spare, for the rules from them.

    For each dimension: all inner products 1 (NO); the same but one orthogonal pair, all others 1 or 2 (YES, from two
    dimensions on); one pair of zero vectors against full ones; full against full (NO).
    """
    rng = np.random.default_rng(seed)
    made = []
    for dim in dims:
        rows, columns = int(rng.integers(2, 5)), int(rng.integers(2, 5))
        # a common coordinate gives 1; the others are used by one side only
        left, right = (rng.integers(0, 2, (each, dim), dtype=np.uint8) for each in (rows, columns))
        middle = 1 + (dim - 1) // 2
        left[:, middle:], right[:, 1:middle] = 0, 0
        left[:, 0], right[:, 0] = 1, 1
        made.append(OrthogonalVectors.from_bits(left, right))
        if dim > 1:
            i, j = int(rng.integers(rows)), int(rng.integers(columns))
            one, other = left.copy(), right.copy()
            one[i, 0] = 0
            one[i, -1] = 1
            other[:, -1] = np.arange(columns) != j
            made.append(OrthogonalVectors.from_bits(one, other))
        made.append(OrthogonalVectors.from_bits(np.zeros((1, dim), np.uint8), np.ones((1, dim), np.uint8)))
        made.append(OrthogonalVectors.from_bits(np.ones((2, dim), np.uint8), np.ones((1, dim), np.uint8)))
    return made
