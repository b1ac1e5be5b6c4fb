"""The exhaustive arm visits every point of the small space once, whatever the chunks are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from varproof.campaign.arms.run import run_chunk
from varproof.campaign.chunk import Chunk
from varproof.campaign.plan import plan
from varproof.campaign.result import Result, added
from varproof.campaign.subjects import Subject
from varproof.claims.attack import Instance, Measurement
from varproof.claims.model import Case, Variant
from varproof.families.space import Choice, Integer, Point, Space

SMALL = Space({"size": Integer(1, 5), "kind": Choice(("b", "a", "c")), "level": Integer(0, 1)})


def build(point: Point, case: Case) -> Instance:
    return Instance(numbers=dict(point))


def measure(instance: Instance, case: Case) -> Measurement:
    return Measurement(0.5, int(instance.numbers["size"]))


@pytest.mark.parametrize("cost", [1.0, 0.3, 1 / 7.5, 1e-3])
def test_all_chunks_of_the_plan_together_visit_every_point_once(
    toy: Callable[..., Subject], tape: Any, cost: float
) -> None:
    subject = toy(small=SMALL, build=build, measure=measure, cost=cost, arms=("exhaustive",))
    chunks = plan([subject.claim]).chunks
    assert len(chunks) == {1.0: 30, 0.3: 10, 1 / 7.5: 5, 1e-3: 1}[cost]
    total = Result()
    for chunk in chunks[::-1]:
        total = added(total, run_chunk(chunk, subject, 0, tape))
    assert total.cases == total.valid == 30
    assert Counter(str(point) for _, point in tape.cases) == Counter(str(point) for point in SMALL.points())


def test_points_count_for_the_cell_they_fall_in_and_for_none_outside(toy: Callable[..., Subject]) -> None:
    subject = toy(small=SMALL, build=build, measure=measure)
    result = run_chunk(Chunk("toy", "statement", "exhaustive", (), 0, 30), subject, 0)
    # kind c is no option of the attack's own space
    assert result.cells == {f"size={size},kind={kind}": 2 for size in range(1, 6) for kind in "ba"}
    assert result.by_size == dict.fromkeys(range(1, 6), 0.5)


def test_a_wrong_variant_gets_points_from_all_of_a_long_list(toy: Callable[..., Subject], tape: Any) -> None:
    subject = toy(small=Space({"size": Integer(1, 1000)}), build=build, measure=measure, variant=Variant("v", "", {}))
    result = run_chunk(Chunk("toy", "v", "exhaustive", (), 0, 10), subject, 0, tape)
    assert result.cases == 10
    assert [point["size"] for _, point in tape.cases] == [*range(51, 1000, 100)]
    more = run_chunk(Chunk("toy", "v", "exhaustive", (), 0, 5000), subject, 0)
    assert more.cases == 1000
