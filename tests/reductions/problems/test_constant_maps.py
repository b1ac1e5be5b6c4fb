"""One vector a scale is the whole pass from a start map of one cell; two cells are not."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from reductions.problems.constant_maps import constant_outputs
from varproof.base.balls import ball, upper_rational
from varproof.base.errors import InputError
from varproof.growth.schedules import parse_schedule
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray
from varproof.var.models.config import FormalConfig
from varproof.var.models.formal import formal_random, generate


def config_of(schedule: str, **changes: Any) -> FormalConfig:
    return FormalConfig(parse_schedule(schedule), **{"width": 4, "hidden": 5, **changes})


CONFIGS = (
    config_of("1,2,3,5"),
    config_of("1,3,4", depth=2, heads=2, scale="sqrt", activation="gelu"),
    config_of("1,2,4", activation="silu", residual=False, kernel="bspline", scale="one"),
    config_of("1,"),
)


@pytest.mark.parametrize("config", CONFIGS)
def test_every_cell_of_the_formal_model_is_the_vector_of_its_scale(config: FormalConfig) -> None:
    weights = formal_random(config, 3)
    start = np.random.default_rng(4).uniform(-1, 1, (1, 1, config.width))
    vectors = constant_outputs(weights, config, start)
    first = BoundedArray(start, np.zeros_like(start))
    maps = generate(Bounded(np.empty(0), reference=False), weights, config, first)
    assert len(vectors) == len(maps) == config.schedule.number_of_scales
    for vector, each in zip(vectors, maps, strict=True):
        for cell, bounds in zip(
            each.value.reshape(-1, config.width), each.bound.reshape(-1, config.width), strict=True
        ):
            for exact, value, bound in zip(vector, cell, bounds, strict=True):
                distance = upper_rational(abs(exact - ball(Fraction(float(value)))))
                assert distance <= Fraction(float(bound)) < Fraction(1, 10**6)


def test_multiplicities_matter() -> None:
    config = config_of("1,2,3,5")
    weights, start = formal_random(config, 3), np.ones((1, 1, 4))
    other = config_of("1,2,4,5")
    here, there = (constant_outputs(weights, each, start)[-1] for each in (config, other))
    assert any(not a.overlaps(b) for a, b in zip(here, there, strict=True))


def test_a_start_map_of_four_cells_is_not_constant() -> None:
    config = config_of("2,3")
    weights = formal_random(config, 0)
    start = np.arange(16.0).reshape(2, 2, 4) / 16
    maps = generate(Plain(numpy_like()), weights, config, start)
    assert all(np.ptp(each[..., 0]) > 1e-3 for each in maps)
    with pytest.raises(InputError, match="one cell"):
        constant_outputs(weights, config, start)


def test_a_position_table_is_refused() -> None:
    config = config_of("1,2", positions=True)
    with pytest.raises(InputError, match="position"):
        constant_outputs(formal_random(config, 0), config, np.ones((1, 1, 4)))
