"""Power: wrong variants die by a confirmed violation or, where the bound is attained, by being too small; else not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance, Judgement, Measurement
from varproof.claims.model import Case, Variant
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space

CHUNK = Chunk("toy", "v", "power", (), 0, 40)
VARIANT = Variant("v", "because")
HIGH = Space({"size": Integer(1, 8), "level": Real(0.9, 2.0), "kind": Choice(("a", "b")), "seed": Seed()})


def test_a_confirmed_violation_kills_and_ends_the_search(toy: Callable[..., Subject], tape: Any) -> None:
    result = run_chunk(CHUNK, toy(space=HIGH, expects="fail", variant=VARIANT), 0, tape)
    assert (result.killed, result.cases, result.failure) == ("violation", 40, None)
    # 40 cases of the iid arm and the three that are judged
    assert len(tape.cases) == 43


def test_a_suspect_that_the_judge_passes_kills_nothing(toy: Callable[..., Subject]) -> None:
    passing = toy(space=HIGH, judge=lambda instance, case: Judgement.PASS, variant=VARIANT, expects="fail")
    result = run_chunk(CHUNK, passing, 0)
    assert result.killed == ""
    assert result.cases == 80
    assert result.judged == {"PASS": 6}


def test_tightness_kills_only_tight_claims_that_stay_below_what_is_attained(toy: Callable[..., Subject]) -> None:
    def killed(kind: str, attains: Fraction | None) -> str:
        return run_chunk(CHUNK, toy(kind=kind, attains=attains, variant=VARIANT, expects="fail"), 0).killed

    assert killed("tight", Fraction(11, 10)) == "tightness"
    assert killed("tight", Fraction(9, 10)) == ""
    assert killed("tight", None) == ""
    assert killed("upper", Fraction(11, 10)) == ""


def test_a_dropped_hypothesis_is_killed_by_a_violation_only(toy: Callable[..., Subject]) -> None:
    dropping = Variant("v", "because", dropped=frozenset({"unit"}))
    subject = toy(kind="tight", attains=Fraction(11, 10), variant=dropping, expects="fail")
    subject = replace(subject, case=replace(subject.case, dropped=dropping.dropped))
    assert run_chunk(CHUNK, subject, 0).killed == ""


def test_nothing_measured_is_no_tightness(toy: Callable[..., Subject]) -> None:
    rejecting = toy(kind="tight", attains=Fraction(1), build=lambda point, case: None, variant=VARIANT, expects="fail")
    assert run_chunk(CHUNK, rejecting, 0).killed == ""


def test_arms_come_in_turn_and_only_those_that_the_attack_has(toy: Callable[..., Subject], tape: Any) -> None:
    def build(point: Point, case: Case) -> Instance:
        return Instance(numbers=dict(point))

    def measure(instance: Instance, case: Case) -> Measurement:
        return Measurement(0.5, 1)

    small = Space({"size": Integer(1, 6)})
    parts = {"build": build, "measure": measure, "variant": VARIANT, "expects": "fail", "small": small}
    assert run_chunk(CHUNK, toy(**parts), 0, tape).cases == 6 + 40 + 40
    assert [set(point) for _, point in tape.cases[:7]] == [{"size"}] * 6 + [{"size", "level", "kind", "seed"}]
    assert run_chunk(CHUNK, toy(**parts, arms=("exhaustive",)), 0).cases == 6
    assert run_chunk(CHUNK, toy(**parts, arms=("adversarial",)), 0).cases == 40
