"""The adversarial arm: Hypothesis chooses the points, ratios are its target, nothing of its machinery gets out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance, Measurement
from varproof.claims.model import Case
from varproof.families.space import Choice, Integer, Point, Real, Seed, Space


def chunk(count: int) -> Chunk:
    return Chunk("toy", "statement", "adversarial", (), 0, count)


def test_every_case_is_announced_with_its_point_and_ends_of_ranges_are_tried(
    toy: Callable[..., Subject], tape: Any
) -> None:
    result = run_chunk(chunk(300), toy(), 0, tape)
    assert [index for index, _ in tape.cases] == list(range(300))
    assert result.cases == 300
    levels = [point["level"] for _, point in tape.cases]
    assert 0.0 in levels
    assert 0.75 in levels
    assert set(result.by_size) == set(range(1, 9))
    assert sum(result.cells.values()) == 300


def test_ratios_are_the_target(toy: Callable[..., Subject]) -> None:
    """A narrow peak in three fields: climbing finds it, drawing as many points at random does not."""
    space = Space({"a": Integer(0, 1000), "b": Integer(0, 1000), "c": Integer(0, 1000)})

    def build(point: Point, case: Case) -> Instance:
        return Instance(numbers=dict(point))

    def measure(instance: Instance, case: Case) -> Measurement:
        distance = sum(abs(int(value) - 700) for value in instance.numbers.values())
        return Measurement(1 - distance / 3000, 1)

    subject = toy(space=space, build=build, measure=measure, cells=())
    climbed = [run_chunk(Chunk("toy", "statement", "adversarial", (), i, 500), subject, 0).worst for i in range(4)]
    drawn = [run_chunk(Chunk("toy", "statement", "iid", (), i, 500), subject, 0).worst for i in range(4)]
    assert max(one["ratio"] for one in drawn if one) < 0.99
    assert min(one["ratio"] for one in climbed if one) > 0.995


def test_a_space_with_few_points_ends_early(toy: Callable[..., Subject]) -> None:
    space = Space({"size": Integer(2, 4), "level": Real(0.5, 0.5), "kind": Choice(("a",)), "seed": Integer(0, 1)})
    result = run_chunk(chunk(300), toy(space=space, cells=("size",)), 0)
    assert result.cases == result.valid == 6


def test_seeds_vary(toy: Callable[..., Subject], tape: Any) -> None:
    space = Space({"size": Integer(1, 2), "level": Real(0, 0.5), "seed": Seed()})
    run_chunk(chunk(200), toy(space=space, cells=()), 0, tape)
    assert len({point["seed"] for _, point in tape.cases}) > 40
