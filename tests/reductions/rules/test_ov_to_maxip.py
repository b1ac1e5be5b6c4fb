"""(a, 1 - a) . (1 - b, 1) and its tensor powers: every inner product, the levels, what is refused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from reductions.core.answer import Decision
from reductions.problems.maxip import MaxInnerProduct
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from reductions.rules.ov_to_maxip import RULE
from reductions.rules.ov_to_maxip_tensor import RULE as TENSOR
from reductions.rules.ov_to_maxip_tensor import levels


def random_vectors(seed: int, most: int = 6) -> OrthogonalVectors:
    rng = np.random.default_rng(seed)
    rows, columns, dim = (int(x) for x in rng.integers(0, most, 3))
    left, right = (rng.integers(0, 2, (each, dim), dtype=np.uint8) for each in (rows, columns))
    return OrthogonalVectors.from_bits(left, right)


def products(instance: MaxInnerProduct) -> Any:
    return instance.left.astype(object) @ instance.right.astype(object).T


@pytest.mark.parametrize("seed", range(20))
def test_the_inner_product_is_d_minus_that_of_the_vectors(seed: int) -> None:
    instance = random_vectors(seed)
    target = RULE.forward(instance, {}).targets[0]
    dim = instance.left.dim
    inner = instance.left_bits.astype(int) @ instance.right_bits.astype(int).T
    assert np.array_equal(products(target), dim - inner)
    assert (target.threshold, target.low, target.left.shape[1]) == (dim, dim - 1, 2 * dim)


@pytest.mark.parametrize("power", [1, 2, 3, 4])
def test_tensors_raise_it_to_the_power(power: int) -> None:
    for seed in range(10):
        instance = random_vectors(seed, 4)
        options = {**TENSOR.defaults(), "power": power}
        target = TENSOR.forward(instance, options).targets[0]
        dim = instance.left.dim
        inner = instance.left_bits.astype(int) @ instance.right_bits.astype(int).T
        assert np.array_equal(products(target), (dim - inner) ** power)
        assert target.left.shape[1] == (2 * dim) ** power
        assert target.solve().decision is instance.solve().decision


def test_dimension_zero_has_no_lower_level() -> None:
    """(d - 1)^k would be 1 for d = 0 and even k, above the threshold 0."""
    assert levels(0, 2) == (0, -1)
    assert levels(1, 2) == (1, 0)
    for rows in (0, 1):
        instance = OrthogonalVectors.from_bits(np.zeros((rows, 0), np.uint8), np.zeros((2, 0), np.uint8))
        target = TENSOR.forward(instance, TENSOR.defaults()).targets[0]
        assert target.solve().decision is Decision.of(rows == 1)


def test_the_levels_move_apart_with_the_power() -> None:
    ratios = [levels(5, power)[0] / levels(5, power)[1] for power in (1, 2, 3)]
    assert ratios == [5 / 4, 25 / 16, 125 / 64]


def test_powers_that_are_refused_cost_nothing() -> None:
    instance = OrthogonalVectors.from_bits(np.ones((2, 10), np.uint8), np.ones((2, 10), np.uint8))
    assert TENSOR.accepts is not None
    start = time.perf_counter()
    for power, accepted in ((1, True), (4, True), (5, False), (60, False), (10**9, False), (0, False), (-1, False)):
        reason = TENSOR.accepts(instance, {**TENSOR.defaults(), "power": power})
        assert (reason is None) == accepted, power
    assert time.perf_counter() - start < 1
    assert TENSOR.accepts(instance, {"power": 5, "limit": 4 * 20**5}) is None
    assert TENSOR.accepts(instance, {"power": 5, "limit": 4 * 20**5 - 1}) is not None
