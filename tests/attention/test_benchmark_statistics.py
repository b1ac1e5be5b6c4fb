"""Timing in rounds, growth exponents with their interval, crossovers."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from varproof.attention.bench.statistics import Crossover, alternate, crossover, growth


class Clock:
    """A clock that actions move on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def action(self, name: str, *seconds: float):
        left = list(seconds)

        def run() -> None:
            self.order.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return run


def test_contestants_take_turns():
    clock = Clock()
    actions = {"a": clock.action("a", 2.0), "b": clock.action("b", 3.0), "c": clock.action("c", 5.0)}
    done = []
    found = alternate(actions, 3, clock=lambda: clock.now, after_round=lambda: done.append(1))
    assert clock.order == ["a", "b", "c"] * 3
    assert found == {"a": (2.0,) * 3, "b": (3.0,) * 3, "c": (5.0,) * 3}
    assert len(done) == 3


def test_a_short_call_is_repeated_in_its_turn_and_its_median_counts():
    clock = Clock()
    actions = {"short": clock.action("short", 0.5, 0.25, 0.125, 0.125), "long": clock.action("long", 9.0)}
    found = alternate(actions, 1, fill=1.0, clock=lambda: clock.now)
    assert clock.order == ["short"] * 4 + ["long"]
    assert found["short"] == (0.1875,)  # the first call, slowed by its neighbour, is not the entry


def test_a_tiny_call_is_repeated_fifteen_times_at_most():
    clock = Clock()
    alternate({"tiny": clock.action("tiny", 1e-9)}, 2, fill=1.0, clock=lambda: clock.now)
    assert len(clock.order) == 30


def test_growth_is_the_regression_of_a_statistics_library():
    tokens = [4096, 8192, 16384, 32768, 65536, 131072, 262144]
    noise = [0.02, -0.03, 0.01, 0.04, -0.02, -0.01, 0.02]
    seconds = [1e-6 * n**1.2 * 2**e for n, e in zip(tokens, noise, strict=True)]
    found = growth(tokens, seconds)
    line = stats.linregress([math.log2(n) for n in tokens], [math.log2(s) for s in seconds])
    half = stats.t.ppf(0.975, 5) * line.stderr
    assert found.exponent == pytest.approx(line.slope, rel=1e-12)
    assert (found.low, found.high) == pytest.approx((line.slope - half, line.slope + half), rel=1e-9)
    assert found.low < 1.2 < found.high
    assert (found.points, found.first, found.last) == (7, 4096, 262144)


def test_growth_of_few_points():
    assert growth([64], [1.0]) is None
    two = growth([64, 128], [1.0, 2.0])
    assert (two.exponent, two.low, two.high) == (1.0, None, None)
    exact = growth([64, 128, 256], [1.0, 2.0, 4.0])
    assert exact.low == pytest.approx(1.0)
    assert exact.high == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ([1, 1, 1], [0.5, 1.0, 2.0], Crossover(200, False)),  # equal is not a loss
        ([1, 1, 1], [0.5, 0.5, 1.0], Crossover(400, False)),
        ([1, 1, 1], [0.5, 0.5, 2.0], Crossover(283, False)),  # half way in log-log: 200 sqrt(2)
        ([1, 1, 1], [2.0, 0.5, 2.0], Crossover(283, False)),  # an early win does not count
        ([1, 1, 1], [2.0, 2.0, 2.0], Crossover(100, True)),
        ([1, 1, 1], [2.0, 2.0, 0.9], None),
        ([], [], None),
    ],
)
def test_crossover(ours, theirs, found):
    assert crossover([100, 200, 400][: len(ours)], ours, theirs) == found
