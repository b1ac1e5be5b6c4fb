"""The same seed again: Hypothesis meets the failure of its arm and shrinks it, and stops when the budget is spent."""

from __future__ import annotations

from fractions import Fraction

import pytest

from varproof.base.verdict import Finding, Verdict
from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.recorder import Silent
from varproof.campaign.shrink.oracle import Oracle
from varproof.campaign.shrink.raising import raised_again
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim
from varproof.families.space import Choice, Integer, Point, Space

SPACE = Space({"a": Integer(0, 1000), "b": Integer(0, 1000), "kind": Choice(("plain", "odd"))})


def subject(least: int) -> Subject:
    """No a + b reaches `least`, says the claim: a sum that fields one by one cannot make smaller."""

    def build(point: Point, case: Case) -> Instance:
        return Instance(numbers=dict(point))

    def total(instance: Instance) -> int:
        return int(instance.numbers["a"]) + int(instance.numbers["b"])

    def measure(instance: Instance, case: Case) -> Measurement:
        return Measurement((total(instance) + 0.5) / least, 1)

    def judge(instance: Instance, case: Case) -> Judgement:
        return Judgement.VIOLATED if total(instance) >= least else Judgement.PASS

    def check(case: Case) -> Finding:
        return Finding(Verdict.TESTED)

    attack = Attack(SPACE, build, measure, judge, (), cost=1e-3)
    claim = Claim("c", "", "upper", {}, (), check, (), constants={"k": Fraction(least)}, attack=attack)
    return Subject(claim, "statement", claim.case(), attack, "hold")


def test_the_failure_comes_again_and_is_shrunk() -> None:
    oracle = Oracle(subject(700), 300, Silent(), 0)
    found = raised_again(oracle, SPACE, 5, 200)
    assert found is not None
    point, instance, measured = found
    assert int(point["a"]) + int(point["b"]) == 700
    assert point["kind"] == "plain"
    assert instance.numbers == point
    assert measured.ratio > 1
    # the cases before the failure are not charged
    assert 0 < oracle.left < 300


def test_nothing_comes_again_where_nothing_fails() -> None:
    assert raised_again(Oracle(subject(5000), 300, Silent(), 0), SPACE, 5, 100) is None


@pytest.mark.parametrize("budget", [1, 2, 10])
def test_a_spent_budget_ends_it_with_what_was_found(budget: int) -> None:
    oracle = Oracle(subject(700), budget, Silent(), 0)
    found = raised_again(oracle, SPACE, 5, 200)
    assert found is not None
    assert found[2].ratio > 1
    assert oracle.left == 0


def test_it_is_the_first_step_of_the_adversarial_arm_only() -> None:
    for arm in ("adversarial", "iid"):
        chunk = Chunk("c", "statement", arm, (), 0, 100)
        result = run_chunk(chunk, subject(700), 0)
        assert result == run_chunk(chunk, subject(700), 0)
        assert result.failure is not None
        steps = [step["step"] for step in result.failure["story"]]
        assert ("same seed, raising" in steps) == (arm == "adversarial")
        numbers = result.failure["instance"]["numbers"]
        assert numbers["a"] + numbers["b"] == 700


def test_the_cases_up_to_the_failure_are_those_of_the_arm() -> None:
    class Tape:
        def __init__(self) -> None:
            self.points: list[object] = []

        def case(self, index: int, point: object) -> None:
            if point is not None:
                self.points.append(point)

    arm, again = Tape(), Tape()
    chunk = Chunk("c", "statement", "adversarial", (), 0, 100)
    run_chunk(chunk, subject(1990), 0, arm)
    raised_again(Oracle(subject(1990), 50, again, 0), SPACE, chunk.seed(0), 100)
    first = next(place for place, point in enumerate(arm.points) if _total(point) >= 1990)
    assert first > 2
    assert again.points[: first + 1] == arm.points[: first + 1]


def _total(point: object) -> int:
    assert isinstance(point, dict)
    return int(point["a"]) + int(point["b"])
