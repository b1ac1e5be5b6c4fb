"""The image of vectors under `ov_to_maxip_crt`: residues on both sides, one target for every multiple."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from reductions.constructions.vectors.lazy_targets import LazyTargets
from reductions.constructions.vectors.residues import as_residues, primes_above
from reductions.core.reduction import Mapped
from reductions.problems.maxip import MaxInnerProduct, largest_entries
from reductions.problems.orthogonal_vectors import OrthogonalVectors


@dataclass(frozen=True, eq=False)
class Residues:
    """The vectors as integers: `left` (rows, l) and `right` modulo the product of `primes`, and the targets' number."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    primes: tuple[int, ...]
    calls: int

    @property
    def product(self) -> int:
        """The product of the primes."""
        return prod(self.primes)


def shape(dim: int, block: int) -> tuple[int, tuple[int, ...]]:
    """The number of integers a row l = ceil(d / b), and the b primes above it.

    >>> shape(10, 2)
    (5, (7, 11))
    """
    blocks = -(-dim // block)
    return blocks, primes_above(blocks, block)


def image(
    instance: OrthogonalVectors,
    primes: tuple[int, ...],
    right_primes: tuple[int, ...] | None = None,
    change: Callable[[Residues], Residues] = lambda residues: residues,
    right_rows: Callable[[NDArray[np.int64], int], NDArray[np.int64]] | None = None,
    first: int = 0,
) -> Mapped:
    """The image; the arguments after `primes` are for the mutants."""
    left = as_residues(instance.left_bits, primes)
    right = as_residues(instance.right_bits, right_primes or primes)
    # no inner product is larger than the sum of the products of the largest entries
    largest = sum(x * y for x, y in zip(largest_entries(left), largest_entries(right), strict=True))
    residues = change(Residues(left, right, primes, largest // prod(primes) + 1))
    rows = left_square(residues.left)
    make_right = right_rows or right_square

    def target(index: int) -> MaxInnerProduct:
        multiple = (index + first) * residues.product
        return MaxInnerProduct(rows, make_right(residues.right, multiple), threshold=0, low=-1)

    read = (instance.left.rows + instance.right.rows) * instance.left.dim
    width = rows.shape[1]
    operations = read + left.size + right.size + rows.size + residues.calls * len(right) * width
    notes = (
        f"{left.shape[1]} integers a row, modulo {' * '.join(map(str, primes))} = {residues.product}.",
        f"{residues.calls} targets of dimension {width}, one for each multiple up to {largest}.",
    )
    return Mapped(LazyTargets(residues.calls, target), residues, operations, notes)


def left_square(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(X (x) X, X, 1) for each row X of l integers: l^2 + l + 1 integers.

    >>> left_square(np.array([[2, 3]])).tolist()
    [[4, 6, 6, 9, 2, 3, 1]]
    """
    squares = (rows[:, :, None] * rows[:, None, :]).reshape(len(rows), rows.shape[1] ** 2)
    return np.hstack([squares, rows, np.ones((len(rows), 1), dtype=np.int64)])


def right_square(rows: NDArray[np.int64], multiple: int) -> NDArray[np.int64]:
    """(-Y (x) Y, 2 v Y, -v^2): its inner product with `left_square(X)` is -(<X, Y> - v)^2.

    >>> left, right = left_square(np.array([[2, 3]])), right_square(np.array([[1, 4]]), 10)
    >>> int(left[0] @ right[0])
    -16
    """
    squares = (rows[:, :, None] * rows[:, None, :]).reshape(len(rows), rows.shape[1] ** 2)
    last = np.full((len(rows), 1), -(multiple**2), dtype=np.int64)
    return np.hstack([-squares, 2 * multiple * rows, last])
