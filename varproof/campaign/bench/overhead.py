"""What a case costs: the adversarial arm against bare Hypothesis, and the iid arm against the adversarial one.

How it is measured: both sides run in one process, alternated, on the same space with the same strategy and as many
cases; each run is timed in CPU seconds of the process and divided by its cases; the answer is a ratio of medians. The
bare side is `@given(strategy)` with the same phases around the same property and its target: no record, no counting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from statistics import median
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings, target
from numpy.typing import NDArray

from varproof.base.verdict import Finding, Verdict
from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Attack, Batch, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space
from varproof.families.strategies import strategy

CASES = 500  # of a run, as of a chunk of a cheap claim
SHORT = 100  # of a run where a few percent count: the machine's clock changes within seconds, and both must meet that
TOGETHER = 2**16  # numbers of a batch that are worked on while they are in the cache
SHORT_RUNS = 5  # for each repetition asked for
SPACE = Space(
    {
        "keys": Integer(2, 64, log=True),
        "rho": Real(1.0625, 64.0, log=True),
        "kind": Choice(("two values", "uniform", "one key")),
        "seed": Seed(),
    }
)

CELL = (("kind", "uniform"),)  # chunks of this arm belong to a cell


def adversarial_overhead(seconds: float, *, repeats: int = 9, cases: int = SHORT) -> float:
    """CPU time per case of the adversarial arm over bare Hypothesis, for a property that takes `seconds` of CPU."""
    subject = _subject(Attack(SPACE, _same, _spin(seconds), _passes, ("kind",)))
    spent = _spin(seconds)
    case, instance = subject.case, Instance()

    def bare(place: int) -> int:
        count = 0

        @seed(place)
        @settings(
            max_examples=cases,
            phases=[Phase.generate, Phase.target],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy(SPACE.restricted(CELL)))
        def holds(point: Point) -> None:
            nonlocal count
            count += 1
            found = spent(instance, case)
            assert found is not None
            target(found.ratio)
            assert found.ratio <= 1

        holds()
        return count

    def arm(place: int) -> int:
        return run_chunk(Chunk("overhead", "statement", "adversarial", CELL, place, cases), subject, 0).cases

    return _ratio(arm, bare, SHORT_RUNS * repeats)


def iid_speed(tokens: int, *, repeats: int = 5, cases: int = CASES) -> float:
    """Cases per CPU second of the iid arm with a batch over those of the adversarial arm, on n x n matrices.

    The property: a perturbation of the scores of every row by at most t moves the softmax of the row in l1 by at most
    2 tanh(t/2).
    """
    subject = _subject(score_rows(tokens))

    def arm(name: str) -> Callable[[int], int]:
        return lambda place: run_chunk(Chunk("speed", "statement", name, (), place, cases), subject, 0).cases

    return _ratio(arm("adversarial"), arm("iid"), repeats)


def score_rows(tokens: int) -> Attack:
    """Perturbed scores of an n x n matrix, one case a matrix; from a seed, or many at once."""
    space = Space({"spread": Real(0.0, 6.0), "size": Real(0.01, 1.0, log=True), "seed": Seed()})

    def build(point: Point, case: Case) -> Instance:
        rng = np.random.default_rng(int(point["seed"]))
        scores = float(point["spread"]) * rng.standard_normal((tokens, tokens))
        moves = float(point["size"]) * rng.uniform(-1, 1, (tokens, tokens))
        return Instance({"scores": scores, "moves": moves}, {"size": point["size"]})

    def measure(instance: Instance, case: Case) -> Measurement:
        size = float(instance.numbers["size"])
        return Measurement(float(_ratios(instance.arrays["scores"], instance.arrays["moves"], np.array(size))), tokens)

    def batch(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
        spread, size = (
            np.array([float(point[name]) for point in points])
            for points in ([space.sample(rng) for _ in range(count)],)
            for name in ("spread", "size")
        )
        scores, moves = (np.empty((count, tokens, tokens)) for _ in range(2))
        ratios = np.empty(count)
        step = max(TOGETHER // tokens**2, 1)
        for start in range(0, count, step):
            part = slice(start, start + step)
            rng.standard_normal(out=scores[part])
            scores[part] *= spread[part, None, None]
            rng.random(out=moves[part])
            moves[part] -= 0.5
            moves[part] *= 2 * size[part, None, None]
            ratios[part] = _ratios(scores[part], moves[part], size[part])

        def instance(index: int) -> Instance:
            return Instance({"scores": scores[index], "moves": moves[index]}, {"size": float(size[index])})

        return Batch(ratios, np.full(count, tokens), instance)

    return Attack(space, build, measure, _passes, ("spread",), batch=batch)


def _ratios(scores: NDArray[Any], moves: NDArray[Any], size: NDArray[np.float64]) -> NDArray[np.float64]:
    before, after = np.exp(scores), scores + moves
    np.exp(after, out=after)
    before /= before.sum(-1, keepdims=True)
    after /= after.sum(-1, keepdims=True)
    after -= before
    largest: NDArray[np.float64] = np.abs(after, out=after).sum(-1).max(-1) / (2 * np.tanh(size / 2))
    return largest


def _same(point: Point, case: Case) -> Instance:
    return NOTHING


NOTHING = Instance()
HOLDS = Measurement(0.5, 1)


def _spin(seconds: float) -> Callable[[Instance, Case], Measurement | None]:
    """A property that takes so much CPU time and holds."""

    def measure(instance: Instance, case: Case) -> Measurement | None:
        if seconds:
            end = time.thread_time() + seconds
            while time.thread_time() < end:
                pass
        return HOLDS

    return measure


def _passes(instance: Instance, case: Case) -> Judgement:
    return Judgement.PASS


def _subject(attack: Attack) -> Subject:
    def check(case: Case) -> Finding:
        return Finding(Verdict.TESTED)

    claim = Claim("overhead", "a benchmark", "upper", {}, (), check, (), attack=attack)
    return Subject(claim, "statement", Case({"factor": Fraction(1)}, {}), attack, "hold")


def _ratio(over: Callable[[int], int], under: Callable[[int], int], repeats: int) -> float:
    """The median cost per case of one over that of the other, after one unmeasured run of each."""
    costs: tuple[list[float], list[float]] = ([], [])
    sides = [(0, over), (1, under)]
    for place in range(repeats + 1):
        for side, run in sides if place % 2 else reversed(sides):
            start = time.process_time()
            count = run(place)
            if place:
                costs[side].append((time.process_time() - start) / count)
    return median(costs[0]) / median(costs[1])
