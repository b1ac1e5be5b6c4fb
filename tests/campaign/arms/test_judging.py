"""Judging: floats only point, the exact judge decides, and what it confirms is shrunk where it is a finding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Batch, Instance, Judgement, Measurement
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Real, Seed, Space

CHUNK = Chunk("toy", "statement", "iid", (), 0, 50)
HIGH = Space({"size": Integer(1, 8), "level": Real(0.9, 2.0), "kind": Choice(("a", "b")), "seed": Seed()})


def test_suspects_that_are_none_exactly_are_no_failure(toy: Callable[..., Subject]) -> None:
    for verdict in (Judgement.PASS, Judgement.AMBIGUOUS):
        result = run_chunk(CHUNK, toy(space=HIGH, judge=lambda instance, case, v=verdict: v), 0)
        assert result.suspects > 3
        assert result.judged == {verdict.value: 3}
        assert result.failure is None


def test_a_confirmed_violation_of_what_should_hold_is_shrunk(toy: Callable[..., Subject]) -> None:
    result = run_chunk(CHUNK, toy(space=HIGH), 0)
    assert result.judged == {"VIOLATED": 3}
    assert result.failure is not None
    assert result.failure["size"] == 1
    assert result.failure["judgement"] == "VIOLATED"
    assert result.failure["story"][0]["step"] == "found"
    assert result.failure["story"][0]["ratio"] == pytest.approx(max(result.by_size.values()))


def test_a_case_of_a_batch_outside_the_hypotheses_violates_nothing(toy: Callable[..., Subject]) -> None:
    def batch(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
        made = Instance({"x": np.array([5.0])})
        return Batch(np.full(count, 5.0), np.ones(count, dtype=np.int64), lambda place: made)

    def measure(instance: Instance, case: Case) -> Measurement | None:
        found = float(instance.arrays["x"].max())
        return None if found > 4 else Measurement(found, 1)

    result = run_chunk(CHUNK, toy(batch=batch, measure=measure), 0)
    assert (result.judged, result.failure, result.raised) == ({}, None, 3)
    assert result.error is not None
    assert "outside the hypotheses" in result.error["message"]


@pytest.mark.parametrize("expects", ["fail", "either"])
def test_an_expected_violation_is_counted_and_not_shrunk(toy: Callable[..., Subject], expects: str) -> None:
    result = run_chunk(CHUNK, toy(space=HIGH, expects=expects), 0)
    assert (result.judged, result.failure) == ({"VIOLATED": 3}, None)


def test_the_worst_three_are_judged_and_nothing_else(toy: Callable[..., Subject]) -> None:
    seen: list[float] = []

    def judge(instance: Instance, case: Case) -> Judgement:
        seen.append(float(instance.arrays["x"].max()))
        return Judgement.PASS

    result = run_chunk(CHUNK, toy(space=HIGH, judge=judge), 0)
    assert len(seen) == 3
    assert seen == sorted(seen, reverse=True)
    assert seen[0] == max(result.by_size.values())
    seen.clear()
    assert run_chunk(CHUNK, toy(judge=judge), 0).judged == {}
    assert seen == []


def test_a_judge_that_raises_is_counted(toy: Callable[..., Subject]) -> None:
    def judge(instance: Instance, case: Case) -> Judgement:
        raise ZeroDivisionError("exactly")

    result = run_chunk(CHUNK, toy(space=HIGH, judge=judge), 0)
    assert (result.judged, result.raised, result.failure) == ({}, 3, None)
    assert result.error is not None
    assert (result.error["where"], result.error["type"]) == ("judge", "ZeroDivisionError")


def test_a_violation_that_the_fast_pass_sees_once_only_is_kept_unshrunk(toy: Callable[..., Subject]) -> None:
    calls = []

    def measure(instance: Instance, case: Case) -> Measurement:
        calls.append(1)
        if len(calls) > 50:
            raise ValueError("not again")
        return Measurement(2.0, 5)

    result = run_chunk(CHUNK, toy(measure=measure, judge=lambda instance, case: Judgement.VIOLATED), 0)
    assert result.failure is not None
    assert [step["step"] for step in result.failure["story"]] == ["found"]
    assert result.failure["instance"] is not None
