"""Hamming closest pair: is some left row within a given Hamming distance of some right row?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reductions.core.answer import Answer
from reductions.problems.bits import BitMatrix
from reductions.problems.pairs import answer_of, distances, fields, integer, is_pair, random_sides, write_json
from varproof.base.errors import InputError


@dataclass(frozen=True)
class HammingClosestPair:
    """YES iff some pair (i, j) has Hamming distance h(left_i, right_j) at most `threshold`, an integer >= 0.

    The witness is (i, j), from 0. The sides may have different numbers of rows, none included. Raises `InputError` for
    rows of different length and negative thresholds.

    >>> HammingClosestPair.from_bits([[0, 0, 1]], [[1, 1, 0], [0, 1, 1]], 1).solve().witness
    (0, 1)
    """

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
        """All pairs one after the other; the first that is close, and how many are."""
        return answer_of(self.witnesses())

    def to_json(self) -> dict[str, Any]:
        """`left` and `right` as packed rows, `threshold`."""
        return {
            "problem": self.NAME,
            "left": self.left.to_json(),
            "right": self.right.to_json(),
            "threshold": self.threshold,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The instance of `to_json`. Raises `InputError` for anything else."""
        data = fields(data, cls.NAME, ("left", "right", "threshold"))
        return cls(BitMatrix.from_json(data["left"]), BitMatrix.from_json(data["right"]), integer(data, "threshold"))

    def save(self, directory: Path, stem: str) -> list[Path]:
        """Write `stem.json`."""
        return write_json(self.to_json(), directory, stem)

    @classmethod
    def samples(cls, seed: int) -> Iterator[Self]:
        """Edge cases, then random instances without end: the threshold is the least distance, or one below it."""
        for rows, columns, dim in ((0, 0, 0), (1, 1, 0), (0, 2, 3), (2, 0, 3), (1, 1, 1), (2, 3, 0)):
            for fill in (0, 1):
                yield cls.from_bits(np.full((rows, dim), fill), np.ones((columns, dim), np.uint8), 0)
        yield cls.from_bits(np.zeros((1, 3), np.uint8), np.ones((2, 3), np.uint8), 7)
        rng = np.random.default_rng(seed)
        while True:
            left, right = random_sides(rng)
            least = min(distance for _, _, distance in distances(left, right))
            yield cls.from_bits(left, right, max(0, least - int(rng.integers(2))))


PROBLEM = HammingClosestPair
