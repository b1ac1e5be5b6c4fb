"""A linear map between maps of two sides, the same one-dimensional matrix along both axes: exact rationals."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError


@dataclass(frozen=True)
class Resampling:
    """`matrix` (target, source), rows of exact rationals; the two-dimensional map is its Kronecker square.

    `width` is the number of weights a row that the stencil has: at least the nonzero ones of every row, 0 for exactly
    the most of them.

    >>> half = Fraction(1, 2)
    >>> Resampling("area", ((half, half),)).norm
    Fraction(1, 1)
    """

    name: str
    matrix: tuple[tuple[Fraction, ...], ...]
    width: int = 0

    @property
    def target(self) -> int:
        """Rows of the result."""
        return len(self.matrix)

    @property
    def source(self) -> int:
        """Rows of the argument."""
        return len(self.matrix[0])

    @cached_property
    def array(self) -> NDArray[np.float64]:
        """The matrix in float64, every entry correctly rounded."""
        return np.array([[float(weight) for weight in row] for row in self.matrix])

    @cached_property
    def norm(self) -> Fraction:
        """The infinity norm in two dimensions: the square of the largest row sum of |entries|."""
        return max(sum((abs(weight) for weight in row), Fraction(0)) for row in self.matrix) ** 2

    @cached_property
    def taps(self) -> int:
        """Nonzero entries of the one-dimensional matrix."""
        return sum(1 for row in self.matrix for weight in row if weight)

    @cached_property
    def stencil(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(indices, weights), both (target, t): row i of the matrix is weights[i, j] at indices[i, j], summed over j.

        The nonzero weights in order, correctly rounded, then zeros at the last index: t is the same for every row, and
        a row multiplies no more nonzero weights than its matrix has. Raises `InputError` where `width` is too small.

        >>> indices, weights = Resampling("any", ((Fraction(1), Fraction(0)), (Fraction(1, 2), Fraction(1, 2)))).stencil
        >>> indices.tolist(), weights.tolist()
        ([[0, 0], [0, 1]], [[1.0, 0.0], [0.5, 0.5]])
        """
        rows = [[(k, weight) for k, weight in enumerate(row) if weight] or [(0, Fraction(0))] for row in self.matrix]
        widest = max(map(len, rows))
        if self.width and self.width < widest:
            raise InputError("a row has more weights than its stencil", got=self.width, allowed=f"{widest} or more")
        width = self.width or widest
        padded = [[*row, *[(row[-1][0], Fraction(0))] * (width - len(row))] for row in rows]
        indices = np.array([[k for k, _ in row] for row in padded], dtype=np.int64)
        return indices, np.array([[float(weight) for _, weight in row] for row in padded])

    @cached_property
    def products(self) -> int:
        """Products for every entry of each of the two passes: t of the stencil, none where every row copies an entry.

        >>> Resampling("turned", ((Fraction(0), Fraction(1)), (Fraction(1), Fraction(0)))).products
        0
        """
        weights = self.stencil[1]
        return 0 if weights.shape[1] == 1 and bool(np.all(weights == 1)) else int(weights.shape[1])
