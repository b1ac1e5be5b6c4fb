"""Orthogonal vectors: two lists of 0/1 vectors; is some vector of the first orthogonal to one of the second?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reductions.core.answer import Answer, Decision
from reductions.problems.bits import BitMatrix
from varproof.base.errors import InputError


@dataclass(frozen=True)
class OrthogonalVectors:
    """YES iff row i of `left` and row j of `right` have inner product 0 for some pair; the witness is (i, j), from 0.

    Both are packed matrices of the same dimension; they may have different numbers of rows, none included.

    >>> OrthogonalVectors.from_bits([[1, 0]], [[1, 1], [0, 1]]).solve().witness
    (0, 1)
    """

    left: BitMatrix
    right: BitMatrix

    NAME: ClassVar[str] = "ov"
    TITLE: ClassVar[str] = "Orthogonal vectors"
    PARAMETERS: ClassVar[Mapping[str, str]] = {
        "left": "number of vectors of the first list",
        "right": "number of vectors of the second list",
        "dim": "dimension d",
    }
    SIZE: ClassVar[str] = "left"
    FUNCTION: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.left.dim != self.right.dim:
            raise InputError("the two lists have different dimensions", got=(self.left.dim, self.right.dim))

    @classmethod
    def from_bits(cls, left: ArrayLike, right: ArrayLike) -> OrthogonalVectors:
        """The instance of two 0/1 arrays (rows, dim). An empty list takes the dimension of the other."""
        first, second = BitMatrix.from_bits(left), BitMatrix.from_bits(right)
        if first.rows == first.dim == 0:
            first = BitMatrix.from_bits([], second.dim)
        if second.rows == second.dim == 0:
            second = BitMatrix.from_bits([], first.dim)
        return cls(first, second)

    @property
    def left_bits(self) -> NDArray[np.uint8]:
        """The first list as an array (left, dim) of zeros and ones."""
        return self.left.to_bits()

    @property
    def right_bits(self) -> NDArray[np.uint8]:
        """The second list as an array (right, dim) of zeros and ones."""
        return self.right.to_bits()

    def parameters(self) -> dict[str, int]:
        """Numbers of vectors, and the dimension."""
        return {"left": self.left.rows, "right": self.right.rows, "dim": self.left.dim}

    def verify(self, witness: Any) -> bool:
        """Whether `witness` is a pair (i, j) of indices from 0 whose vectors are orthogonal."""
        if not isinstance(witness, tuple | list) or len(witness) != 2:
            return False
        if not all(isinstance(index, int | np.integer) and not isinstance(index, bool) for index in witness):
            return False
        i, j = int(witness[0]), int(witness[1])
        if not (0 <= i < self.left.rows and 0 <= j < self.right.rows):
            return False
        return not np.any(self.left.words[i] & self.right.words[j])

    def witnesses(self) -> Iterator[tuple[int, int]]:
        """All orthogonal pairs in lexicographic order."""
        return self.left.orthogonal_pairs(self.right)

    def solve(self) -> Answer:
        """All pairs, by blocks; the witness is the first in lexicographic order."""
        witness = next(self.witnesses(), None)
        if witness is None:
            return Answer(Decision.NO, count=0)
        return Answer(Decision.YES, witness=witness, witnesses=(witness,))

    def to_json(self) -> dict[str, Any]:
        """The two matrices, rows in hexadecimal."""
        return {"problem": self.NAME, "left": self.left.to_json(), "right": self.right.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OrthogonalVectors:
        """The instance of `to_json`. Raises `InputError` for anything else."""
        if not isinstance(data, Mapping) or data.get("problem") != cls.NAME:
            raise InputError("not an instance of orthogonal vectors", got=data, allowed='{"problem": "ov", ...}')
        try:
            return cls(BitMatrix.from_json(data["left"]), BitMatrix.from_json(data["right"]))
        except KeyError as error:
            raise InputError("a list of vectors is missing", got=error, allowed="left and right") from None

    def save(self, directory: Path, stem: str) -> list[Path]:
        """Write `stem.json`."""
        path = directory / f"{stem}.json"
        path.write_text(json.dumps(self.to_json()) + "\n", encoding="utf-8")
        return [path]

    @classmethod
    def samples(cls, seed: int) -> Iterator[OrthogonalVectors]:
        """Edge cases, then random instances without end, about half of them YES."""
        for rows, columns, dim in ((0, 0, 0), (1, 1, 0), (0, 2, 3), (1, 1, 1), (2, 3, 0)):
            yield cls.from_bits(np.ones((rows, dim), np.uint8), np.ones((columns, dim), np.uint8))
            yield cls.from_bits(np.zeros((rows, dim), np.uint8), np.ones((columns, dim), np.uint8))
        rng = np.random.default_rng(seed)
        while True:
            rows, columns, dim = (int(rng.integers(1, top)) for top in (9, 9, 13))
            # density at which one pair in rows * columns is expected to be orthogonal
            density = np.sqrt(1 - min(1.0, np.log(2) / (rows * columns)) ** (1 / dim))
            left, right = (rng.random((r, dim)) < density for r in (rows, columns))
            yield cls.from_bits(left.astype(np.uint8), right.astype(np.uint8))


PROBLEM = OrthogonalVectors
