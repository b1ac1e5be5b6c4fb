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

T = TypeVar("T")
_GRACE = 2.0


class OutOfTimeError(BaseException):
    """Raised inside a computation whose time is up; no `except Exception` on its way swallows it."""


class _Outcome(Generic[T]):
    value: T
    error: BaseException | None = None
    done = False


def run_bounded(function: Callable[[], T], seconds: float) -> T:
    """The value of `function()`; raises what it raises, and `TimeoutError` when it takes longer than `seconds`.

    >>> run_bounded(lambda: 6 * 7, 1.0)
    42
    """
    outcome: _Outcome[T] = _Outcome()

    def work() -> None:
        try:
            outcome.value = function()
            outcome.done = True
        except BaseException as error:
            outcome.error = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _stop(thread)
    if outcome.done:
        return outcome.value
    if outcome.error is None or isinstance(outcome.error, OutOfTimeError):
        raise TimeoutError(f"no answer within {seconds:g} s")
    raise outcome.error


def _stop(thread: threading.Thread) -> None:
    deadline = time.monotonic() + _GRACE
    while thread.is_alive() and time.monotonic() < deadline:
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(OutOfTimeError))
        thread.join(0.05)
