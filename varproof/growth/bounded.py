"""Run a pure Python computation with a limit on its seconds, without signals and without another process.

The computation runs in a daemon thread. When time is up an exception is raised inside that thread, again and again
until it ends; so it must not sit in one long call of compiled code. Sympy is pure Python and stops this way.

`total_budget` limits the seconds of all such computations of one question together.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, TypeVar

from flint import ctx

T = TypeVar("T")
_GRACE = 2.0
_LEAST = 0.05  # seconds that are worth starting for


@dataclass
class Budget:
    """The seconds `left` for the computations of one question, and how many of them were cut short by that."""

    left: float
    cuts: int = 0


_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def total_budget(seconds: float) -> Iterator[Budget]:
    """Inside, all calls of `run_bounded` together take about `seconds` at most; afterwards they end with TimeoutError.

    A call gets at most half of what is left, so that one endless computation leaves something to those after it; where
    that is as much as it asked for, the total changes nothing. A total inside another one has at most what that has
    left, and is charged to it as well. It holds for the thread that opened it.

    >>> with total_budget(0.5) as budget:
    ...     run_bounded(lambda: 6 * 7, 1.0), budget.cuts
    (42, 0)
    """
    outer = _budget.get()
    inner = Budget(seconds if outer is None else min(seconds, outer.left))
    before = inner.left
    token = _budget.set(inner)
    try:
        yield inner
    finally:
        _budget.reset(token)
        if outer is not None:
            outer.left -= before - inner.left
            outer.cuts += inner.cuts


def cuts() -> int:
    """How many computations the total budget of the current question has cut short so far; 0 without one."""
    budget = _budget.get()
    return 0 if budget is None else budget.cuts


class OutOfTimeError(BaseException):
    """Raised inside a computation whose time is up; no `except Exception` on its way swallows it."""


@contextmanager
def _quiet_hooks() -> Iterator[None]:
    """Keeps Python from printing an error of ours that met a garbage collection hook, where none can be raised."""
    previous = sys.unraisablehook

    def hook(event: sys.UnraisableHookArgs) -> None:
        if not isinstance(event.exc_value, OutOfTimeError):
            previous(event)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = previous


class _Task(Generic[T]):
    """One computation and its outcome; `stop` is safe to call at any moment."""

    value: T
    error: BaseException | None = None
    done = False
    closed = False

    def __init__(self, function: Callable[[], T]) -> None:
        self.function = function
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        while not self.closed:  # a stop may arrive in the middle of the lines below; then they run again
            try:
                if not self.done and self.error is None:
                    self._compute()
                with self.lock:
                    self.closed = True
            except OutOfTimeError as error:
                self.error = error

    def _compute(self) -> None:
        try:
            self.value = self.function()
            self.done = True
        except BaseException as error:
            self.error = error

    def stop(self) -> None:
        with _quiet_hooks():
            self._raise_until_it_ends()

    def _raise_until_it_ends(self) -> None:
        deadline = time.monotonic() + _GRACE
        while self.thread.is_alive() and time.monotonic() < deadline:
            with self.lock:
                if not self.closed:  # once closed the thread runs nothing of ours that could catch it
                    ident = ctypes.c_ulong(self.thread.ident or 0)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(OutOfTimeError))
            self.thread.join(0.05)


def run_bounded(function: Callable[[], T], seconds: float) -> T:
    """The value of `function()`; raises what it raises, and `TimeoutError` when it takes longer than `seconds`.

    Inside `total_budget` it may take less. A computation that cannot be stopped within 2 more seconds is left behind in
    its daemon thread.

    >>> run_bounded(lambda: 6 * 7, 1.0)
    42
    """
    budget = _budget.get()
    if budget is None:
        return _run(function, seconds)
    allowed = min(seconds, budget.left / 2)
    if allowed < _LEAST:
        budget.cuts += 1
        raise TimeoutError("the time for one question is used up")
    start = time.monotonic()
    try:
        return _run(function, allowed)
    except TimeoutError:
        budget.cuts += allowed < seconds
        raise
    finally:
        budget.left -= time.monotonic() - start


def _run(function: Callable[[], T], seconds: float) -> T:
    task = _Task(function)
    precision = ctx.prec
    task.thread.start()
    try:
        task.thread.join(seconds)
    finally:  # also when Ctrl-C ends the wait
        if task.thread.is_alive():
            task.stop()
            ctx.prec = precision  # the precision of balls is one global of the process
    if task.done:
        return task.value
    if task.error is None or isinstance(task.error, OutOfTimeError):
        raise TimeoutError(f"no answer within {seconds:g} s")
    raise task.error
