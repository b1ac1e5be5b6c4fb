"""A computation that takes too long is stopped, whatever it catches; a quick one is left alone."""

import sys
import threading
import time
from types import SimpleNamespace

import pytest
from flint import ctx

from varproof.growth.bounded import OutOfTimeError, _quiet_hooks, _Task, cuts, run_bounded, total_budget


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


def test_a_total_ends_many_endless_computations() -> None:
    start = time.monotonic()
    with total_budget(0.8) as budget:
        for _ in range(50):
            with pytest.raises(TimeoutError):
                run_bounded(spin, 5.0)
        assert cuts() == budget.cuts == 50
        with pytest.raises(TimeoutError, match="the time for one question is used up"):
            run_bounded(lambda: 1, 5.0)
    assert time.monotonic() - start < 2
    assert cuts() == 0
    assert run_bounded(lambda: 1, 5.0) == 1


def test_a_total_leaves_quick_computations_and_their_errors_alone() -> None:
    with total_budget(10.0) as budget:
        assert [run_bounded(lambda: 3, 5.0) for _ in range(20)] == [3] * 20
        with pytest.raises(ZeroDivisionError):
            run_bounded(lambda: 1 // 0, 5.0)
        with pytest.raises(TimeoutError, match=r"0\.1 s"):  # its own limit, not the total
            run_bounded(spin, 0.1)
        assert budget.cuts == 0
        assert 9.0 < budget.left < 9.95


def test_one_endless_computation_takes_at_most_half() -> None:
    with total_budget(1.0) as budget:
        with pytest.raises(TimeoutError, match=r"0\.5 s"):
            run_bounded(spin, 5.0)
        assert 0.2 < budget.left < 0.55


def test_a_total_inside_another_is_charged_to_it() -> None:
    with total_budget(1.0) as outer:
        with total_budget(60.0) as inner:
            assert inner.left == 1.0
            with pytest.raises(TimeoutError):
                run_bounded(spin, 5.0)
        assert outer.left == inner.left < 0.55
        assert (outer.cuts, inner.cuts) == (1, 1)
        with total_budget(0.0), pytest.raises(TimeoutError):
            run_bounded(lambda: 1, 5.0)
        assert run_bounded(lambda: 1, 5.0) == 1
    assert outer.cuts == 2


def test_an_error_ends_the_total() -> None:
    with pytest.raises(KeyError), total_budget(0.0):
        raise KeyError
    assert run_bounded(lambda: 1, 5.0) == 1


def test_only_our_error_is_kept_quiet_in_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda event: seen.append(type(event.exc_value)))
    with _quiet_hooks():
        for error in (OutOfTimeError(), ValueError()):
            sys.unraisablehook(SimpleNamespace(exc_value=error))
    assert seen == [ValueError]
    sys.unraisablehook(SimpleNamespace(exc_value=OutOfTimeError()))
    assert seen == [ValueError, OutOfTimeError]
