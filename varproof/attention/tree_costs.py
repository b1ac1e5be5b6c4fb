"""What a cell of the tree costs, in nanoseconds of one thread: only the choice of cells depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from varproof.attention.cell_tree import Array, Index
from varproof.attention.tree_degrees import Reaches

# measured with NumPy and OpenBLAS on one AVX-512 core
CELL, GROUP, EXACT_GROUP = 5e3, 8e3, 3e3
TOKEN, FEATURE, PRODUCT, PAIR, EXACT_ROW = 20.0, 0.5, 0.13, 1.2, 20.0
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
