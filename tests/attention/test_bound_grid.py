"""The grids: never on the wrong side, never far away, few values."""

from __future__ import annotations

import math
import random

import pytest

from varproof.attention.tables.bound_grid import (
    LARGEST_BOUND,
    LARGEST_DIMENSION,
    LEAST_BOUND,
    LEAST_DIMENSION,
    dimension_grid_below,
    grid_above,
)
from varproof.base.errors import InputError


def on_grid(value: float, bits: int) -> bool:
    mantissa, _ = math.frexp(value)
    return (mantissa * 2**bits).is_integer()


@pytest.mark.parametrize("seed", range(4))
def test_the_least_grid_value_above(seed):
    rng = random.Random(seed)
    for _ in range(500):
        bound = math.exp(rng.uniform(math.log(LEAST_BOUND), math.log(LARGEST_BOUND)))
        above = grid_above(bound)
        assert bound <= above <= bound * (1 + 1 / 64)
        assert on_grid(above, 7)
        # the grid value before it is below the bound
        assert above * (1 - 1 / 64) < bound or above == LEAST_BOUND
        before = math.ldexp(math.frexp(above)[0] * 128 - 1, math.frexp(above)[1] - 7)
        assert before < bound or above == LEAST_BOUND


def test_grid_values_are_their_own_and_one_ulp_more_goes_up():
    for exponent in range(-16, 9):
        for m in range(64, 128):
            value = math.ldexp(m, exponent - 6)
            if not LEAST_BOUND < value < LARGEST_BOUND:
                continue
            assert grid_above(value) == value
            assert grid_above(math.nextafter(value, math.inf)) > value
            assert grid_above(math.nextafter(value, 0)) == value


def test_ends_of_the_bound_grid():
    assert grid_above(0.0) == grid_above(5e-324) == grid_above(LEAST_BOUND) == LEAST_BOUND
    assert grid_above(LARGEST_BOUND) == LARGEST_BOUND
    assert math.isfinite(math.exp(LARGEST_BOUND))
    for bad in (-1.0, -5e-324, math.nextafter(LARGEST_BOUND, math.inf), math.inf, math.nan):
        with pytest.raises(InputError):
            grid_above(bad)


@pytest.mark.parametrize("seed", range(4))
def test_the_largest_dimension_below(seed):
    rng = random.Random(seed)
    for _ in range(500):
        dimension = math.exp(rng.uniform(math.log(LEAST_DIMENSION), math.log(LARGEST_DIMENSION)))
        below = dimension_grid_below(dimension)
        assert dimension / (1 + 1 / 8) < below <= dimension
        assert on_grid(below, 4)


def test_ends_of_the_dimension_grid():
    assert dimension_grid_below(-3.0) == dimension_grid_below(1.0) == LEAST_DIMENSION
    assert dimension_grid_below(math.inf) == dimension_grid_below(1e300) == LARGEST_DIMENSION
    assert dimension_grid_below(16.0) == 16.0
    assert dimension_grid_below(math.nextafter(16.0, 0)) == 15.0
    with pytest.raises(InputError):
        dimension_grid_below(math.nan)
