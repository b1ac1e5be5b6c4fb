"""Run a pure Python computation with a limit on its seconds, without signals and without another process.

The computation runs in a daemon thread. When time is up an exception is raised inside that thread, again and again
until it ends; so it must not sit in one long call of compiled code. Sympy is pure Python and stops this way.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from flint import ctx

T = TypeVar("T")
_GRACE = 2.0


class OutOfTimeError(BaseException):
    """Raised inside a computation whose time is up; no `except Exception` on its way swallows it."""


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
        deadline = time.monotonic() + _GRACE
        while self.thread.is_alive() and time.monotonic() < deadline:
            with self.lock:
                if not self.closed:  # once closed the thread runs nothing of ours that could catch it
                    ident = ctypes.c_ulong(self.thread.ident or 0)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(OutOfTimeError))
            self.thread.join(0.05)


def run_bounded(function: Callable[[], T], seconds: float) -> T:
    """The value of `function()`; raises what it raises, and `TimeoutError` when it takes longer than `seconds`.

    A computation that cannot be stopped within 2 more seconds is left behind in its daemon thread.

    >>> run_bounded(lambda: 6 * 7, 1.0)
    42
    """
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
