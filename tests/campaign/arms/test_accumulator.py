"""Adding up: a batch counts like its cases one by one, ties go to the earlier case, the worst three are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varproof.campaign.arms.accumulator import NUMBERS, Accumulator
from varproof.claims.attack import Batch, Instance, Measurement

RATIOS = st.one_of(
    st.floats(0, 1.5),
    st.sampled_from([0.0, 0.5, 1.0, 1.25, -2.0, float("nan"), float("inf"), -float("inf"), 1e308]),
)


def instance_of(place: int) -> Instance:
    return Instance(numbers={"place": place})


@given(cases=st.lists(st.tuples(RATIOS, st.integers(1, 3)), max_size=30))
def test_a_batch_counts_like_its_cases_one_by_one(cases: list[tuple[float, int]]) -> None:
    single, batch = Accumulator(), Accumulator()
    for place, (ratio, size) in enumerate(cases):
        single.add(place, Measurement(ratio, size), None, instance_of(place))
    ratios = np.array([ratio for ratio, _ in cases], dtype=np.float64)
    sizes = np.array([size for _, size in cases], dtype=np.int64)
    batch.add_batch(0, Batch(ratios, sizes, instance_of))
    assert batch.result() == single.result()
    assert [kept.index for kept in batch.worst_suspects] == [kept.index for kept in single.worst_suspects]


def test_minus_infinity_is_no_small_ratio() -> None:
    """1/-0.0: something is measured and the bound is nothing. It must not pass as the best of all cases."""
    found = Accumulator()
    assert np.isnan(found.add(0, Measurement(-float("inf"), 1), None, instance_of(0)))
    found.add_batch(1, Batch(np.array([-np.inf, 0.5]), np.array([1, 1]), instance_of))
    assert (found.result().nan, found.result().valid) == (2, 1)


def test_a_negative_bound_gives_no_ratio() -> None:
    """1 measured, -1 allowed: the quotient -1 looks harmless. A negative measurement below a positive bound is."""
    found = Accumulator()
    assert np.isnan(found.add(0, Measurement(-1.0, 1, 1.0, -1.0), None, instance_of(0)))
    assert found.add(1, Measurement(-1.0, 1, -1.0, 1.0), None, instance_of(1)) == -1.0
    assert (found.result().nan, found.result().valid) == (1, 1)


def test_the_three_worst_suspects_are_kept_in_order_and_ties_go_to_the_earlier() -> None:
    found = Accumulator()
    for place, ratio in enumerate([1.5, 0.5, 3.0, 1.5, 2.0, 1.0, 3.0]):
        found.add(place, Measurement(ratio, 1), None, instance_of(place))
    assert [kept.index for kept in found.worst_suspects] == [2, 6, 4]
    result = found.result()
    assert (result.suspects, result.valid) == (5, 7)
    assert result.worst is not None
    assert result.worst["instance"]["numbers"] == {"place": 2}


def test_the_worst_case_has_its_point_or_its_numbers_where_they_are_few() -> None:
    with_point, small, large = Accumulator(), Accumulator(), Accumulator()
    fitting = Instance({"x": np.zeros(NUMBERS)})
    with_point.add(0, Measurement(0.5, 1), {"level": 0.1}, fitting)
    small.add(0, Measurement(0.5, 1), None, fitting)
    large.add(0, Measurement(0.5, 1), None, Instance({"x": np.zeros(NUMBERS), "y": np.zeros(1)}))
    worst = [one.result().worst for one in (with_point, small, large)]
    assert worst[0] is not None
    assert worst[1] is not None
    assert worst[2] is not None
    assert worst[0]["point"] == {"level": {"float": "0x1.999999999999ap-4"}}
    assert "instance" not in worst[0]
    assert worst[1]["instance"]["arrays"]["x"]["shape"] == [NUMBERS]
    assert "instance" not in worst[2]


@pytest.mark.parametrize("array", [np.zeros(2, dtype=complex), np.array([object()])])
def test_numbers_that_cannot_be_written_do_not_lose_the_rest(array: np.ndarray) -> None:  # type: ignore[type-arg]
    found = Accumulator()
    found.add(0, Measurement(0.5, 1, 1.0, float("inf")), None, Instance({"x": array}))
    assert found.result().worst == {"ratio": 0.5, "measured": 1.0, "bound": None, "size": 1, "point": None}
