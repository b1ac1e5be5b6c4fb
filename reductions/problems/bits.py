"""Matrices over {0, 1}, 64 entries a word: what orthogonal vectors and Hamming instances are stored as."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from varproof.base.errors import InputError

BLOCK_PAIRS = 1 << 19  # pairs handled at once: a few arrays of 4 MiB, whatever the number of rows

# first row of a block, and one number for each pair of a row of the block and a row of the other matrix
Blocks = Iterator[tuple[int, NDArray[Any]]]


@dataclass(frozen=True, eq=False)
class BitMatrix:
    """`rows` rows of `dim` bits. Bit c of a row is bit c mod 64 of word c div 64; bits from `dim` on are zero.

    `words` (rows, ceil(dim / 64)) is uint64 and read-only. Make one by `from_bits`.

    >>> m = BitMatrix.from_bits([[1, 0, 1], [0, 0, 0]])
    >>> m.rows, m.dim, m.words.tolist()
    (2, 3, [[5], [0]])
    """

    words: NDArray[np.uint64]
    dim: int

    def __post_init__(self) -> None:
        words = np.array(self.words, dtype=np.uint64)
        if self.dim < 0 or words.ndim != 2 or words.shape[1] != -(-self.dim // 64):
            raise InputError("words and dimension do not fit", got=(words.shape, self.dim))
        spare = -self.dim % 64
        if words.size and spare and np.any(words[:, -1] >> np.uint64(64 - spare)):
            raise InputError("bits beyond the dimension are set", got=self.dim)
        words.setflags(write=False)
        object.__setattr__(self, "words", words)

    @classmethod
    def from_bits(cls, bits: ArrayLike, dim: int | None = None) -> BitMatrix:
        """The matrix of a 0/1 array (rows, dim). An empty list needs `dim`; otherwise `dim` may be left out.

        Raises `InputError` for other shapes and other entries.
        """
        try:
            array = np.asarray(bits)
        except ValueError as error:
            raise InputError("bits must be an array (rows, dim)", got=error, allowed="rows of one length") from None
        if array.size == 0 and array.ndim == 1:
            array = array.reshape(0, 0 if dim is None else dim)
        if array.ndim != 2 or dim not in (None, array.shape[1]):
            raise InputError("bits must be an array (rows, dim)", got=array.shape, allowed="two axes")
        if array.size and not np.isin(array, (0, 1)).all():
            raise InputError("bits must be 0 or 1", got=array[~np.isin(array, (0, 1))][0])
        rows, columns = array.shape
        padded = np.zeros((rows, -(-columns // 64) * 64), dtype=np.uint8)
        padded[:, :columns] = array
        # the byte order is said, so that packed words are the same on every machine
        words = np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)
        return cls(words.reshape(rows, -(-columns // 64)), columns)

    def to_bits(self) -> NDArray[np.uint8]:
        """The array (rows, dim) of zeros and ones."""
        octets = np.ascontiguousarray(self.words, dtype="<u8").view(np.uint8)
        return np.unpackbits(octets, axis=1, count=self.dim, bitorder="little")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.words)

    def ones(self) -> NDArray[np.int64]:
        """The number of ones of each row."""
        counted: NDArray[np.int64] = np.bitwise_count(self.words).sum(axis=1, dtype=np.int64)
        return counted

    def inner_blocks(self, other: BitMatrix) -> Blocks:
        """Inner products with all rows of `other`, int32: pairs (first row of the block, array (rows, other.rows))."""
        return _blocks(self, other, np.bitwise_and)

    def distance_blocks(self, other: BitMatrix) -> Blocks:
        """Hamming distances of all rows to all rows of `other`, blocks as for `inner_blocks`."""
        return _blocks(self, other, np.bitwise_xor)

    def orthogonal_pairs(self, other: BitMatrix) -> Iterator[tuple[int, int]]:
        """All (i, j) with row i orthogonal to row j of `other`, in lexicographic order.

        >>> m = BitMatrix.from_bits([[1, 0], [0, 1]])
        >>> list(m.orthogonal_pairs(m))
        [(0, 1), (1, 0)]
        """
        for start, block in self.inner_blocks(other):
            for i, j in np.argwhere(block == 0).tolist():
                yield start + i, j

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BitMatrix):
            return NotImplemented
        return self.dim == other.dim and np.array_equal(self.words, other.words)

    def __hash__(self) -> int:
        return hash((self.dim, self.words.shape, self.words.tobytes()))

    def to_json(self) -> dict[str, Any]:
        """Rows as hexadecimal, eight bits a byte, bit 0 the lowest of the first byte."""
        width = -(-self.dim // 8)
        octets = self.words.astype("<u8")
        return {"rows": self.rows, "dim": self.dim, "hex": [row.tobytes()[:width].hex() for row in octets]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> BitMatrix:
        """The matrix of `to_json`. Raises `InputError` for anything else."""
        try:
            rows, dim, lines = data["rows"], data["dim"], [bytes.fromhex(line) for line in data["hex"]]
            if type(rows) is not int or type(dim) is not int or dim < 0:
                raise ValueError("rows and dim must be nonnegative integers")
            if len(lines) != rows or any(len(line) != -(-dim // 8) for line in lines):
                raise ValueError("lengths do not fit")
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("not a bit matrix", got=error, allowed='{"rows": r, "dim": d, "hex": [r lines]}') from None
        width = -(-dim // 64) * 8
        packed = np.frombuffer(b"".join(line.ljust(width, b"\0") for line in lines), dtype="<u8")
        return cls(packed.astype(np.uint64).reshape(rows, width // 8), dim)


def _blocks(left: BitMatrix, right: BitMatrix, operation: Callable[..., Any]) -> Blocks:
    if left.dim != right.dim:
        raise InputError("dimensions differ", got=(left.dim, right.dim))
    step = max(1, BLOCK_PAIRS // max(1, right.rows))
    for start in range(0, left.rows, step):
        part = left.words[start : start + step]
        total = np.zeros((len(part), right.rows), dtype=np.int32)
        for word in range(part.shape[1]):
            total += np.bitwise_count(operation(part[:, word, None], right.words[None, :, word]))
        yield start, total
