"""A claim to play with: a vector of numbers around `level`; its ratio is its largest entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from varproof.base.verdict import Finding, Verdict
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim, Variant
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

SPACE = Space({"size": Integer(1, 8), "level": Real(0.0, 0.75), "kind": Choice(("a", "b")), "seed": Seed()})


class Tape:
    """A recorder that remembers."""

    def __init__(self) -> None:
        self.cases: list[tuple[int, object]] = []

    def case(self, index: int, point: object) -> None:
        self.cases.append((index, point))


def build(point: Point, case: Case) -> Instance:
    rng = np.random.default_rng(int(point["seed"]))
    values = float(point["level"]) + 0.25 * rng.random(int(point["size"]))
    return Instance({"x": values}, dimensions={"n": (("x", 0),)}, boxes={"x": (0.0, 1.0)})


def measure(instance: Instance, case: Case) -> Measurement:
    return Measurement(float(instance.arrays["x"].max()), len(instance.arrays["x"]))


def judge(instance: Instance, case: Case) -> Judgement:
    return Judgement.VIOLATED if instance.arrays["x"].max() > 1 else Judgement.PASS


# dear enough that no search is longer than it was asked to be
ATTACK = Attack(SPACE, build, measure, judge, ("size", "kind"), cost=2e-3)


def _check(case: Case) -> Finding:
    return Finding(Verdict.TESTED)


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def toy() -> Callable[..., Subject]:
    """Makes a subject; keyword arguments replace parts of the attack."""

    def made(*, expects: str = "hold", kind: Any = "upper", variant: Variant | None = None, **parts: Any) -> Subject:
        attack = replace(ATTACK, **parts)
        claim = Claim("toy", "the largest entry is at most 1", kind, {}, (), _check, (), attack=attack)
        return Subject(claim, "statement", claim.case(variant), attack, expects, variant)

    return made
