"""Maximum inner product: has some pair of integer rows an inner product of at least a threshold?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from reductions.core.answer import Answer, Decision
from reductions.problems.pairs import answer_of, fields, integer, is_pair, write_json
from varproof.base.errors import InputError


@dataclass(frozen=True, eq=False)
class MaxInnerProduct:
    """YES: some <left_i, right_j> >= `threshold`. NO: all are <= `low`. Else the promise is violated.

    `left` (rows, dim) and `right` (rows, dim) are int64; `low` is below the threshold, by default threshold - 1, which
    promises nothing. Inner products are exact: Python integers wherever int64 could overflow. The witness is (i, j),
    from 0. Raises `InputError` for other arrays, rows of different length and levels that are no gap.

    >>> two = np.array([[1, -2], [3, 1]])
    >>> MaxInnerProduct(two, two, threshold=10).solve().witness
    (1, 1)
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    threshold: int
    low: int = cast(int, None)  # threshold - 1 when not given

    NAME: ClassVar[str] = "maxip"
    TITLE: ClassVar[str] = "Maximum inner product"
    PARAMETERS: ClassVar[Mapping[str, str]] = {
        "left": "number of rows on the left",
        "right": "number of rows on the right",
        "dim": "integers of a row d",
        "magnitude": "largest absolute entry, 0 where there is none",
    }
    SIZE: ClassVar[str] = "left"
    FUNCTION: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for side, rows in (("left", self.left), ("right", self.right)):
            if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype != np.int64:
                raise InputError(f"{side} must be an int64 matrix", got=getattr(rows, "dtype", type(rows).__name__))
        if self.left.shape[1] != self.right.shape[1]:
            got = (self.left.shape[1], self.right.shape[1])
            raise InputError("left and right rows differ in length", got=got, allowed="the same dim")
        if self.low is None:
            object.__setattr__(self, "low", self.threshold - 1)
        if not self.low < self.threshold:
            raise InputError("the two levels are not a gap", got=(self.low, self.threshold), allowed="low < threshold")

    @property
    def magnitude(self) -> int:
        """The largest absolute entry of both sides, 0 where there is none."""
        return max([*largest_entries(self.left), *largest_entries(self.right)], default=0)

    def parameters(self) -> dict[str, int]:
        """Rows left and right, d and the largest absolute entry."""
        return {
            "left": len(self.left),
            "right": len(self.right),
            "dim": int(self.left.shape[1]),
            "magnitude": self.magnitude,
        }

    def inner(self, i: int, j: int) -> int:
        """<left_i, right_j>, in Python integers."""
        return sum(int(x) * int(y) for x, y in zip(self.left[i], self.right[j], strict=True))

    def verify(self, witness: Any) -> bool:
        """Whether `witness` is a pair (i, j) of inner product at least the threshold, in Python integers."""
        return is_pair(witness, len(self.left), len(self.right)) and self.inner(*witness) >= self.threshold

    @property
    def fits(self) -> bool:
        """Whether int64 holds every inner product with all its partial sums."""
        each = zip(largest_entries(self.left), largest_entries(self.right), strict=True)
        return sum(x * y for x, y in each) < 2**63

    def products(self) -> Iterator[NDArray[Any]]:
        """For each left row its inner products with all right rows: int64 where they fit, else Python integers."""
        fits = self.fits
        left, right = (self.left, self.right) if fits else (self.left.astype(object), self.right.astype(object))
        for row in left:
            yield (right * row).sum(axis=1)

    def witnesses(self) -> Iterator[tuple[int, int]]:
        """All pairs that reach the threshold, in row order."""
        for i, products in enumerate(self.products()):
            for j in np.flatnonzero(products >= self.threshold):
                yield i, int(j)

    def solve(self) -> Answer:
        """All inner products, row by row; PROMISE_VIOLATED when the largest lies between the levels."""
        answer = answer_of(self.witnesses())
        if answer.decision is Decision.NO and any(bool((row > self.low).any()) for row in self.products()):
            return Answer(Decision.PROMISE_VIOLATED, count=0, note="the largest product lies between the two levels")
        return answer

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MaxInnerProduct):
            return NotImplemented
        levels = (self.threshold, self.low) == (other.threshold, other.low)
        return levels and np.array_equal(self.left, other.left) and np.array_equal(self.right, other.right)

    def __hash__(self) -> int:
        return hash((self.left.tobytes(), self.right.tobytes(), self.left.shape, self.threshold, self.low))

    def to_json(self) -> dict[str, Any]:
        """`left` and `right` as lists of rows, with `dim` for sides of no rows; `threshold`, `low`."""
        return {
            "problem": self.NAME,
            "dim": int(self.left.shape[1]),
            "left": self.left.tolist(),
            "right": self.right.tolist(),
            "threshold": self.threshold,
            "low": self.low,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The instance of `to_json`. Raises `InputError` for anything else."""
        data = fields(data, cls.NAME, ("dim", "left", "right", "threshold", "low"))
        dim = integer(data, "dim")
        left, right = (_matrix(data[side], dim, side) for side in ("left", "right"))
        return cls(left, right, integer(data, "threshold"), integer(data, "low"))

    def save(self, directory: Path, stem: str) -> list[Path]:
        """Write `stem.json`."""
        return write_json(self.to_json(), directory, stem)

    @classmethod
    def samples(cls, seed: int) -> Iterator[Self]:
        """Edge cases, then random instances without end: YES and NO just at a level, one in eight between the two."""
        for rows, columns, dim in ((0, 0, 0), (1, 1, 0), (0, 2, 3), (2, 0, 3), (1, 1, 1), (2, 3, 0)):
            for threshold in (0, 1):
                yield cls(np.ones((rows, dim), np.int64), np.full((columns, dim), -1), threshold)
        yield cls(np.array([[-2, 0]]), np.array([[3, 5], [1, -9]]), threshold=-2, low=-4)
        rng = np.random.default_rng(seed)
        while True:
            rows, columns, dim = (int(rng.integers(1, top)) for top in (9, 9, 9))
            left, right = (rng.integers(-3, 4, (each, dim)) for each in (rows, columns))
            most = int((left @ right.T).max())
            kind, wide = int(rng.integers(8)), 1 + int(rng.integers(3))
            if kind < 3:
                yield cls(left, right, most, most - wide)
            elif kind < 7:
                yield cls(left, right, most + wide, most)
            else:
                yield cls(left, right, most + wide, most - 1)


def largest_entries(rows: NDArray[np.int64]) -> list[int]:
    """The largest absolute entry of each column, in Python integers; zeros where there are no rows.

    >>> largest_entries(np.array([[1, -5], [-2, 0]]))
    [2, 5]
    """
    if not len(rows):
        return [0] * rows.shape[1]
    # the absolute value of the least int64 is no int64
    return [max(-low, high) for low, high in zip(rows.min(axis=0).tolist(), rows.max(axis=0).tolist(), strict=True)]


def _matrix(data: Any, dim: int, side: str) -> NDArray[np.int64]:
    if not isinstance(data, list) or not all(isinstance(row, list) and len(row) == dim for row in data):
        raise InputError(f"{side} must be a list of rows", got=data, allowed=f"rows of {dim} integers")
    if not all(type(x) is int and -(2**63) <= x < 2**63 for row in data for x in row):
        raise InputError(f"{side} has entries that are no int64", got=data)
    return np.array(data, dtype=np.int64).reshape(len(data), dim)


PROBLEM = MaxInnerProduct
