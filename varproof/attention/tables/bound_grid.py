"""Grids of logit bounds and of effective dimensions: few values, so that tables of polynomials are used again."""

from __future__ import annotations

import math

from varproof.base.errors import InputError

LEAST_BOUND = 2.0**-16
LARGEST_BOUND = 704.0  # e^704 is the last grid value whose exponential is a float64
LEAST_DIMENSION = 2.0  # the law of Chebyshev; below it the mass moves to the ends, which fits few data
LARGEST_DIMENSION = 1024.0


def grid_above(bound: float) -> float:
    """The least grid value >= `bound`: m 2^e with integers 64 <= m < 128, at least 2^-16 and at most 704.

    Grid values are exact floats of 7 bits, at most 1/64 apart relative to their size. Raises `InputError` for a bound
    that is negative, above 704 or NaN.

    >>> grid_above(1.0), grid_above(1.001), grid_above(0.0) == 2.0**-16
    (1.0, 1.015625, True)
    """
    if not 0 <= bound <= LARGEST_BOUND:
        raise InputError("no table of polynomials for this bound", got=bound, allowed=f"0 <= bound <= {LARGEST_BOUND}")
    if bound <= LEAST_BOUND:
        return LEAST_BOUND
    mantissa, exponent = math.frexp(bound)
    return math.ldexp(math.ceil(mantissa * 128), exponent - 7)


def dimension_grid_below(dimension: float) -> float:
    """The largest grid value <= `dimension`: m 2^e with integers 8 <= m < 16, at least 2 and at most 1024.

    For the law of <u, w> with independent uniform unit vectors a smaller dimension has heavier tails. Below 2 the
    answer is 2 (a table is proved for every law, the dimension only says where it is good). Infinity (all inner
    products zero) gives 1024. Raises `InputError` for NaN.

    >>> dimension_grid_below(16.0), dimension_grid_below(15.9), dimension_grid_below(1.0)
    (16.0, 15.0, 2.0)
    """
    if math.isnan(dimension):
        raise InputError("the dimension is not a number", got=dimension, allowed="a real number or infinity")
    if dimension <= LEAST_DIMENSION:
        return LEAST_DIMENSION
    if dimension >= LARGEST_DIMENSION:
        return LARGEST_DIMENSION
    mantissa, exponent = math.frexp(dimension)
    return math.ldexp(math.floor(mantissa * 16), exponent - 4)
