"""From row sums to values and their certified bounds."""

from __future__ import annotations

import numpy as np

from varproof.attention.tree.bounds import UNIT
from varproof.attention.tree.cell_tree import Array
from varproof.attention.tree.tables import Sums

INFLATION = 1 + 1e-9  # covers the rounding of the bound's own evaluation, some 50 operations on nonnegative numbers
UNDERFLOW = 2.0**-960


def certified(sums: Sums, share: Array, half_range: float) -> tuple[Array, Array]:
    """Centred values (a, d_v, rows) and a bound (a, rows) of their errors, `share` (a,) of the row sums dropped.

    NaN in the values and inf in the bound where there is no certificate. Statement and proof:
    docs/explanation/tree-engine.md.
    """
    with np.errstate(all="ignore"):
        denominator = sums.sums[:, -1]
        values = sums.sums[:, :-1] / denominator[:, None]
        loose = sums.loose / denominator
        error = sums.weight_error[:, None]
        l1 = 2 * error / (1 + np.sqrt(np.maximum(1 - error**2, 0.0)))  # = 2 (1 - sqrt(1 - e^2))/e without cancellation
        bound = half_range * (l1 * (1 + loose) + 2 * loose + 2 * share[:, None] + 4 * UNIT)
        bound = (bound + UNDERFLOW * (1 + half_range)) * INFLATION
        sound = (
            (denominator > 0)
            & np.isfinite(denominator)
            & (loose < 1)
            & (error < 1)
            & np.isfinite(bound)
            & np.isfinite(values).all(axis=1)
        )
    return values, np.where(sound, bound, np.inf)
