"""Shrinks a confirmed violation: a simpler point, then its numbers fewer and rounder, every step judged again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from varproof.base.errors import InputError
from varproof.campaign.arms.accumulator import encode_point
from varproof.campaign.instances import encode_instance
from varproof.campaign.recorder import Recorder, Silent
from varproof.campaign.shrink.entries import boxed, farther_arrays, farther_entries, rounder_arrays, rounder_entries
from varproof.campaign.shrink.indices import fewer_indices
from varproof.campaign.shrink.oracle import Oracle, budget_of
from varproof.campaign.shrink.points import simpler_point
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance, Judgement, Measurement
from varproof.families.space import Point

SILENT = Silent()
Found = tuple[Point, Instance, Measurement]
Pass = Callable[[Oracle, Instance, Measurement], tuple[Instance, Measurement]]


def shrink_failure(
    subject: Subject,
    point: Point | None,
    instance: Instance,
    *,
    recorder: Recorder = SILENT,
    index: int = 0,
    budget: int | None = None,
    again: Callable[[Oracle], Found | None] | None = None,
) -> dict[str, Any]:
    """A small violation as plain data: size, ratio, judgement, point, instance and the story of its shrinking.

    `instance` must be a violation that the judge confirmed; `again` runs its arm once more to have it shrunk there. At
    most `budget` measurements (by default as many as take two seconds, 400 at most), and one exact judgement after each
    step that changed something; a step whose outcome is not confirmed is undone. `point` of the answer builds its
    instance, None once numbers were changed by hand; `instance` is None where its arrays cannot be stored.
    """
    total = budget_of(subject) if budget is None else budget
    oracle = Oracle(subject, total, recorder, index)
    with np.errstate(all="ignore"):
        return _Shrinking(oracle, point, instance).run(total, again)


class _Shrinking:
    """The smallest confirmed violation so far, and how it came about."""

    def __init__(self, oracle: Oracle, point: Point | None, instance: Instance) -> None:
        self.oracle = oracle
        self.point = point
        self.instance = instance
        subject = oracle.subject
        try:
            found = subject.attack.measure(instance, subject.case)
        except Exception:  # such as for an instance of a batch that `measure` cannot read; the judge has confirmed it
            found = None
        # a violation that floats do not see cannot be shrunk by measuring
        self.blind = found is None or not found.ratio > 1
        self.found = found if found is not None else Measurement(0.0, 0)
        self.story: list[dict[str, Any]] = []
        self._tell("found")

    def run(self, budget: int, again: Callable[[Oracle], Found | None] | None) -> dict[str, Any]:
        if not self.blind and again is not None:
            self.oracle.floor = budget * 3 // 4
            self._simpler("same seed, raising", again(self.oracle))
        if not self.blind:
            self._simplify(budget)
        return {
            "size": int(self.found.size),
            "ratio": self._ratio(),
            "judgement": Judgement.VIOLATED.value,
            "point": encode_point(self.point),
            "instance": _encoded(self.instance),
            "story": self.story,
        }

    def _simplify(self, budget: int) -> None:
        if self.point is not None:
            self.oracle.floor = budget * 5 // 8 if self.instance.dimensions or boxed(self.instance) else 0
            attack = self.oracle.subject.attack
            for space in (attack.space, attack.small):
                if space is not None and space.contains(self.point):
                    found = simpler_point(self.oracle, space, self.point, self.instance, self.found)
                    self._simpler("simpler point", found)
                    break
        self._step("farther arrays", farther_arrays, budget // 2)
        self._step("fewer indices", fewer_indices, budget // 4)
        self._step("farther entries, fewer indices", _farther_and_fewer, budget // 8)
        self._step("rounder arrays", rounder_arrays, 0)
        self._step("rounder entries", rounder_entries, 0)

    def _simpler(self, name: str, found: Found | None) -> None:
        if found is not None and found[2].size <= self.found.size:
            self._take(name, found[1], found[2], found[0])

    def _step(self, name: str, step: Pass, floor: int) -> None:
        self.oracle.floor = floor
        if not self.oracle.spent and (self.instance.dimensions or boxed(self.instance)):
            instance, found = step(self.oracle, self.instance, self.found)
            self._take(name, instance, found, None)

    def _take(self, name: str, instance: Instance, found: Measurement, point: Point | None) -> None:
        if instance is self.instance or not self.oracle.violated(instance):
            return
        self.instance, self.found, self.point = instance, found, point
        self._tell(name)

    def _tell(self, step: str) -> None:
        self.story.append({"step": step, "size": int(self.found.size), "ratio": self._ratio()})

    def _ratio(self) -> float:
        return float(np.clip(self.found.ratio, -1e300, 1e300))


def _encoded(instance: Instance) -> dict[str, Any] | None:
    try:
        return encode_instance(instance)
    except InputError:
        return None


def _farther_and_fewer(oracle: Oracle, instance: Instance, found: Measurement) -> tuple[Instance, Measurement]:
    """Towards the ends of the boxes, then without the indices that became superfluous; unchanged if there are none."""
    smaller, smaller_found = fewer_indices(oracle, *farther_entries(oracle, instance, found))
    return (smaller, smaller_found) if smaller_found.size < found.size else (instance, found)
