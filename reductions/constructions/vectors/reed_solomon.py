"""Vectors as polynomials over a prime field: T blocks of l coordinates, the values of each block at 0, ..., l - 1."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import sympy
from numpy.typing import NDArray


@dataclass(frozen=True)
class Field:
    """`blocks` T, `length` l coordinates a block, and the prime `q`, larger than T and than 2 l - 2."""

    blocks: int
    length: int
    q: int

    @classmethod
    def of(cls, dim: int, blocks: int) -> Field:
        """The shape for vectors of `dim` coordinates; the last block is filled with zeros.

        >>> Field.of(10, 4)
        Field(blocks=4, length=3, q=5)
        """
        length = max(1, -(-dim // blocks))
        return cls(blocks, length, int(sympy.nextprime(max(blocks, 2 * length - 2))))

    @property
    def width(self) -> int:
        """Integers of a target's row: a place for every r and every vector v of F_q^T."""
        return int(self.q ** (self.blocks + 1))

    @property
    def messages(self) -> int:
        """Polynomials of degree at most 2 l - 2 that vanish at 0, ..., l - 1."""
        return int(self.q ** (self.length - 1))

    def points(self) -> NDArray[np.int64]:
        """All elements of the field."""
        return np.arange(self.q, dtype=np.int64)

    def extension(self, shift: int = 0) -> NDArray[np.int64]:
        """Matrix (l, q): values at `shift`, ..., `shift` + l - 1 times it are the values of the polynomial everywhere.

        >>> Field(1, 2, 5).extension().tolist()  # 1 - x and x
        [[1, 0, 4, 3, 2], [0, 1, 2, 3, 4]]
        """
        rows = []
        for p in range(shift, shift + self.length):
            others = [u for u in range(shift, shift + self.length) if u != p]
            inverse = pow(int(np.prod([p - u for u in others], dtype=object)) % self.q, -1, self.q)
            value = np.full(self.q, inverse, dtype=np.int64)
            for u in others:
                value = value * (self.points() - u) % self.q
            rows.append(value)
        return np.array(rows)

    def values(self, bits: NDArray[np.uint8], shift: int = 0) -> NDArray[np.int64]:
        """alpha_u(r) for each row, block u and element r: shape (rows, T, q)."""
        rows, dim = bits.shape
        padded = np.zeros((rows, self.blocks * self.length), dtype=np.int64)
        padded[:, :dim] = bits
        found: NDArray[np.int64] = padded.reshape(rows, self.blocks, self.length) @ self.extension(shift) % self.q
        return found

    def vectors(self) -> NDArray[np.int64]:
        """All v of F_q^T, shape (q^T, T), in the order of `place`."""
        return np.array(list(product(range(self.q), repeat=self.blocks)), dtype=np.int64).reshape(-1, self.blocks)

    def place(self, vectors: NDArray[np.int64]) -> NDArray[np.int64]:
        """The position of vectors (..., T) in `vectors()`.

        >>> field = Field(2, 1, 3)
        >>> field.place(field.vectors()).tolist()
        [0, 1, 2, 3, 4, 5, 6, 7, 8]
        """
        found: NDArray[np.int64] = vectors @ (self.q ** np.arange(self.blocks - 1, -1, -1, dtype=np.int64))
        return found

    def message(self, index: int, roots: int | None = None) -> NDArray[np.int64]:
        """The values at all q elements of Z G, Z = x (x - 1) ... (x - l + 1), the digits of `index` coefficients of G.

        >>> Field(1, 2, 3).message(2).tolist()  # 2 x (x - 1)
        [0, 0, 1]
        """
        value = np.zeros(self.q, dtype=np.int64)
        for power in range(self.length - 1):
            index, digit = divmod(index, self.q)
            value = (value + digit * np.array([pow(r, power, self.q) for r in range(self.q)])) % self.q
        for root in range(self.length if roots is None else roots):
            value = value * (self.points() - root) % self.q
        return value
