"""Inner products of an attention instance as exact integers times one rational unit, in blocks of rows.

Products run in float64 where a bound shows that every partial sum stays below 2^53, in int64 below 2^62, and over
integers of any length otherwise. Floats of the instance enter as the exact numbers that they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

if TYPE_CHECKING:
    from reductions.problems.attention import ApproximateAttention

EXACT_FLOAT = 2**53
EXACT_INT = 2**62  # differences of two products still fit
BLOCK = 2**22  # products held at a time

Levels = tuple[NDArray[np.int64], NDArray[np.int64]]


def as_integers(array: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Integers m and an exponent e with `array` = m 2^e exactly: int64 where they fit, else Python integers.

    >>> as_integers(np.array([[0.5, -3.0]]))
    (array([[ 1, -6]]), -1)
    """
    if array.dtype.kind != "f":
        return array.astype(np.int64, copy=False), 0
    mantissa, exponent = np.frexp(array)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    used = whole != 0
    if not used.any():
        return whole, 0
    low_bit = (whole & -whole)[used]
    powers = exponent[used] - 53 + np.frexp(low_bit.astype(np.float64))[1] - 1  # 2^power divides the number
    least = int(powers.min())
    if int(exponent[used].max()) - least <= 62:
        # shifts of the odd parts: every step is an exact integer
        odd = np.zeros_like(whole)
        odd[used] = whole[used] // low_bit << (powers - least).astype(np.int64)
        return odd, least
    long = np.zeros(array.shape, dtype=object)
    long[used] = [int(w // b) << int(p - least) for w, b, p in zip(whole[used], low_bit, powers, strict=True)]
    return long, least


def largest(array: NDArray[Any]) -> int:
    """The largest absolute value of integers, 0 for an empty array; -2^63 is no obstacle."""
    return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0


@dataclass(frozen=True, eq=False)
class ExactScores:
    """<q_i, k_j> = `unit` times an integer. `queries` (m, d) and `keys` (n, d) integers, `levels` as in the instance.

    `bound`: no partial sum of a product exceeds it, whatever the order.
    """

    queries: NDArray[Any]
    keys: NDArray[Any]
    unit: Fraction
    levels: Levels | None

    @classmethod
    def of(cls, instance: ApproximateAttention) -> ExactScores:
        """The scores of an instance; its units and the powers of two of floats go into `unit`."""
        queries, up = as_integers(instance.queries)
        keys, down = as_integers(instance.keys)
        unit = instance.query_unit * instance.key_unit * Fraction(2) ** (up + down)
        return cls(queries, keys, unit, instance.levels)

    @cached_property
    def bound(self) -> int:
        """Sum over the columns of max |q| max |k|."""
        return sum(
            largest(self.queries[:, column]) * largest(self.keys[:, column]) for column in range(self.keys.shape[1])
        )

    @cached_property
    def _farthest(self) -> int:
        """The largest number that a product meets: a long entry counts even where it only meets zeros."""
        return max(self.bound, largest(self.queries), largest(self.keys))

    @cached_property
    def _prepared(self) -> NDArray[Any]:
        return self.keys.T.astype(np.float64) if self._farthest < EXACT_FLOAT else self.keys.T

    def products(self, rows: slice) -> NDArray[Any]:
        """The integers of some queries with all keys, (rows, n): int64, or Python integers from 2^62 on."""
        queries = self.queries[rows]
        if self._farthest < EXACT_FLOAT:
            floats: NDArray[np.float64] = queries.astype(np.float64) @ self._prepared
            return floats.astype(np.int64)
        if self._farthest < EXACT_INT:
            return np.asarray(queries.astype(np.int64) @ self._prepared.astype(np.int64))
        exact = fmpz_mat(_listed(queries)) * fmpz_mat(_listed(self._prepared))
        long = np.empty((len(queries), len(self.keys)), dtype=object)
        long[...] = [[int(entry) for entry in row] for row in exact.tolist()]
        return long

    def rows(self) -> Iterator[tuple[int, NDArray[Any], NDArray[np.bool_] | None]]:
        """(i, integers with all keys, which keys query i sees or None for all), for every query in order."""
        step = max(1, BLOCK // max(1, len(self.keys)))
        for begin in range(0, len(self.queries), step):
            block = self.products(slice(begin, begin + step))
            for offset, row in enumerate(block):
                index = begin + offset
                yield index, row, None if self.levels is None else self.levels[1] <= self.levels[0][index]

    def extremes(self) -> tuple[int, int]:
        """The largest |integer| of a pair that counts, and the largest difference of two in a row; 0, 0 for no rows."""
        farthest = widest = 0
        for _, row, seen in self.rows():
            kept = row if seen is None else row[seen]
            high, low = int(kept.max()), int(kept.min())
            farthest, widest = max(farthest, abs(high), abs(low)), max(widest, high - low)
        return farthest, widest


def _listed(array: NDArray[Any]) -> list[list[int]]:
    return [[int(entry) for entry in row] for row in array.tolist()]
