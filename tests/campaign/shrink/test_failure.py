"""Shrinking: fewer and rounder numbers that are still violations exactly, within a count of measurements."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from varproof.base.verdict import Finding, Verdict
from varproof.campaign.instances import decode_instance
from varproof.campaign.shrink.failure import shrink_failure
from varproof.campaign.shrink.oracle import budget_of
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

SPACE = Space({"n": Integer(1, 64), "scale": Real(0.0, 9.0), "kind": Choice(("plain", "odd", "even")), "seed": Seed()})


def build(point: Point, case: Case) -> Instance:
    rng = np.random.default_rng(int(point["seed"]))
    n = int(point["n"])
    values = float(point["scale"]) * rng.random((n, 2))
    return Instance(
        {"x": values, "y": rng.random(n)},
        dimensions={"n": (("x", 0), ("y", 0)), "columns": (("x", 1),)},
        boxes={"x": (0.0, 9.0), "y": (0.0, 1.0)},
    )


def subject_of(over: Callable[[Instance], float], **parts: Any) -> Subject:
    """The statement that `over` is at most 0."""

    def measure(instance: Instance, case: Case) -> Measurement:
        return Measurement(1 + over(instance), len(instance.arrays["y"]))

    def judge(instance: Instance, case: Case) -> Judgement:
        return Judgement.VIOLATED if over(instance) > 0 else Judgement.PASS

    def check(case: Case) -> Finding:
        return Finding(Verdict.TESTED)

    attack = Attack(
        **{"space": SPACE, "build": build, "measure": measure, "judge": judge, "cells": (), "cost": 1e-3, **parts}
    )
    claim = Claim("c", "", "upper", {}, (), check, (), attack=attack)
    return Subject(claim, "statement", claim.case(), attack, "hold")


POINT: Point = {"n": 64, "scale": 8.5, "kind": "even", "seed": 1234}


def shrunk(subject: Subject, point: Point | None = POINT, **rest: Any) -> dict[str, Any]:
    return shrink_failure(subject, point, build(POINT, subject.case), **rest)


def test_rows_columns_and_entries_become_few_and_round() -> None:
    """Some row whose entries add up to more than 5: one row, one column would do."""
    failure = shrunk(subject_of(lambda i: float(i.arrays["x"].sum(axis=1).max()) - 5))
    instance = decode_instance(failure["instance"])
    assert failure["size"] == 1
    assert instance.arrays["x"].tolist() == [[9.0]]
    assert instance.arrays["y"].tolist() == [0.0]
    assert failure["judgement"] == "VIOLATED"
    assert failure["point"] is None
    assert failure["ratio"] == 5.0


def test_without_a_point_the_numbers_alone_are_shrunk() -> None:
    failure = shrunk(subject_of(lambda i: float((i.arrays["x"][:, 0] > 1).sum()) - 4), None)
    assert failure["size"] == 5
    assert (decode_instance(failure["instance"]).arrays["x"][:, 0] > 1).sum() == 5


def test_a_case_of_numbers_only_goes_to_the_simplest_point_that_fails() -> None:
    def numbers(point: Point, case: Case) -> Instance:
        return Instance(numbers=dict(point))

    def over(instance: Instance) -> int:
        return 1 if int(instance.numbers["n"]) >= 23 and float(instance.numbers["scale"]) > 2.5 else 0

    def measure(instance: Instance, case: Case) -> Measurement:
        return Measurement(2.0 * over(instance), int(instance.numbers["n"]))

    def judge(instance: Instance, case: Case) -> Judgement:
        return Judgement.VIOLATED if over(instance) else Judgement.PASS

    subject = subject_of(lambda i: 0.0, build=numbers, measure=measure, judge=judge)
    failure = shrink_failure(subject, POINT, numbers(POINT, subject.case))
    assert failure["point"] == {"n": 23, "scale": {"float": (8.0).hex()}, "kind": "plain", "seed": 0}
    assert failure["instance"]["numbers"] == failure["point"]
    assert [step["step"] for step in failure["story"]] == ["found", "simpler point"]


def test_what_floats_call_a_violation_and_the_judge_does_not_is_undone() -> None:
    """The fast pass sees any entry above 5, the judge wants two rows besides: dropping to one row is not accepted."""

    def judge(instance: Instance, case: Case) -> Judgement:
        x = instance.arrays["x"]
        return Judgement.VIOLATED if len(x) >= 2 and x.max() > 5 else Judgement.PASS

    failure = shrunk(subject_of(lambda i: float(i.arrays["x"].max()) - 5, judge=judge))
    instance = decode_instance(failure["instance"])
    assert failure["size"] == len(instance.arrays["x"]) >= 2
    assert instance.arrays["x"].max() > 5


@pytest.mark.parametrize("cost", [1e-6, 0.01, 0.05, 10.0])
def test_the_budget_is_a_count_that_follows_from_the_cost(cost: float) -> None:
    calls = 0

    def over(instance: Instance) -> float:
        nonlocal calls
        calls += 1
        return float(Fraction(len(instance.arrays["y"]), 64) ** 2) - 0.3

    subject = subject_of(over, cost=cost, judge=lambda instance, case: Judgement.VIOLATED)
    failure = shrunk(subject)
    allowed = {1e-6: 400, 0.01: 200, 0.05: 40, 10.0: 20}[cost]
    assert budget_of(subject) == allowed
    assert calls <= allowed + 1
    assert failure["size"] <= (36 if cost < 10 else 64)


def test_the_same_failure_shrinks_the_same_way_and_candidates_that_raise_are_no_failures() -> None:
    def over(instance: Instance) -> float:
        if len(instance.arrays["y"]) < 4:
            raise IndexError("too short")
        return float(instance.arrays["x"].max()) - 5

    subject = subject_of(over)
    first = shrunk(subject)
    assert first == shrunk(subject)
    assert first["size"] == 4


def test_every_candidate_is_announced() -> None:
    class Tape:
        def __init__(self) -> None:
            self.cases: list[int] = []

        def case(self, index: int, point: object) -> None:
            self.cases.append(index)

    tape = Tape()
    shrunk(subject_of(lambda i: float(i.arrays["x"].max()) - 5), recorder=tape, index=17, budget=30)
    assert set(tape.cases) == {17}
    assert 20 < len(tape.cases) < 50


def test_scattered_indices_are_found() -> None:
    """Two marked rows that are neither first nor neighbours, nothing to move."""
    marks = np.zeros(64)
    marks[[17, 50]] = 1.0
    instance = Instance({"y": marks}, dimensions={"n": (("y", 0),)})
    subject = subject_of(lambda i: float(i.arrays["y"].sum()) - 1)
    failure = shrink_failure(subject, None, instance)
    assert failure["size"] == 2
    assert decode_instance(failure["instance"]).arrays["y"].tolist() == [1.0, 1.0]


def test_entries_go_to_the_ends_to_make_room_for_fewer_of_them() -> None:
    """A signed sum above 3 of entries in [-1, 1]: four can do it once each has gone to its own end."""
    signs = np.tile([1.0, -1.0], 40)
    values = np.tile([0.3, 0.05], 40)
    axes = (("signs", 0), ("y", 0))
    instance = Instance({"signs": signs, "y": values}, dimensions={"n": axes}, boxes={"y": (-1.0, 1.0)})
    subject = subject_of(lambda i: float(i.arrays["signs"] @ i.arrays["y"]) - 3)
    failure = shrink_failure(subject, None, instance)
    assert failure["size"] == 4
    left = decode_instance(failure["instance"]).arrays
    assert (left["signs"] * left["y"]).tolist() == [1.0] * 4


def test_integers_of_a_point_are_bisected_and_a_larger_case_is_never_taken() -> None:
    space = Space({"n": Integer(1, 100_000), "kind": Choice(("large", "small"))})

    def numbers(point: Point, case: Case) -> Instance:
        return Instance(numbers=dict(point))

    def measure(instance: Instance, case: Case) -> Measurement:
        n = int(instance.numbers["n"])
        return Measurement(2.0 if n >= 7 else 0.0, n + 10**6 * (instance.numbers["kind"] == "large"))

    subject = subject_of(
        lambda i: 1.0, space=space, build=numbers, measure=measure, judge=lambda instance, case: Judgement.VIOLATED
    )
    point: Point = {"n": 99_999, "kind": "small"}
    failure = shrink_failure(subject, point, numbers(point, subject.case))
    assert failure["point"] == {"n": 7, "kind": "small"}
    assert failure["size"] == 7
