"""What a cell of the tree costs, in nanoseconds of one thread: only the choice of cells depends on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from varproof.attention.tree.cell_tree import Array, Index
from varproof.attention.tree.degrees import Reaches, reaches

# measured with NumPy and OpenBLAS on one AVX-512 core
CELL, GROUP, EXACT_GROUP = 5e3, 8e3, 3e3
TOKEN, FEATURE, PRODUCT, PAIR, EXACT_ROW = 20.0, 0.5, 0.13, 1.2, 20.0
UNIT = 2.0**-53
EXACT = -1  # instead of a degree


@dataclass(frozen=True)
class Costs:
    """Costs for d_v = `value_dim` and the degrees of `served`."""

    value_dim: int
    served: Reaches

    @property
    def cell(self) -> float:
        """The fixed cost of a query cell."""
        return CELL

    @cached_property
    def per_token(self) -> Array:
        """By degree: features and products of one query or key; infinite beyond the last degree."""
        columns = self.value_dim + 1
        return np.append(TOKEN + 2 * columns + self.served.ranks * (FEATURE + PRODUCT * columns), np.inf)

    def best(self, degree: Index, keys: Array, queries: int) -> tuple[Array, Index]:
        """Cost and degree of a group of `keys` keys that serves `queries` rows and needs `degree`: `EXACT` for sums."""
        table = GROUP + (keys + queries) * self.per_token[degree]
        columns = self.value_dim + 1
        exact = EXACT_GROUP + queries * (EXACT_ROW + keys * (PAIR + PRODUCT * columns)) + TOKEN * keys
        return np.minimum(table, exact), np.where(table < exact, degree, EXACT)

    def worth_splitting(self, cost: Array, queries: int) -> NDArray[np.bool_]:
        """False where the halves of a cell cannot be cheaper: every row takes part in one group of rank 1 at least."""
        return np.asarray(cost > 2 * CELL + queries * self.per_token[0])


LEAF_KEYS = {1: 45, 2: 350, 3: 1700}  # keys of the leaves that a row meets when scores are very large
OVERLAP = {1: 1.2, 2: 1.8, 3: 2.5}  # measured over ideal cells, Gaussian data


def predicted_flops(keys: int, queries: int, head_dim: int, value_dim: int, bound: float, ratio: float) -> float:
    """About the flops of `tree.run` on Gaussian data with B = `bound`, delta/h = `ratio`; an estimate, no bound.

    With cells of reach rho on both sides a token takes part in (B/rho)^{d/2} groups of rank r. With
    L = log(n h/delta), keys left out stop the growth at B of about 3 L, and a row needs about n (4L/B)^{(d+1)/2} keys,
    which are summed exactly when that is less. Grows with all arguments but `bound`, and as `ratio` falls.

    >>> round(predicted_flops(16384, 16384, 2, 2, 30.0, 1e-3) / 16384)
    9466
    """
    columns = value_dim + 1
    decades = math.log(max(keys / min(max(ratio, UNIT), 0.5), 2.0))
    needed: float = keys * min(1.0, 4 * decades / max(bound, 1e-3)) ** ((head_dim + 1) / 2) + LEAF_KEYS[head_dim]
    exact = min(float(keys), needed) * queries * (2 * head_dim + 2 + 2 * columns)
    served = reaches(head_dim, 0.85 * ratio)
    usable = served.reach > 0
    if not usable.any():
        return exact
    groups = np.maximum(min(bound, 3 * decades) / served.reach[usable], 1.0) ** (head_dim / 2)
    table = OVERLAP[head_dim] * (2 * columns + 1) * float((served.ranks[usable] * groups).min())
    return min(exact, table * (keys + queries))
