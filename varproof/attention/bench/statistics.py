"""Timing and what follows from times: alternated rounds, medians, growth exponents, crossovers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

FILL = 0.03  # seconds that a contestant runs in a round, if its calls are shorter
MOST_CALLS = 15  # of one contestant in one round
CONFIDENCE = 0.95

Action = Callable[[], object]


def alternate(
    actions: Mapping[str, Action],
    rounds: int,
    *,
    fill: float = FILL,
    clock: Callable[[], float] = time.perf_counter,
    after_round: Callable[[], object] = lambda: None,
) -> dict[str, tuple[float, ...]]:
    """Seconds of each action, one entry a round; in every round all of them run in turn (A B C A B C ...).

    A short action is called several times in its turn, at most 15 times and for about `fill` seconds, and the entry is
    the median of these calls: its first call after a long neighbour finds the processor's caches cold.
    """
    found: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            found[name].append(_turn(action, fill, clock))
        after_round()
    return {name: tuple(times) for name, times in found.items()}


def _turn(action: Action, fill: float, clock: Callable[[], float]) -> float:
    times: list[float] = []
    while not times or (sum(times) < fill and len(times) < MOST_CALLS):
        start = clock()
        action()
        times.append(clock() - start)
    return median(times)


@dataclass(frozen=True)
class Growth:
    """The slope of log time against log N by least squares over N = `first` to `last`, and its confidence interval.

    The interval is the t-interval of the regression (95 percent, points - 2 degrees of freedom); it measures how far
    the points are from a line, noise of the machine and curvature together. `low` and `high` are None for fewer than
    three points.
    """

    exponent: float
    low: float | None
    high: float | None
    points: int
    first: int
    last: int


def growth(tokens: Sequence[int], seconds: Sequence[float]) -> Growth | None:
    """The growth exponent of `seconds` over `tokens` (ascending); None for fewer than two points.

    >>> growth([1000, 2000, 4000], [1.0, 4.0, 16.0]).exponent
    2.0
    """
    if len(tokens) < 2:
        return None
    x, y = [math.log2(n) for n in tokens], [math.log2(s) for s in seconds]
    count = len(x)
    mean_x, mean_y = sum(x) / count, sum(y) / count
    spread = sum((a - mean_x) ** 2 for a in x)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    if count < 3:
        return Growth(slope, None, None, count, tokens[0], tokens[-1])
    from scipy.special import stdtrit  # not at the top: it is needed once, at the end

    residual = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y, strict=True))
    half = float(stdtrit(count - 2, (1 + CONFIDENCE) / 2)) * math.sqrt(residual / (count - 2) / spread)
    return Growth(slope, slope - half, slope + half, count, tokens[0], tokens[-1])


@dataclass(frozen=True)
class Crossover:
    """From `tokens` on ours is faster; `at_most` when it won at every measured size, so that it may be smaller."""

    tokens: int
    at_most: bool


def crossover(tokens: Sequence[int], ours: Sequence[float], theirs: Sequence[float]) -> Crossover | None:
    """The least N from which ours beats theirs: after the last measured loss, interpolated in log-log.

    `tokens` ascend. None when ours loses at the largest size, or nothing was measured.

    >>> crossover([100, 200, 400], [2.0, 2.0, 2.0], [1.0, 2.0, 4.0])
    Crossover(tokens=200, at_most=False)
    """
    losses = [index for index, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a > b]
    if not tokens or (losses and losses[-1] == len(tokens) - 1):
        return None
    if not losses:
        return Crossover(tokens[0], at_most=True)
    index = losses[-1]
    before, after = (math.log(ours[i] / theirs[i]) for i in (index, index + 1))
    share = before / (before - after)
    return Crossover(math.ceil(tokens[index] * (tokens[index + 1] / tokens[index]) ** share - 1e-9), at_most=False)
