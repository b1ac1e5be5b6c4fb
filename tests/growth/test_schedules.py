"""Schedules: what the texts mean, exact counts, and every kind of bad input."""

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.errors import InputError
from varproof.growth.schedules import MAX_SCALES, MAX_SIDE, Schedule, doubling, geometric, linear, parse_schedule

ratios = st.fractions(min_value=Fraction(21, 20), max_value=9, max_denominator=50)


@pytest.mark.parametrize(
    ("preset", "tokens", "attention", "dense", "masked"),
    [
        ("256", 680, 4.3706, 11.3473, 7.0612),
        ("512", 2240, 3.1184, 6.7070, 4.3951),
        ("1024", 9451, 3.3947, 7.8641, 5.0095),
    ],
)
def test_presets(preset: str, tokens: int, attention: float, dense: float, masked: float) -> None:
    schedule = parse_schedule(preset)
    assert schedule.tokens == tokens
    assert round(float(schedule.attention_constant), 4) == attention
    assert round(float(schedule.dense_constant), 4) == dense
    assert round(float(schedule.masked_constant), 4) == masked
    assert (schedule.family, schedule.name) == ("preset", preset)


def test_constants_are_exact_fractions() -> None:
    assert parse_schedule("256").attention_constant == Fraction(286434, 65536)
    assert doubling(8).attention_constant == Fraction(5797, 4096)
    assert linear(3).dense_constant == Fraction(222, 81)
    assert linear(3).masked_constant == Fraction(169, 81)


def test_texts_of_the_families() -> None:
    assert parse_schedule("doubling", 16).sides == (1, 2, 4, 8, 16)
    assert parse_schedule("ratio:3", 27).sides == (1, 3, 9, 27)
    assert parse_schedule("ratio:3/2", 16).sides == (1, 2, 3, 4, 7, 10, 16)
    assert parse_schedule("ratio:1.5", 16).sides == parse_schedule("ratio:3/2", 16).sides
    assert parse_schedule("linear", 5).sides == (1, 2, 3, 4, 5)
    assert parse_schedule(" 1, 2 ,4 ").sides == (1, 2, 4)
    assert parse_schedule("7,").sides == (7,)
    assert parse_schedule("256", 16).side == 16


@given(st.integers(1, 5000), ratios)
def test_geometric_schedules_end_at_n_and_shrink(n: int, ratio: Fraction) -> None:
    schedule = geometric(n, ratio)
    assert schedule.side == n
    assert schedule.sides[0] == 1 or schedule.sides[0] < ratio
    assert schedule.shrinks_by(ratio)
    assert list(schedule.sides) == sorted({int(n / ratio**i) for i in range(400)} - {0})


def test_shrinking_is_decided_exactly() -> None:
    assert doubling(64).shrinks_by(2)
    assert not doubling(64).shrinks_by(Fraction(2) + Fraction(1, 10**30))
    assert parse_schedule("256").shrinks_by(Fraction(16, 13))
    assert not parse_schedule("256").shrinks_by(Fraction(16, 13) + Fraction(1, 10**9))
    assert not linear(10).shrinks_by(2)


@given(st.sets(st.integers(1, 60), min_size=1, max_size=12))
def test_counts_by_listing_tokens(sides: set[int]) -> None:
    schedule = Schedule(tuple(sorted(sides)))
    level = [k for k, side in enumerate(schedule.sides) for _ in range(side**2)]
    assert schedule.tokens == len(level)
    per_level = np.bincount(level)
    visible = np.cumsum(per_level)
    assert schedule.attention_pairs == int((per_level * visible).sum())
    assert schedule.counts.dense == int((visible**2).sum())
    assert schedule.counts.masked == int(np.cumsum(per_level * visible).sum())


def test_numpy_integers_become_python_integers() -> None:
    schedule = Schedule((np.int32(1), np.int32(60_000)))  # type: ignore[arg-type]  # accepted at run time
    assert schedule.tokens_per_scale[-1] == 3_600_000_000
    assert all(type(side) is int for side in schedule.sides)


@pytest.mark.parametrize(
    "text",
    ["", "doublin", "ratio", "ratio:", "ratio:1", "ratio:0.5", "ratio:-2", "ratio:nan", "ratio:1e400", "ratio:1/0", "7",
     "1,2,2", "2,1", "0,1", "1,-2", "1,2.5", "1,,2", "1,2,..", "1;2", "a,b", "1,2,x", "٣,٤", "linear:3", "1 2 4"],
)  # fmt: skip
def test_bad_texts_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_schedule(text, 16)


@pytest.mark.parametrize("text", ["1,2,2", "2,1", "0,1", "1,2,..", "7", "257", "1,,2"])
def test_bad_lists_are_refused_without_n(text: str) -> None:
    with pytest.raises(InputError):
        parse_schedule(text)


@pytest.mark.parametrize("text", ["doubling", "ratio:2", "linear"])
@pytest.mark.parametrize("n", [None, 0, -1, 1.5, True, "8", 10**400, Fraction(8)])
def test_missing_and_absurd_sides_are_refused(text: str, n: object) -> None:
    with pytest.raises(InputError):
        parse_schedule(text, n)  # type: ignore[arg-type]  # wrong on purpose


def test_n_must_agree_with_a_fixed_schedule() -> None:
    with pytest.raises(InputError, match="differs"):
        parse_schedule("256", 32)
    with pytest.raises(InputError, match="differs"):
        parse_schedule("1,2,4", 8)


def test_doubling_names_its_neighbours() -> None:
    with pytest.raises(InputError) as caught:
        doubling(24)
    assert "16 or 32" in str(caught.value)
    assert "ratio:2" in str(caught.value)
    assert geometric(24, 2).sides == (1, 3, 6, 12, 24)


@pytest.mark.parametrize("sides", [(), "12", None, 5, (1, 1), (2, 1), (0, 1), (1, 2.0), (1, True), (-1, 2), (1, "2")])
def test_bad_sides_are_refused(sides: object) -> None:
    with pytest.raises(InputError):
        Schedule(sides)  # type: ignore[arg-type]  # wrong on purpose


def test_caps_are_met_at_once() -> None:
    start = time.monotonic()
    for call in (
        lambda: linear(10**9),
        lambda: linear(MAX_SCALES + 1),
        lambda: geometric(2**900, Fraction(10**9, 10**9 - 1)),
        lambda: geometric(4, Fraction(10**9 + 1, 10**9)),
        lambda: geometric(16, 1),
        lambda: geometric(16, 1.5),  # type: ignore[arg-type]  # wrong on purpose
        lambda: Schedule(tuple(range(1, MAX_SCALES + 2))),
        lambda: doubling(2 * MAX_SIDE),
        lambda: parse_schedule("1," * 300_000),
    ):
        with pytest.raises(InputError):
            call()
    assert time.monotonic() - start < 30  # a hang, not a speed, is what this guards against
    assert doubling(MAX_SIDE).number_of_scales == 1001
    assert linear(MAX_SCALES).number_of_scales == MAX_SCALES
