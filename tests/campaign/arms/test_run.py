"""Chunks: the same result whoever runs them, counts that add up, and nothing that a claim's code does gets out."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.result import Result
from varproof.campaign.subjects import Subject, subject_named
from varproof.claims.attack import Instance, Measurement
from varproof.claims.model import Case
from varproof.claims.registry import load_claim
from varproof.families.space import Integer, Point, Space

ARMS = ("exhaustive", "iid", "adversarial", "worst-ratio", "power")
CELL = (("size", "3"), ("kind", "b"))


def chunk(arm: str, count: int = 60, index: int = 0) -> Chunk:
    cell = CELL if arm in ("iid", "adversarial") else ()
    return Chunk("toy", "statement", arm, cell, index, count)


def text(result: Result) -> str:
    return json.dumps(result.to_json(), allow_nan=False, sort_keys=True)


@pytest.fixture
def subject(toy: Callable[..., Subject]) -> Subject:
    return toy(small=Space({"size": Integer(1, 8), "level": Integer(0, 0), "seed": Integer(0, 9)}))


@pytest.mark.parametrize("arm", ARMS)
def test_a_chunk_gives_the_same_result_again_and_another_for_another_seed(subject: Subject, arm: str) -> None:
    first = run_chunk(chunk(arm), subject, 7)
    random.seed(3)
    assert text(run_chunk(chunk(arm), subject, 7, single=True)) == text(first)
    if arm != "exhaustive":
        assert text(run_chunk(chunk(arm), subject, 8)) != text(first)
        assert text(run_chunk(chunk(arm, index=1), subject, 7)) != text(first)


@pytest.mark.parametrize("arm", ARMS)
def test_counts_add_up(subject: Subject, arm: str) -> None:
    result = run_chunk(chunk(arm), subject, 7)
    assert result.cases == result.valid + result.rejected + result.raised + result.nan
    assert sum(result.histogram) == result.valid > 0
    assert result.cases == (60 if arm != "power" else 180)
    assert result.worst is not None
    assert result.worst["ratio"] == max(result.by_size.values())
    assert Result.from_json(json.loads(text(result))) == result


def test_the_arms_leave_global_generators_alone(subject: Subject) -> None:
    random.seed(11)
    np.random.seed(11)
    expected = random.Random(11).random(), np.random.RandomState(11).random()
    for arm in ARMS:
        run_chunk(chunk(arm), subject, 7)
    assert (random.random(), np.random.random()) == expected


def test_the_environment_does_not_choose_the_cases() -> None:
    code = (
        "import json\n"
        "from varproof.campaign.arms.run import run_chunk\n"
        "from varproof.campaign.chunk import Chunk\n"
        "from varproof.campaign.subjects import subjects_of\n"
        "from varproof.claims.registry import load_claim\n"
        "subject = next(subjects_of(load_claim('softmax_perturbation')))\n"
        "for arm in ('iid', 'adversarial', 'worst-ratio'):\n"
        "    print(json.dumps(run_chunk(Chunk('c', 'statement', arm, (), 0, 40), subject, 1).to_json()))\n"
    )
    plain = {name: value for name, value in os.environ.items() if name != "CI"}
    answers = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        for env in ({**plain, "PYTHONHASHSEED": "1"}, {**plain, "PYTHONHASHSEED": "2", "CI": "1"})
    ]
    assert answers[0] == answers[1]
    assert answers[0].count("\n") == 3


def test_no_such_arm(subject: Subject) -> None:
    with pytest.raises(InputError, match="no such arm"):
        run_chunk(Chunk("toy", "statement", "random", (), 0, 1), subject, 0)


@pytest.mark.parametrize("arm", ["exhaustive", "iid", "adversarial", "worst-ratio"])
@pytest.mark.parametrize("error", [ValueError, MemoryError, RecursionError, StopIteration, AssertionError])
def test_what_a_claim_raises_is_counted_and_the_first_kept(
    toy: Callable[..., Subject], arm: str, error: type[Exception]
) -> None:
    def bad(point: Point, case: Case) -> Instance:
        raise error(f"no {object()!r}")

    small = Space({"size": Integer(1, 60)})
    result = run_chunk(chunk(arm, 20), toy(build=bad, small=small), 7)
    assert (result.cases, result.raised, result.valid) == (20, 20, 0)
    assert result.error is not None
    assert result.error["type"] == error.__name__
    assert result.error["message"] == "no <object object at 0x...>"
    assert result.error["line"].startswith("test_run.py:")
    assert result.error["case"] == 0
    assert set(result.error["point"]) == set(small.fields if arm == "exhaustive" else ("size", "level", "kind", "seed"))
    assert result.cells == {}


@pytest.mark.parametrize("arm", ["iid", "adversarial", "worst-ratio"])
def test_rejected_and_unmeasurable_cases_are_counted_apart(toy: Callable[..., Subject], arm: str) -> None:
    rejecting = run_chunk(chunk(arm, 20), toy(build=lambda point, case: None), 7)
    assert (rejecting.rejected, rejecting.valid, rejecting.worst) == (20, 0, None)
    outside = run_chunk(chunk(arm, 20), toy(measure=lambda instance, case: None), 7)
    assert (outside.rejected, outside.valid) == (20, 0)
    unknown = run_chunk(chunk(arm, 20), toy(measure=lambda instance, case: Measurement(float("nan"), 1)), 7)
    assert (unknown.nan, unknown.valid, unknown.suspects, sum(unknown.histogram)) == (20, 0, 0, 0)


@pytest.mark.parametrize("ratio", [float("inf"), -1e300, np.float64(3.5), np.float32(0.5), 7])
def test_odd_ratios_become_plain_finite_numbers(toy: Callable[..., Subject], ratio: Any) -> None:
    odd = toy(measure=lambda instance, case: Measurement(ratio, np.int64(4), float("inf"), float("nan")))
    result = run_chunk(chunk("adversarial", 10), odd, 7)
    assert result.valid == 10
    assert result.suspects == (10 if ratio > 1 else 0)
    assert json.loads(text(result))["by_size"].keys() == {"4"}


def test_overflow_in_a_measurement_is_not_an_exception(toy: Callable[..., Subject]) -> None:
    def measure(instance: Instance, case: Case) -> Measurement:
        return Measurement(float(np.exp(np.float64(1e4)) * 0.0), 1)

    assert run_chunk(chunk("iid", 10), toy(measure=measure), 7).nan == 10


@pytest.mark.parametrize("arm", ["iid", "adversarial"])
def test_a_cell_counts_for_itself_only(toy: Callable[..., Subject], arm: str) -> None:
    result = run_chunk(chunk(arm), toy(), 7)
    assert result.cells == {"size=3,kind=b": 60}
    assert set(result.by_size) == {3}


def test_the_ledger_holds_and_its_wrong_variants_are_killed() -> None:
    claim = load_claim("softmax_perturbation")
    statement = subject_named(claim, "statement")
    for arm in ("iid", "adversarial", "worst-ratio"):
        result = run_chunk(Chunk(claim.id, "statement", arm, (), 0, 200), statement, 0)
        assert (result.failure, result.raised, result.nan) == (None, 0, 0)
        assert result.judged.get("VIOLATED", 0) == 0
    for variant in claim.falsified:
        killed = run_chunk(Chunk(claim.id, variant.name, "power", (), 0, 300), subject_named(claim, variant.name), 0)
        assert killed.killed == ("tightness" if variant.name == "factor 2.1" else "violation"), variant.name
