"""Hamming closest pair: is some left row within a given Hamming distance of some right row?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reductions.core.answer import Answer, Decision
from reductions.problems.bits import BitMatrix
from reductions.problems.pairs import distances, is_pair
from varproof.base.errors import InputError


@dataclass(frozen=True, eq=False)
class HammingClosestPair:
    """YES iff some pair (i, j) has Hamming distance h(left_i, right_j) at most `threshold`, an integer >= 0."""

    left: BitMatrix
    right: BitMatrix
    threshold: int

    NAME: ClassVar[str] = "hamming"
    TITLE: ClassVar[str] = "Hamming closest pair"
    PARAMETERS: ClassVar[Mapping[str, str]] = {
        "left": "number of rows on the left",
        "right": "number of rows on the right",
        "dim": "bits of a row d",
        "threshold": "largest distance that counts as close t",
    }
    SIZE: ClassVar[str] = "left"
    FUNCTION: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.left.dim != self.right.dim:
            raise InputError(
                "left and right rows differ in length", got=(self.left.dim, self.right.dim), allowed="the same dim"
            )
        if self.threshold < 0:
            raise InputError("a distance is never negative", got=self.threshold, allowed="threshold >= 0")

    @classmethod
    def from_bits(cls, left: ArrayLike, right: ArrayLike, threshold: int) -> Self:
        """From two arrays of 0 and 1, shapes (rows, dim)."""
        return cls(BitMatrix.from_bits(left), BitMatrix.from_bits(right), int(threshold))

    @property
    def left_bits(self) -> NDArray[np.uint8]:
        """The left rows, (left, dim), 0 or 1."""
        return self.left.to_bits()

    @property
    def right_bits(self) -> NDArray[np.uint8]:
        """The right rows, (right, dim), 0 or 1."""
        return self.right.to_bits()

    def parameters(self) -> dict[str, int]:
        """Rows left and right, d and t."""
        return {
            "left": self.left.rows,
            "right": self.right.rows,
            "dim": self.left.dim,
            "threshold": self.threshold,
        }

    def verify(self, witness: Any) -> bool:
        """Whether `witness` is a pair (i, j) of distance at most the threshold; counts the positions that differ."""
        if not is_pair(witness, self.left.rows, self.right.rows):
            return False
        i, j = witness
        return int((self.left_bits[i] != self.right_bits[j]).sum()) <= self.threshold

    def witnesses(self) -> Iterator[tuple[int, int]]:
        """All pairs within the threshold, in row order."""
        for i, j, distance in distances(self.left_bits, self.right_bits):
            if distance <= self.threshold:
                yield i, j

    def solve(self) -> Answer:
        """All pairs one after the other."""
        found = tuple(self.witnesses())
        return Answer(Decision.of(bool(found)), found[0] if found else None, found, len(found))

    def to_json(self) -> dict[str, Any]:
        """`left` and `right` as packed rows, `threshold`."""
        return {
            "problem": self.NAME,
            "left": self.left.to_json(),
            "right": self.right.to_json(),
            "threshold": self.threshold,
        }


PROBLEM = HammingClosestPair
