"""What tests of attacks share: draw cases of one form of a claim, measure, and judge what is suspicious."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import pytest

from varproof.campaign.subjects import subject_named
from varproof.claims.attack import Judgement
from varproof.claims.registry import load_claim
from varproof.families.space import Point


@dataclass(frozen=True)
class Drawn:
    """What some cases gave: ratios of the valid ones, how many were rejected, whether one is violated for certain."""

    ratios: tuple[float, ...]
    rejected: int
    violated: bool


def draw(claim: str, name: str, cases: int, seed: int = 0) -> Drawn:
    """`cases` of the small space and as many drawn ones, until one is violated."""
    subject = subject_named(load_claim(claim), name)
    attack, ratios, rejected = subject.attack, [], 0
    small = islice(attack.small.points(), cases) if attack.small is not None else iter(())
    for point in chain(small, islice(_drawn(subject.attack.space.sample, seed), cases)):
        instance = attack.build(point, subject.case)
        found = None if instance is None else attack.measure(instance, subject.case)
        if instance is None or found is None:
            rejected += 1
            continue
        assert not math.isnan(found.ratio), point
        ratios.append(float(found.ratio))
        if found.ratio > 1 and attack.judge(instance, subject.case) is Judgement.VIOLATED:
            return Drawn(tuple(ratios), rejected, True)
    return Drawn(tuple(ratios), rejected, False)


def _drawn(sample: Callable[[np.random.Generator], Point], seed: int) -> Iterator[Point]:
    rng = np.random.default_rng(seed)
    while True:
        yield sample(rng)


@pytest.fixture(name="draw")
def _draw() -> Callable[..., Drawn]:
    return draw
