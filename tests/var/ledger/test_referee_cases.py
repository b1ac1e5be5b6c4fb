"""Inputs for which the rules of the ledger once claimed too much: squares that overflow, the least float."""

from __future__ import annotations

import numpy as np
import pytest

from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray
from varproof.var.ledger.requirement import degree_and_rank, required_delta

HUGE = np.array([[1.0, -1.0, 0.5, 0.0]])


@pytest.mark.parametrize("size", [1e155, 1e160, 1e169])
@pytest.mark.parametrize("mixed", [False, True])
def test_norms_of_numbers_whose_squares_overflow(size: float, mixed: bool) -> None:
    """The computed entries are 0, the true ones of the order of 1: the divisor was infinite and the bound was 0."""
    ops = Bounded(np.empty(0), reference=False)
    x = ops.known(HUGE * size)
    if mixed:  # with symbols
        x = ops.linear(x, np.eye(4))
        assert not x.groups
        x = BoundedArray(x.value, x.remainder)
        x = ops.linear(x, np.eye(4))
        assert x.groups
    centred = HUGE - HUGE.mean()
    normal = centred / np.sqrt(np.mean(centred**2))
    by_token = ops.layer_norm(x, 1e-6)
    assert (abs(by_token.numbers - normal) <= by_token.bound).all()
    assert (by_token.bound < 4).all()
    unit = ops.unit_rows(x)
    assert (abs(unit.numbers - HUGE / 1.5) <= unit.bound).all()
    grouped = ops.group_norm(ops.reshape(x, (2, 2, 1)), 1, 1e-6, np.ones(1), np.zeros(1))
    assert (abs(grouped.numbers.reshape(1, 4) - normal) <= grouped.bound.reshape(1, 4)).all()


@pytest.mark.parametrize("name", ["relu", "gelu", "silu"])
def test_an_error_of_the_least_float_is_kept_by_activations(name: str) -> None:
    """In float32 the input is 0, off by 5e-324; the slope 1/2 times that is rounded to nothing."""
    ops = Bounded(np.empty(0, np.float32), reference=False)
    x = ops.known(np.array([[5e-324]]))
    assert x.numbers[0, 0] == 0 < x.bound[0, 0]
    assert ops.activation(x, name).bound[0, 0] >= 5e-324  # type: ignore[arg-type]


def test_group_norm_of_equal_pixels_where_the_order_of_additions_decides() -> None:
    """The mean of nine equal numbers: exact in one order, off by a rounding in the other, which then is all there is.

    The computed entries are 1 or -1, those that the rule looked at are 0. A pixel that is off by more than the rounding
    has a true entry of sqrt(8) of the other sign.
    """
    found = 0
    for seed in range(40):
        number = np.random.default_rng(seed).uniform(1e20, 2e20)
        ops = Bounded(np.empty(0), reference=False)
        x = np.full((3, 3, 1), number)
        error = np.full(x.shape, 1e12)
        y = ops.group_norm(BoundedArray(x, error), 1, 1e-6, np.ones(1), np.zeros(1))
        sign = float(np.sign(y.numbers[0, 0, 0]))
        if not sign:
            continue
        found += 1
        true = np.full(9, np.sqrt(1 / 8) * sign)
        true[0] = -np.sqrt(8) * sign  # of the map that is -1e12 sign in this pixel, 0 elsewhere
        assert (abs(y.numbers.reshape(9) - true) <= y.bound.reshape(9)).all()
    assert found


def test_the_calls_of_a_requirement_hold_for_the_inputs_of_the_approximate_pass() -> None:
    """Keys made from an output that is off by delta exceed the B of the exact pass: the recorded B must hold them."""
    ones, start = np.eye(1), np.array([[[1.0], [-1.0]]])

    def run(ops: Bounded) -> BoundedArray:
        x = ops.known(start)
        y = ops.attention(x, x, x, scale="one")
        return ops.attention(y, ops.linear(y, ones), x, scale="one")

    found = required_delta(run, 0.5)
    exact = np.tanh(1.0)  # the outputs of the first call are +-tanh(1)
    largest = (exact + found.delta) ** 2  # scores of a pass whose first call is off by +-delta, away from 0
    assert exact**2 < largest <= found.calls[1].bound
    assert degree_and_rank(found.calls, found.delta)[1].degree >= 1
