"""The entries of an instance's arrays as the rationals they are: every finite float is one."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray


def fractions(array: NDArray[Any]) -> NDArray[np.object_]:
    """An array of the same shape whose entries are `Fraction`s, equal to those of a float or integer array.

    >>> fractions(np.array([[0.5, 3.0]])).tolist()
    [[Fraction(1, 2), Fraction(3, 1)]]
    """
    exact = np.empty(array.size, dtype=object)
    exact[:] = [Fraction(entry) for entry in array.ravel().tolist()]
    return exact.reshape(array.shape)
