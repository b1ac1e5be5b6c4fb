"""Brings the largest entry of every matrix of a stack to a bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def scaled(stack: NDArray[np.float64], bound: float) -> NDArray[np.float64]:
    """Every matrix (the last two axes) times the factor that makes its largest |entry| the bound; zero stays zero.

    >>> scaled(np.array([[1.0, -4.0]]), 2.0).tolist()
    [[0.5, -2.0]]
    """
    peaks = np.abs(stack).max(axis=(-2, -1), keepdims=True)
    shares = stack / np.where(peaks > 0, peaks, 1.0)  # at most 1 exactly, so that the product keeps to the bound
    return np.asarray(shares * bound)
