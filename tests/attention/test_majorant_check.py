"""The checker of majorants: it agrees with dense samples, and refuses what is wrong by a little."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from flint import arb, ctx

from varproof.attention.tables.majorant_check import majorant_holds, majorant_margin
from varproof.attention.tables.weighted import weighted_table
from varproof.base.errors import InputError

CASES = [(0.1, 2, 16.0), (1.0, 0, 4.0), (1.0, 1, 16.0), (1.0, 2, 16.0), (1.0, 3, 2.0), (2.0, 4, 8.0), (4.0, 7, 16.0)]


@pytest.fixture(autouse=True)
def no_disk_cache(monkeypatch):
    monkeypatch.setenv("VARPROOF_CACHE_DIR", "")


def sampled_margin(coefficients, weights, bound: float, count: int = 2000) -> float:
    """The least (W - |p - e^s|) e^-s over Chebyshev points in 200 bits, rounded to a float."""
    least = math.inf
    with ctx.workprec(200):
        for j in range(count + 1):
            t = arb(math.cos(math.pi * j / count))
            p = w = arb(0)
            for a, b in zip(reversed(coefficients), reversed(weights), strict=True):
                p, w = p * t + a, w * t + b
            s = arb(bound) * t
            value = float(((w - abs(p - s.exp())) * (-s).exp()).mid())
            least = value if value < least else least
    return least


@pytest.mark.parametrize("seed", range(15))
def test_the_margin_of_random_polynomials(seed):
    rng = random.Random(seed)
    length = rng.randint(1, 8)
    coefficients = [rng.uniform(-2, 2) for _ in range(length)]
    weights = [rng.uniform(-2, 2) for _ in range(length)]
    bound = rng.choice([0.01, 0.5, 1.0, 3.0])
    margin = majorant_margin(coefficients, weights, bound)
    sampled = sampled_margin(coefficients, weights, bound)
    assert margin <= Fraction(sampled) + Fraction(1, 10**14)
    assert float(margin) == pytest.approx(sampled, abs=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_tables_hold_and_touch(case):
    bound, degree, dimension = case
    table = weighted_table(bound, degree, dimension)
    margin = majorant_margin(table.coefficients, table.weights, bound)
    assert 0 <= margin < Fraction(1, 10**12)


@pytest.mark.parametrize("case", CASES)
def test_a_majorant_lowered_by_one_percent_is_refused(case):
    bound, degree, dimension = case
    table = weighted_table(bound, degree, dimension)
    assert majorant_holds(table.coefficients, [w * 1.01 for w in table.weights], bound)
    assert not majorant_holds(table.coefficients, [w * 0.99 for w in table.weights], bound)
    # the constant alone, by 1e-9 of its size
    weights = [table.weights[0] * (1 - 1e-9), *table.weights[1:]]
    assert not majorant_holds(table.coefficients, weights, bound)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("case", CASES)
def test_a_coefficient_moved_by_a_millionth_is_refused_unless_the_majorant_has_room(case, sign):
    bound, degree, dimension = case
    table = weighted_table(bound, degree, dimension)
    for k in range(degree + 1):
        moved = list(table.coefficients)
        moved[k] *= 1 + sign * 1e-6
        assert not majorant_holds(moved, table.weights, bound)
        room = [table.weights[0] + 2e-6 * abs(moved[k]), *table.weights[1:]]
        assert majorant_holds(moved, room, bound)


def test_each_side_alone_can_fail():
    # |1 - e^t| is 0.6321... at t = -1 and 1.7182... at t = 1
    assert majorant_holds((1.0, 0.0), (1.18, 0.545), 1.0)
    assert not majorant_holds((1.0, 0.0), (1.17, 0.5366), 1.0)  # short at t = 1, where U touches
    assert not majorant_holds((1.0, 0.0), (1.17, 0.55), 1.0)  # short at t = -1, where L touches


def test_a_violation_inside_the_interval_is_seen():
    # p = 1 + t touches e^t at 0 alone
    assert not majorant_holds((1.0, 1.0, 0.0), (-1e-9, 0.0, 0.8), 1.0)
    assert majorant_holds((1.0, 1.0, 0.0), (0.0, 0.0, 0.72), 1.0)


def test_negative_weights_and_a_wrong_sign_are_refused():
    assert not majorant_holds((1.0, 1.0), (-3.0, 0.0), 1.0)
    assert not majorant_holds((-1.0,), (2.0,), 1.0)
    assert majorant_holds((-1.0,), (3.72,), 1.0)
    assert not majorant_holds((0.0,), (2.71,), 1.0)


def test_large_bounds():
    top = math.exp(20.0)
    assert majorant_holds((0.0,), (top * (1 + 1e-12),), 20.0)
    assert not majorant_holds((0.0,), (top * (1 - 1e-12),), 20.0)


@pytest.mark.parametrize(
    ("coefficients", "weights", "bound"),
    [
        ((), (), 1.0),
        ((1.0,), (1.0, 2.0), 1.0),
        ((math.nan,), (1.0,), 1.0),
        ((1.0,), (math.inf,), 1.0),
        ((1.0,), (3.0,), 0.0),
        ((1.0,), (3.0,), math.nan),
        ((1.0,), (3.0,), math.inf),
    ],
)
def test_bad_input(coefficients, weights, bound):
    with pytest.raises(InputError):
        majorant_margin(coefficients, weights, bound)
