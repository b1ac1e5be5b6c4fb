"""Linear rules against exact rationals: they hold for every error tried, and the signs of the weights attain them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from varproof.var.interpolation.operators import up
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray, Group, add_groups, scale_groups
from varproof.var.ledger.linear_rules import shifted, taps

TIGHT = 0.999  # of a bound that some error attains: a rule weakened by a tenth would be exceeded


@pytest.mark.parametrize("seed", range(4))
def test_linear_is_attained_by_the_signs_of_each_row(rules: Any, exact: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, e = rng.uniform(-1, 1, (3, 5)), rng.uniform(0, 1e-3, (3, 5))
    w, b = rng.uniform(-1, 1, (4, 5)), rng.uniform(-1, 1, 4)
    found = rules.ops.linear(rules.given(x, e), w, b)
    worst = np.zeros((3, 4))
    for row in range(4):
        for sign in (1, -1):
            moved = exact(x) - exact(e) * exact(sign * np.sign(w[row]))
            worst = np.maximum(worst, rules.used(found, moved @ exact(w).T + exact(b)))
    assert worst.max() <= 1
    assert worst.min() >= TIGHT


def test_rounding_alone_is_covered_and_of_the_right_size(rules: Any, exact: Any) -> None:
    rng = np.random.default_rng(5)
    x, w = rng.uniform(-1, 1, (40, 30)), rng.uniform(-1, 1, (20, 30))
    found = rules.ops.linear(rules.given(x, 0.0), w)
    used = rules.used(found, exact(x) @ exact(w).T)
    assert 1e-3 < used.max() <= 1


def test_float32_rounding_is_measured_against_float64(rules: Any, exact: Any) -> None:
    rng = np.random.default_rng(6)
    given, w = rng.uniform(-1, 1, (40, 30)), rng.uniform(-1, 1, (20, 30))  # no float32 numbers: the casts count too
    ops = Bounded(np.empty(0, dtype=np.float32), reference=False)
    found = ops.linear(ops.known(given), w)
    used = rules.used(found, exact(given) @ exact(w).T)
    assert found.value.dtype == np.float32
    assert 0.05 < used.max() <= 1


def test_symbols_survive_two_maps_and_a_sum(rules: Any, exact: Any) -> None:
    # W2 W1 + I on the same errors: entrywise rules would give |W2||W1| + 1
    rng = np.random.default_rng(7)
    x, e = rng.uniform(-1, 1, (2, 6)), rng.uniform(0, 1e-3, (2, 6))
    w1, w2 = rng.uniform(-1, 1, (9, 6)), rng.uniform(-1, 1, (6, 9))
    ops = rules.ops
    start = ops._with_symbols(rules.given(x, e), 6)
    found = ops.add(start, ops.linear(ops.linear(start, w1), w2))
    composed = exact(w2) @ exact(w1) + exact(np.eye(6))
    worst = np.zeros((2, 6))
    for row in range(6):
        signs = exact(np.sign(composed[row].astype(float)))
        worst = np.maximum(worst, rules.used(found, (exact(x) - exact(e) * signs) @ composed.T))
    assert worst.max() <= 1
    assert worst.min() >= TIGHT
    entrywise = Bounded(np.empty(0), reference=False, correlated=False)
    loose = entrywise.add(rules.given(x, e), entrywise.linear(entrywise.linear(rules.given(x, e), w1), w2))
    assert (loose.bound > 1.3 * found.bound).all()


def test_errors_that_cancel_cost_nothing(rules: Any) -> None:
    start = rules.ops._with_symbols(rules.given([[3.0, 4.0]], 0.5), 2)
    difference = rules.ops.add(start, rules.ops.scaled(start, -1.0))
    assert difference.bound.max() < 1e-12
    fresh = rules.ops._with_symbols(rules.given([[3.0, 4.0]], 0.5), 2)  # other errors of the same size do not
    assert rules.ops.add(start, rules.ops.scaled(fresh, -1.0)).bound.min() >= 1


@pytest.mark.parametrize(("p", "n"), [(1, 2), (2, 3), (3, 5), (4, 8)])
@pytest.mark.parametrize("kernel", ["bicubic", "bspline", "nearest"])
def test_interpolation_is_attained_by_the_signs_of_its_weights(
    rules: Any, exact: Any, p: int, n: int, kernel: str
) -> None:
    rng = np.random.default_rng(p)
    x, e = rng.uniform(-1, 1, (p, p, 2)), rng.uniform(0, 1e-3, (p, p, 2))
    operator = up(kernel, p, n)
    found = rules.ops.resample(rules.given(x, e), operator)
    matrix = np.array([[Fraction(w) for w in row] for row in operator.matrix], dtype=object)
    target = (n // 2, 0)
    weights = np.array([[matrix[target[0], r] * matrix[target[1], c] for c in range(p)] for r in range(p)])
    signs = exact(np.sign(weights.astype(float)))[:, :, None]
    truth = np.stack([matrix @ ((exact(x) - exact(e) * signs)[:, :, c]) @ matrix.T for c in range(2)], axis=-1)
    used = rules.used(found, truth)
    assert used.max() <= 1
    assert used[target].min() >= TIGHT
    assert (found.bound <= float(operator.norm) * e.max() * 1.0001).all()
    only_rounding = rules.ops.resample(rules.given(x, 0.0), operator)
    assert rules.used(only_rounding, np.stack([matrix @ exact(x)[:, :, c] @ matrix.T for c in range(2)], -1)).max() <= 1


@pytest.mark.parametrize("correlated", [True, False])
@pytest.mark.parametrize("taps_wide", [1, 3])
def test_convolution_is_attained_by_the_signs_of_its_weights(
    rules: Any, exact: Any, correlated: bool, taps_wide: int
) -> None:
    rng = np.random.default_rng(taps_wide)
    x, e = rng.uniform(-1, 1, (4, 5, 2)), rng.uniform(0, 1e-3, (4, 5, 2))
    w, b = rng.uniform(-1, 1, (3, 2, taps_wide, taps_wide)), rng.uniform(-1, 1, 3)
    ops = Bounded(np.empty(0), reference=False, correlated=correlated)
    found = ops.convolve(rules.given(x, e), w, b)

    def convolved(z: Any) -> Any:
        half = taps_wide // 2
        result = np.empty((4, 5, 3), dtype=object)
        for r, c, o in np.ndindex(4, 5, 3):
            total = Fraction(float(b[o]))
            for i, j, channel in np.ndindex(taps_wide, taps_wide, 2):
                if 0 <= r + i - half < 4 and 0 <= c + j - half < 5:
                    total += Fraction(float(w[o, channel, i, j])) * z[r + i - half, c + j - half, channel]
            result[r, c, o] = total
        return result

    place = (1, 2, 1)  # in the middle: all taps count
    signs = np.zeros((4, 5, 2))
    for i, j in np.ndindex(taps_wide, taps_wide):
        signs[1 + i - taps_wide // 2, 2 + j - taps_wide // 2] = np.sign(w[1, :, i, j])
    used = rules.used(found, convolved(exact(x) - exact(e) * exact(signs)))
    assert used.max() <= 1
    assert used[place] >= TIGHT
    assert rules.used(ops.convolve(rules.given(x, 0.0), w, b), convolved(exact(x))).max() <= 1


def test_a_convolution_knows_the_symbols_that_it_is_given(rules: Any) -> None:
    # the map before it cancels one channel's error entirely: |W| would not know
    start = rules.ops._with_symbols(rules.given(np.ones((3, 3, 2)), 0.5), 2)
    equal = rules.ops.linear(start, np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert rules.ops.convolve(equal, np.array([1.0, -1.0]).reshape(1, 2, 1, 1)).bound.max() < 1e-12


def test_products_and_multiples(rules: Any, exact: Any) -> None:
    x, y, ex, ey = np.array([[2.0, -3.0]]), np.array([[0.5, 4.0]]), 0.25, 0.125
    found = rules.ops.multiply(rules.given(x, ex), rules.given(y, ey))
    # |x~ - x| |y~| + |y~ - y| |x~| + both: attained where both true numbers are larger
    truth = (exact(x) + exact(np.sign(x)) * Fraction(ex)) * (exact(y) + exact(np.sign(y)) * Fraction(ey))
    used = rules.used(found, truth)
    assert TIGHT <= used.min() <= used.max() <= 1
    tripled = rules.ops.scaled(rules.given(x, ex), 3.0)
    assert TIGHT <= rules.used(tripled, (exact(x) + Fraction(ex)) * 3).min() <= 1


def test_broadcast_operands_keep_no_symbols_of_one_token(rules: Any, exact: Any) -> None:
    row = rules.ops._with_symbols(rules.given([[1.0, 2.0]], 0.5), 2)
    found = rules.ops.add(rules.given(np.zeros((3, 2)), 0.25), row)
    assert found.shape == (3, 2)
    assert found.bound.min() >= 0.75
    assert rules.ops.multiply(rules.given(np.ones((3, 2)), 0.0), row).bound.min() >= 0.5


def test_shifts_and_groups_themselves() -> None:
    x = np.arange(6.0).reshape(2, 3, 1)
    assert shifted(x, 1, 0)[:, :, 0].tolist() == [[3, 4, 5], [0, 0, 0]]
    assert shifted(x, 0, -1)[:, :, 0].tolist() == [[0, 0, 1], [0, 3, 4]]
    assert shifted(x, 5, 0).max() == 0
    assert len(list(taps(np.zeros((1, 1, 3, 3))))) == 9
    one = Group(np.array([1]), np.array([[[1.0, -2.0]]]))
    other = Group(np.array([2]), np.array([[[1.0, -2.0]]]))
    assert len(add_groups((one,), (one,))) == 1
    assert add_groups((one,), scale_groups((one,), -1.0))[0].bound.max() == 0
    assert len(add_groups((one,), (other,))) == 2


def test_nan_is_never_a_bound(rules: Any) -> None:
    broken = rules.given([[np.nan, 1.0]], 0.1)
    assert broken.bound.tolist()[0][0] == np.inf
    unknown = BoundedArray(np.ones((1, 2)), np.array([[np.nan, 0.0]]))
    assert unknown.bound[0, 0] == np.inf
    for found in (
        rules.ops.linear(broken, np.zeros((2, 2))),
        rules.ops.multiply(rules.given([[0.0, 0.0]], np.inf), rules.given([[0.0, 0.0]], 0.0)),
        rules.ops.activation(broken, "relu"),
        rules.ops.activation(unknown, "gelu"),
        rules.ops.layer_norm(rules.given([[np.inf, 1.0]], 0.0), 1e-6),
    ):
        assert not np.isnan(found.bound).any()
        assert found.bound[0, 0] == np.inf
