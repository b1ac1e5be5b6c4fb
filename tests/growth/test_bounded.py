"""A computation that takes too long is stopped, whatever it catches; a quick one is left alone."""

import threading
import time

import pytest
from flint import ctx

from varproof.growth.bounded import _Task, run_bounded


def spin() -> None:
    while True:
        pass


def stubborn() -> None:
    while True:
        try:
            spin()
        except Exception:
            continue


def very_stubborn() -> None:
    for _ in range(3):
        try:
            spin()
        except BaseException:
            continue
    spin()


def test_values_and_errors_pass_through() -> None:
    assert run_bounded(lambda: [1, 2], 5.0) == [1, 2]
    assert run_bounded(lambda: None, 5.0) is None
    with pytest.raises(ZeroDivisionError):
        run_bounded(lambda: 1 // 0, 5.0)
    with pytest.raises(KeyboardInterrupt):
        run_bounded(lambda: (_ for _ in ()).throw(KeyboardInterrupt()), 5.0)


@pytest.mark.parametrize("function", [spin, stubborn, very_stubborn])
def test_endless_computations_end(function) -> None:
    before = threading.active_count()
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.1 s"):
        run_bounded(function, 0.1)
    assert time.monotonic() - start < 2.5
    assert threading.active_count() == before


def test_the_precision_of_balls_survives_a_stopped_computation() -> None:
    def raised() -> None:
        ctx.prec = 999
        spin()

    before = ctx.prec
    with pytest.raises(TimeoutError):
        run_bounded(raised, 0.05)
    assert ctx.prec == before


def test_a_computation_that_just_ended_is_not_interrupted() -> None:
    survived = []

    def closing() -> None:
        for _ in range(30):
            time.sleep(0.01)
        survived.append(True)

    task: _Task[None] = _Task(lambda: None)
    task.closed = True
    task.thread = threading.Thread(target=closing)
    task.thread.start()
    task.stop()
    assert survived == [True]


def test_many_stops_leave_no_thread_and_no_stray_error() -> None:
    # a stray error in a thread is a warning, and warnings are errors
    before = threading.active_count()
    for i in range(60):
        with pytest.raises(TimeoutError):
            run_bounded(spin, 0.001 * (i % 5))
    assert threading.active_count() == before
    assert run_bounded(lambda: 3, 1.0) == 3
