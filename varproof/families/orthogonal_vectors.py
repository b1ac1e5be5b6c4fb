"""Instances of orthogonal vectors as 0/1 arrays: random, planted, nearly orthogonal, duplicated, and from formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.families.formulas import FORMULAS, draw_formula
from varproof.families.split_and_list import split_and_list

Bits = NDArray[np.uint8]
Lists = tuple[Bits, Bits]
MOST_VARIABLES = 16  # of a formula: 256 vectors a side


def random_lists(rows: int, dim: int, rng: np.random.Generator) -> Lists:
    """Independent bits, the share of ones such that about one pair is expected to be orthogonal."""
    # a pair is orthogonal with probability (1 - share^2)^dim, and there are rows^2 pairs
    share = (1.0 - float(rows) ** (-2.0 / dim)) ** 0.5
    share = min(max(share, 0.1), 0.95)
    left, right = ((rng.random((rows, dim)) < share).astype(np.uint8) for _ in range(2))
    return left, right


def planted_lists(rows: int, dim: int, rng: np.random.Generator) -> Lists:
    """One orthogonal pair at drawn places and, from two columns on, no other."""
    left, right = _blocked(rows, dim, rng)
    i, j = (int(rng.integers(rows)) for _ in range(2))
    if dim == 1:
        left[i] = 0
        return left, right
    # row j gives up the column of ones, but meets every left row except i in the next one
    right[j, :2], left[:, 1], left[i, 1] = (0, 1), 1, 0
    left[i, 2:] &= 1 - right[j, 2:]
    places = rng.permutation(dim)
    return left[:, places], right[:, places]


def nearly_orthogonal_lists(rows: int, dim: int, rng: np.random.Generator) -> Lists:
    """The hardest answer NO: every pair shares one and the same column, and many pairs share nothing else."""
    left, right = _blocked(rows, dim, rng)
    places = rng.permutation(dim)
    return left[:, places], right[:, places]


def duplicated_lists(rows: int, dim: int, rng: np.random.Generator) -> Lists:
    """Few different vectors, each many times: several witnesses or none."""
    left, right = random_lists(max(rows // 4, 1), dim, rng)
    return left[rng.integers(len(left), size=rows)], right[rng.integers(len(right), size=rows)]


def formula_lists(rows: int, dim: int, rng: np.random.Generator) -> Lists:
    """Split and list of a drawn formula with at most `rows` vectors a side; its clauses decide the dimension."""
    variables = min(max(2 * (rows.bit_length() - 1), 1), MOST_VARIABLES)
    name = tuple(FORMULAS)[int(rng.integers(len(FORMULAS)))]
    return split_and_list(draw_formula(name, variables, rng))


def _blocked(rows: int, dim: int, rng: np.random.Generator) -> Lists:
    """Sparse bits with a first column of ones on both sides."""
    left, right = ((rng.random((rows, dim)) < 1.0 / max(dim, 2) ** 0.5).astype(np.uint8) for _ in range(2))
    left[:, 0] = right[:, 0] = 1
    return left, right


ORTHOGONAL_VECTORS: Mapping[str, Callable[[int, int, np.random.Generator], Lists]] = {
    "random": random_lists,
    "planted": planted_lists,
    "nearly orthogonal": nearly_orthogonal_lists,
    "duplicated": duplicated_lists,
    "formula": formula_lists,
}


def draw_lists(name: str, rows: int, dim: int, rng: np.random.Generator) -> Lists:
    """Two lists of `rows` 0/1 vectors of `dim` entries, uint8; "formula" has sizes of its own, up to max(rows, 2) rows.

    Raises `InputError` for an unknown name and sizes below 1.

    >>> left, right = draw_lists("planted", 4, 5, np.random.default_rng(0))
    >>> int((left @ right.T == 0).sum())
    1
    """
    if name not in ORTHOGONAL_VECTORS:
        raise InputError("no such family of orthogonal vectors", got=name, allowed=", ".join(ORTHOGONAL_VECTORS))
    if rows < 1 or dim < 1:
        raise InputError("sizes of two lists of vectors", got=(rows, dim), allowed=">= 1")
    return ORTHOGONAL_VECTORS[name](rows, dim, rng)
