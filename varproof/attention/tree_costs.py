"""What a cell of the tree costs, in nanoseconds of one thread: only the choice of cells depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from varproof.attention.cell_tree import Array, Index
from varproof.attention.tree_degrees import Reaches

# measured with NumPy and OpenBLAS on one AVX-512 core
CELL, GROUP, EXACT_CELL = 30e3, 8e3, 30e3
TOKEN, FEATURE, PRODUCT, PAIR = 20.0, 0.5, 0.13, 1.2


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

    def table(self, degree: Index, keys: Array, queries: int) -> Array:
        """A group of `keys` keys that serves `queries` rows."""
        return GROUP + (keys + queries) * self.per_token[degree]

    def exact(self, keys: Array, queries: int) -> Array:
        """Exact sums over `keys` keys for `queries` rows."""
        columns = self.value_dim + 1
        return EXACT_CELL + queries * keys * (PAIR + PRODUCT * columns) + TOKEN * (queries + keys)

    def worth_splitting(self, cost: Array, queries: int) -> NDArray[np.bool_]:
        """False where the halves of a cell cannot be cheaper: every row takes part in one group of rank 1 at least."""
        return np.asarray(cost > 2 * CELL + queries * self.per_token[0])
