"""Search for the largest ratio: an evolution strategy with restarts, on points first, then on the numbers.

A (1+1) strategy: a child that is at least as good replaces its parent. Evaluations are counted, time is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from varproof.campaign.arms.moves import NAMES, moved_instance, moved_point
from varproof.campaign.arms.probe import Probe
from varproof.claims.attack import Instance
from varproof.families.space import Point

PER_START = 250  # evaluations that a start should have
STARTS = 6  # at most, before the best of them is continued
WIDEST, NARROWEST = 0.5, 1e-9
GAIN = 1e-6  # relative growth of a ratio that counts as progress


@dataclass
class State:
    """The best of one start: its point while it has one, its numbers, its ratio."""

    point: Point
    instance: Instance
    ratio: float


@dataclass
class Gait:
    """How well each kind of move did lately, and how wide its steps are."""

    credit: dict[str, float] = field(default_factory=lambda: dict.fromkeys(NAMES, 1.0))
    width: dict[str, float] = field(default_factory=lambda: dict.fromkeys(NAMES, 0.2))

    def choose(self, rng: np.random.Generator) -> str:
        """A move, those that did well more often."""
        weights = np.array([0.08 + self.credit[name] for name in NAMES])
        return NAMES[int(np.searchsorted(np.cumsum(weights), rng.random() * weights.sum(), side="right"))]

    def learn(self, name: str, progress: bool) -> None:
        """A success makes a move more likely and its steps wider, a failure the reverse; balance at one in five."""
        self.credit[name] += 0.1 * (float(progress) - self.credit[name])
        scale = 1.5 if progress else 1.5**-0.25
        self.width[name] = min(max(self.width[name] * scale, NARROWEST), WIDEST)


def worst_ratio(probe: Probe, rng: np.random.Generator) -> None:
    """Spend the chunk's `count` evaluations on large ratios."""
    budget = probe.chunk.count
    starts = min(max(budget // PER_START, 1), STARTS)
    best: State | None = None
    # two thirds for the starts, what is left for the best of them
    for place in range(starts):
        left = budget - probe.found.cases - budget // 3
        state = _start(probe, rng, max(left // (starts - place), 1)) if left > 0 else None
        if state is not None and (best is None or state.ratio > best.ratio):
            best = state
    while probe.found.cases < budget:
        left = budget - probe.found.cases
        if best is None:
            best = _start(probe, rng, left)
            continue
        _climb_arrays(probe, rng, best, left, max(left // 2, 40))
        left = budget - probe.found.cases
        fresh = _start(probe, rng, min(left, PER_START)) if left else None
        best = fresh if fresh is not None and fresh.ratio > best.ratio else best


def _start(probe: Probe, rng: np.random.Generator, share: int) -> State | None:
    """The best of some random points, then of its neighbours, then with its numbers moved."""
    end = probe.found.cases + share
    state: State | None = None
    while probe.found.cases < end - share * 5 // 6 or (state is None and probe.found.cases < end):
        point = probe.space.sample(rng)
        ratio = probe.point(point)
        if ratio is not None and probe.instance is not None and (state is None or ratio > state.ratio):
            state = State(point, probe.instance, ratio)
    if state is None:
        return None
    movable = any(state.instance.arrays[name].size for name in state.instance.boxes if name in state.instance.arrays)
    left = end - probe.found.cases
    _climb_points(probe, rng, state, left * 2 // 5 if movable else left, max(left // 6, 20) if movable else left)
    left = end - probe.found.cases
    if movable:
        _climb_arrays(probe, rng, state, left, max(left // 2, 40))
    return state


def _climb_points(probe: Probe, rng: np.random.Generator, state: State, budget: int, patience: int) -> None:
    """Move the fields of the point; ends early after `patience` evaluations without progress."""
    width, stale = 0.2, 0
    for _ in range(budget):
        point = moved_point(probe.space, state.point, width, rng)
        ratio = probe.point(point)
        progress = ratio is not None and ratio > state.ratio + GAIN * abs(state.ratio)
        if ratio is not None and probe.instance is not None and ratio >= state.ratio:
            state.point, state.instance, state.ratio = point, probe.instance, ratio
        width = min(max(width * (1.3 if progress else 1.3**-0.25), 1e-4), WIDEST)
        stale = 0 if progress else stale + 1
        if stale >= patience:
            return


def _climb_arrays(probe: Probe, rng: np.random.Generator, state: State, budget: int, patience: int) -> None:
    """Move the entries of boxed arrays; ends early after `patience` evaluations without progress."""
    gait, stale, end = Gait(), 0, probe.found.cases + budget
    tries = 0
    while probe.found.cases < end and stale < patience:
        name = gait.choose(rng)
        child = moved_instance(state.instance, name, gait.width[name], rng)
        tries += 1
        if child is None:
            gait.credit[name] = 0.0
            if tries > 20 * budget:  # no move applies
                return
            continue
        ratio = probe.moved(child)
        progress = ratio is not None and ratio > state.ratio + GAIN * abs(state.ratio)
        if ratio is not None and ratio >= state.ratio:
            state.instance, state.ratio = child, ratio
        gait.learn(name, progress)
        stale = 0 if progress else stale + 1
