"""The one source of floating-point tolerances: computed from the number of operations, the format and the magnitude."""

from __future__ import annotations

import math

UNIT_ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24}
SMALLEST_NORMAL = {"float64": 2.0**-1022, "float32": 2.0**-126}  # underflow adds at most this to an operation


def rounding_bound(operations: int, magnitude: float, dtype: str = "float64") -> float:
    """An upper bound `gamma_m * magnitude` on the error of `operations` roundings of values up to `magnitude`.

    gamma_m = m u / (1 - m u) with unit roundoff u, the standard model of floating-point arithmetic; it covers sums,
    products and quotients. Elementary functions of the platform's mathematics library are counted as 4 operations.
    Infinite from m = 1/u operations on, where the model says nothing.

    >>> rounding_bound(1, 1.0) == 2.0**-53 / (1 - 2.0**-53)
    True
    """
    unit = UNIT_ROUNDOFF[dtype]
    if operations * unit >= 1:
        return math.inf
    return operations * unit / (1 - operations * unit) * magnitude
