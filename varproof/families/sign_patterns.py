"""Matrices of entries +-bound: random signs, a chess board, and rows of Walsh functions (Hadamard matrices)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def random_signs(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Independent signs; their bias is drawn for each matrix, so that all shares of + occur."""
    share = rng.random((*shape[:-2], 1, 1))
    return np.where(rng.random(shape) < share, bound, -bound)


def alternating(shape: tuple[int, ...], bound: float, _: np.random.Generator) -> NDArray[np.float64]:
    """A chess board: the sign changes with every step along a row or a column."""
    rows, columns = np.arange(shape[-2])[:, None], np.arange(shape[-1])
    return np.broadcast_to(np.where((rows + columns) % 2 == 0, bound, -bound), shape).copy()


def walsh(shape: tuple[int, ...], bound: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Random rows of a Sylvester-Hadamard matrix, cut to the columns: entry (-1)^(number of common ones of i and j).

    Different rows are orthogonal where the number of columns is a power of two.

    >>> rows = walsh((2, 4), 1.0, np.random.default_rng(1))
    >>> (rows @ rows.T).tolist()
    [[4.0, 0.0], [0.0, 4.0]]
    """
    side = 1 << (shape[-1] - 1).bit_length()
    indices = rng.permuted(np.broadcast_to(np.arange(side), (*shape[:-2], side)), axis=-1)
    # more rows than the matrix has: they repeat
    chosen = np.take(indices, np.arange(shape[-2]) % side, axis=-1)[..., None]
    odd = np.bitwise_count(chosen & np.arange(shape[-1])) % 2 == 1
    return np.where(odd, -bound, bound)
