"""What the problems about a pair of rows share: is a witness a pair, and all distances one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_pair(witness: Any, left: int, right: int) -> bool:
    """Whether `witness` is two row indices, 0 <= i < left and 0 <= j < right; False for anything else.

    >>> is_pair((0, 1), 1, 2), is_pair((0, 2), 1, 2), is_pair((True, 0), 2, 2), is_pair(None, 1, 1)
    (True, False, False, False)
    """
    if not isinstance(witness, tuple | list) or len(witness) != 2:
        return False
    if not all(isinstance(x, int | np.integer) and not isinstance(x, bool) for x in witness):
        return False
    return 0 <= witness[0] < left and 0 <= witness[1] < right


def distances(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> Iterator[tuple[int, int, int]]:
    """(i, j, Hamming distance of left_i and right_j) for all pairs, row by row, from arrays of 0 and 1."""
    xs, ys = as_integers(left), as_integers(right)
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            yield i, j, (x ^ y).bit_count()


def as_integers(rows: NDArray[np.uint8]) -> list[int]:
    """Each row of 0 and 1 as a Python integer, first bit highest; rows of no bits are 0.

    >>> as_integers(np.array([[1, 0, 1], [0, 1, 1]], dtype=np.uint8))
    [5, 3]
    """
    return [int("".join("1" if bit else "0" for bit in row) or "0", 2) for row in rows]
