"""The iid arm: independent draws, batches that a flight record can follow, a result that does not depend on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from varproof.campaign.arms.iid import AT_ONCE
from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Batch, Instance, Judgement, Measurement
from varproof.claims.model import Case
from varproof.families.space import Space

CELL = (("size", "3"), ("kind", "b"))
COUNT = AT_ONCE + 20
CHUNK = Chunk("toy", "statement", "iid", CELL, 0, COUNT)


def batch(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
    points = [space.sample(rng) for _ in range(count)]
    levels = np.array([float(point["level"]) for point in points])

    def instance(index: int) -> Instance:
        return Instance({"x": np.array([levels[index]])}, boxes={"x": (0.0, 1.0)})

    return Batch(2 * levels * rng.random(count), np.array([int(point["size"]) for point in points]), instance)


def test_draws_are_independent_of_each_other_and_of_the_other_chunks(toy: Callable[..., Subject], tape: Any) -> None:
    run_chunk(CHUNK, toy(), 0, tape)
    run_chunk(Chunk("toy", "statement", "iid", CELL, 1, COUNT), toy(), 0, tape)
    assert [index for index, _ in tape.cases[:COUNT]] == list(range(COUNT))
    points = [point for _, point in tape.cases]
    assert {(point["size"], point["kind"]) for point in points} == {(3, "b")}
    assert len({point["level"] for point in points}) == len({point["seed"] for point in points}) == 2 * COUNT
    assert np.mean([point["level"] for point in points]) == pytest.approx(0.375, abs=0.05)


def test_a_batch_is_announced_and_its_cases_counted(toy: Callable[..., Subject], tape: Any) -> None:
    result = run_chunk(CHUNK, toy(batch=batch, judge=lambda instance, case: Judgement.PASS), 0, tape)
    assert (result.cases, result.valid, result.cells) == (COUNT, COUNT, {"size=3,kind=b": COUNT})
    assert tape.cases[:2] == [(0, None), (AT_ONCE, None)]
    # the rest are the suspects that are judged
    assert len(tape.cases) == 5
    assert result.judged == {"PASS": 3}
    assert result.worst is not None
    assert result.worst["ratio"] > 1
    assert result.worst["instance"]["arrays"]["x"]["shape"] == [1]


def test_single_mode_names_every_point_before_the_batch_and_changes_nothing(
    toy: Callable[..., Subject], tape: Any
) -> None:
    subject = toy(batch=batch)
    expected = run_chunk(CHUNK, subject, 0)
    assert run_chunk(CHUNK, subject, 0, tape, single=True) == expected
    named = tape.cases[:COUNT]
    assert [index for index, _ in named] == list(range(COUNT))
    # the levels that the first batch draws, in its order
    rng_points = [point["level"] for _, point in named[:AT_ONCE]]
    drawn: list[float] = []

    def watching(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
        drawn.extend(float(space.sample(rng)["level"]) for _ in range(count))
        return Batch(np.zeros(count), np.ones(count, dtype=np.int64), lambda index: Instance())

    run_chunk(CHUNK, toy(batch=watching), 0)
    assert drawn[:AT_ONCE] == rng_points


def test_single_mode_stops_at_the_case_that_ends_the_worker(toy: Callable[..., Subject], tape: Any) -> None:
    class Killed(BaseException):
        pass

    def measure(instance: Instance, case: Case) -> Measurement:
        if len(tape.cases) == 17:
            raise Killed
        return Measurement(0.5, 1)

    with pytest.raises(Killed):
        run_chunk(CHUNK, toy(batch=batch, measure=measure), 0, tape, single=True)
    assert tape.cases[-1][0] == 16
    assert set(tape.cases[-1][1]) == {"size", "level", "kind", "seed"}


def test_a_batch_that_raises_or_has_another_length_counts_as_raised(toy: Callable[..., Subject]) -> None:
    def raising(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
        raise MemoryError("too much")

    def short(space: Space, count: int, rng: np.random.Generator, case: Case) -> Batch:
        return Batch(np.zeros(count - 1), np.ones(count - 1, dtype=np.int64), lambda index: Instance())

    for wrong, kind in ((raising, "MemoryError"), (short, "ValueError")):
        result = run_chunk(CHUNK, toy(batch=wrong), 0, single=True)
        assert (result.cases, result.raised, result.valid, result.cells) == (COUNT, COUNT, 0, {})
        assert result.error is not None
        assert (result.error["type"], result.error["where"]) == (kind, "batch")
