"""A linear map between maps of two sides, the same one-dimensional matrix along both axes: exact rationals."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Resampling:
    """`matrix` (target, source), rows of exact rationals; the two-dimensional map is its Kronecker square.

    >>> half = Fraction(1, 2)
    >>> Resampling("area", ((half, half),)).norm
    Fraction(1, 1)
    """

    name: str
    matrix: tuple[tuple[Fraction, ...], ...]

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
