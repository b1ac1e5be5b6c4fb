"""Strategies of points: inside the space, ends included, shrinking to the simplest, deaf to what is imported."""

from __future__ import annotations

import importlib.util
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

from varproof.families.space import Choice, Field, Integer, Point, Real, Seed, Space
from varproof.families.strategies import share_of, strategy, value_at

SPACE = Space(
    {
        "few": Integer(3, 5),
        "many": Integer(-1000, 10**6),
        "log": Integer(2, 64, log=True),
        "real": Real(-1.5, 2.25),
        "scale": Real(1e-3, 1e3, log=True),
        "fixed": Real(0.7, 0.7),
        "kind": Choice(("plain", Fraction(1, 3), 2)),
        "seed": Seed(),
    }
)


def drawn(space: Space, number: int, count: int = 200) -> list[Point]:
    points: list[Point] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy(space))
    def keep(point: Point) -> None:
        points.append(point)

    keep()
    return points


def test_points_lie_in_the_space_and_reach_both_ends_of_every_field() -> None:
    points = drawn(SPACE, 1, 600)
    assert all(SPACE.contains(point) for point in points)
    for name, (low, high) in {
        "few": (3, 5),
        "many": (-1000, 10**6),
        "log": (2, 64),
        "real": (-1.5, 2.25),
        "scale": (1e-3, 1e3),
    }.items():
        values = {point[name] for point in points}
        assert {low, high} <= values, name
    assert {point["kind"] for point in points} == {"plain", Fraction(1, 3), 2}
    assert len({point["seed"] for point in points}) > 100  # Hypothesis repeats values on purpose


def test_logarithmic_fields_spend_as_much_on_every_doubling() -> None:
    points = drawn(SPACE, 2, 600)
    assert 0.3 < sum(point["scale"] < 1 for point in points) / len(points) < 0.7
    assert 0.3 < sum(point["log"] < 12 for point in points) / len(points) < 0.7


def test_shrinks_to_low_ends_and_first_options() -> None:
    simplest = find(strategy(SPACE), lambda point: True)
    assert simplest == {
        "few": 3,
        "many": -1000,
        "log": 2,
        "real": -1.5,
        "scale": 1e-3,
        "fixed": 0.7,
        "kind": "plain",
        "seed": 0,
    }
    above = find(strategy(SPACE), lambda point: point["many"] >= 77 and point["kind"] != "plain")
    assert above == {**simplest, "many": 77, "kind": Fraction(1, 3)}


def test_what_is_drawn_does_not_depend_on_the_modules_that_are_loaded(tmp_path: Path) -> None:
    before = drawn(SPACE, 3)
    # Hypothesis collects constants of local modules and mixes them into plain integers and floats
    numbers = [*range(1000, 16_000_000, 40_000), *(0.5 + place / 512 for place in range(300))]
    path = tmp_path / "module_full_of_numbers.py"
    path.write_text(f"NUMBERS = {numbers}\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("module_full_of_numbers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        assert drawn(SPACE, 3) == before
    finally:
        del sys.modules[spec.name]
    assert drawn(SPACE, 4) != before


FIELDS = (Integer(1, 9), Integer(2, 4000, log=True), Real(-3.0, 8.0), Real(0.125, 4096.0, log=True), Real(2.0, 2.0))


@pytest.mark.parametrize("field", FIELDS)
@given(share=st.floats(-0.5, 1.5))
def test_values_at_a_share_are_inside_and_monotone(field: Field, share: float) -> None:
    assert isinstance(field, Integer | Real)
    value = value_at(field, share)
    assert field.low <= value <= field.high
    assert isinstance(value, int) == isinstance(field, Integer)
    assert value_at(field, share - 0.1) <= value
    back = value_at(field, share_of(field, value))
    assert back == pytest.approx(value, rel=1e-12, abs=1 if isinstance(field, Integer) else 1e-12)
    assert (value_at(field, 0.0), value_at(field, 1.0)) == (field.low, field.high)


def test_integers_get_equal_shares() -> None:
    shares = [(place + 0.5) / 400 for place in range(400)]
    assert [[value_at(Integer(1, 4), share) for share in shares].count(value) for value in (1, 2, 3, 4)] == [100] * 4
    doublings = [value_at(Integer(1, 15, log=True), share) for share in shares]
    assert [sum(low <= value < 2 * low for value in doublings) for low in (1, 2, 4, 8)] == [100] * 4
