"""Gap Hamming: is some pair of rows close, given that otherwise all pairs are far?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reductions.core.answer import Answer, Decision
from reductions.problems.bits import BitMatrix
from reductions.problems.pairs import answer_of, distances, fields, integer, is_pair, random_sides, write_json
from varproof.base.errors import InputError


@dataclass(frozen=True)
class GapHamming:
    """YES: some pair has distance <= `near`. NO: all pairs have distance >= `far`. Else the promise is violated.

    `near` and `far` are integers, 0 <= near < far; the witness is a close pair (i, j), from 0. The sides may have
    different numbers of rows, none included. Raises `InputError` for anything else.

    >>> GapHamming.from_bits([[0, 0, 1, 1]], [[0, 1, 1, 1]], near=0, far=2).solve().decision.value
    'PROMISE_VIOLATED'
    """

    left: BitMatrix
    right: BitMatrix
    near: int
    far: int

    NAME: ClassVar[str] = "gap-hamming"
    TITLE: ClassVar[str] = "Gap Hamming closest pair"
    PARAMETERS: ClassVar[Mapping[str, str]] = {
        "left": "number of rows on the left",
        "right": "number of rows on the right",
        "dim": "bits of a row d",
        "near": "largest distance that counts as close t",
        "far": "smallest distance that counts as far T",
    }
    SIZE: ClassVar[str] = "left"
    FUNCTION: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.left.dim != self.right.dim:
            raise InputError(
                "left and right rows differ in length", got=(self.left.dim, self.right.dim), allowed="the same dim"
            )
        if not 0 <= self.near < self.far:
            raise InputError("the two distances are not a gap", got=(self.near, self.far), allowed="0 <= near < far")

    @classmethod
    def from_bits(cls, left: ArrayLike, right: ArrayLike, near: int, far: int) -> Self:
        """From two arrays of 0 and 1, shapes (rows, dim)."""
        return cls(BitMatrix.from_bits(left), BitMatrix.from_bits(right), int(near), int(far))

    @property
    def left_bits(self) -> NDArray[np.uint8]:
        """The left rows, (left, dim), 0 or 1."""
        return self.left.to_bits()

    @property
    def right_bits(self) -> NDArray[np.uint8]:
        """The right rows, (right, dim), 0 or 1."""
        return self.right.to_bits()

    def parameters(self) -> dict[str, int]:
        """Rows left and right, d, t and T."""
        return {
            "left": self.left.rows,
            "right": self.right.rows,
            "dim": self.left.dim,
            "near": self.near,
            "far": self.far,
        }

    def verify(self, witness: Any) -> bool:
        """Whether `witness` is a pair (i, j) of distance at most `near`; counts the positions that differ."""
        if not is_pair(witness, self.left.rows, self.right.rows):
            return False
        i, j = witness
        return int((self.left_bits[i] != self.right_bits[j]).sum()) <= self.near

    def witnesses(self) -> Iterator[tuple[int, int]]:
        """All pairs within `near`, in row order."""
        for i, j, distance in distances(self.left_bits, self.right_bits):
            if distance <= self.near:
                yield i, j

    def solve(self) -> Answer:
        """All pairs one after the other; PROMISE_VIOLATED when none is close and one is not far."""
        answer = answer_of(self.witnesses())
        every = distances(self.left_bits, self.right_bits)
        if answer.decision is Decision.NO and any(distance < self.far for _, _, distance in every):
            return Answer(Decision.PROMISE_VIOLATED, count=0, note="the least distance lies between the two levels")
        return answer

    def to_json(self) -> dict[str, Any]:
        """`left` and `right` as packed rows, `near`, `far`."""
        return {
            "problem": self.NAME,
            "left": self.left.to_json(),
            "right": self.right.to_json(),
            "near": self.near,
            "far": self.far,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The instance of `to_json`. Raises `InputError` for anything else."""
        data = fields(data, cls.NAME, ("left", "right", "near", "far"))
        left, right = BitMatrix.from_json(data["left"]), BitMatrix.from_json(data["right"])
        return cls(left, right, integer(data, "near"), integer(data, "far"))

    def save(self, directory: Path, stem: str) -> list[Path]:
        """Write `stem.json`."""
        return write_json(self.to_json(), directory, stem)

    @classmethod
    def samples(cls, seed: int) -> Iterator[Self]:
        """Edge cases, then random instances without end: YES and NO just at a level, one in eight between the two."""
        for rows, columns, dim in ((0, 0, 0), (1, 1, 0), (0, 2, 3), (2, 0, 3), (1, 1, 1), (2, 3, 0)):
            for fill in (0, 1):
                yield cls.from_bits(np.full((rows, dim), fill), np.ones((columns, dim), np.uint8), 0, 1)
        yield cls.from_bits(np.zeros((1, 3), np.uint8), np.ones((2, 3), np.uint8), 5, 9)
        rng = np.random.default_rng(seed)
        while True:
            left, right = random_sides(rng)
            least = min(distance for _, _, distance in distances(left, right))
            kind, wide = int(rng.integers(8)), 1 + int(rng.integers(3))
            if least == 0 or kind < 3:
                yield cls.from_bits(left, right, least, least + wide)
            elif kind < 7:
                yield cls.from_bits(left, right, max(0, least - wide), least)
            else:
                yield cls.from_bits(left, right, least - 1, least + wide)


PROBLEM = GapHamming
