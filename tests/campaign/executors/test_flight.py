"""The flight record: what was written last is read, never half of it, and not that of another job."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from varproof.campaign.executors.flight import SIZE, FlightRecorder, begun, open_flight_file, read_flight


@pytest.fixture
def descriptor() -> Iterator[int]:
    opened = open_flight_file()
    yield opened
    os.close(opened)


def test_an_empty_record_names_nothing(descriptor: int) -> None:
    assert read_flight(descriptor, "job") is None
    assert not begun(descriptor, "job")


def test_the_last_case_is_read(descriptor: int) -> None:
    flight = FlightRecorder(descriptor)
    flight.begin("job")
    assert begun(descriptor, "job")
    assert read_flight(descriptor, "job") is None
    for index in (0, 1, 5, 3):
        flight.case(index, {"n": 10 * index})
        assert read_flight(descriptor, "job") == {"index": index, "point": {"n": 10 * index}}
    flight.case(512, None)
    assert read_flight(descriptor, "job") == {"index": 512, "point": None}


def test_cases_of_an_earlier_job_do_not_count(descriptor: int) -> None:
    flight = FlightRecorder(descriptor)
    flight.begin("first")
    flight.case(7, None)
    flight.case(8, None)
    assert read_flight(descriptor, "second") is None
    flight.begin("second")
    assert read_flight(descriptor, "second") is None
    assert read_flight(descriptor, "first") is None
    assert not begun(descriptor, "first")


def test_a_half_written_case_is_the_one_before_or_the_new_one(descriptor: int) -> None:
    """Dying after any number of bytes of the last record."""
    flight = FlightRecorder(descriptor)
    flight.begin("job")
    flight.case(1, {"n": "a long one that is overwritten"})
    flight.case(2, {"n": 20})
    before = os.pread(descriptor, SIZE, 0)
    flight.case(3, {"n": 30, "rho": 0.5})
    after = os.pread(descriptor, SIZE, 0)
    changed = [place for place in range(SIZE) if before[place] != after[place]]
    read = []
    for place in range(changed[0], changed[-1] + 2):
        os.pwrite(descriptor, after[:place] + before[place:], 0)
        read.append(read_flight(descriptor, "job"))
    old, new = {"index": 2, "point": {"n": 20}}, {"index": 3, "point": {"n": 30, "rho": {"float": (0.5).hex()}}}
    assert all(case in (old, new) for case in read)
    assert read[0] == old
    assert read[-1] == new
    assert read == sorted(read, key=lambda case: case["index"] if case else 0)


@pytest.mark.parametrize(
    ("point", "read"),
    [
        ({"rho": Fraction(1, 3), "x": 0.5}, {"rho": {"fraction": "1/3"}, "x": {"float": "0x1.0000000000000p-1"}}),
        ({"kind": "uniform", "seed": 2**31}, {"kind": "uniform", "seed": 2**31}),
        ("free text", "free text"),
        ((1, 2), "(1, 2)"),
        ({"n": [1, 2]}, {"n": "[1, 2]"}),
    ],
)
def test_points_are_kept_exactly_or_as_text(descriptor: int, point: object, read: object) -> None:
    flight = FlightRecorder(descriptor)
    flight.begin("job")
    flight.case(4, point)
    assert read_flight(descriptor, "job") == {"index": 4, "point": read}


@pytest.mark.parametrize(
    "point", ["x" * 10_000, {"n": "x" * 10_000}, {"n": np.arange(9)}, {"n": np.float64(2)}, object()]
)
def test_anything_else_is_cut_to_what_fits_and_is_json(descriptor: int, point: object) -> None:
    flight = FlightRecorder(descriptor)
    flight.begin("job")
    flight.case(4, None)
    flight.case(5, point)
    case = read_flight(descriptor, "job")
    assert case is not None
    assert case["index"] == 5
    assert len(json.dumps(case)) < 4000
