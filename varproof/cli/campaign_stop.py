"""Ctrl-C that cannot get lost: Python drops a KeyboardInterrupt that falls into a callback of the garbage collector."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from varproof.base.errors import printable
from varproof.cli.output import talk


class Stop:
    """Handles SIGINT as Python does, and remembers it; `kept` says that there is a store to go on with."""

    def __init__(self) -> None:
        self.asked = False
        self.kept = False

    def __call__(self, *_: object) -> None:
        self.asked = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raises `KeyboardInterrupt` where there was one that has been swallowed since."""
        if self.asked:
            raise KeyboardInterrupt

    def unraisable(self, seen: sys.UnraisableHookArgs) -> None:
        """Python's complaint about an exception it swallows, but for the one that `check` raises again."""
        if not (self.asked and seen.exc_type is KeyboardInterrupt):
            sys.__unraisablehook__(seen)


@contextmanager
def stoppable() -> Iterator[Stop]:
    """A `Stop` that gets the Ctrl-C of the main thread; call its `check` from time to time.

    >>> with stoppable() as stop:
    ...     stop.check()
    """
    stop = Stop()
    hook = sys.unraisablehook
    try:
        before = signal.signal(signal.SIGINT, stop)
    except ValueError:  # another thread gets no signals
        yield stop
        return
    sys.unraisablehook = stop.unraisable
    try:
        yield stop
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, before)


@contextmanager
def resumable(store: Path) -> Iterator[Stop]:
    """`stoppable` for a campaign: after a Ctrl-C it says how to go on, where there is a `store` already."""
    with stoppable() as stop:
        try:
            yield stop
            stop.check()
        except KeyboardInterrupt:
            if stop.kept:
                again = printable(shlex.quote(str(store)))
                talk().print(f"stopped; varproof campaign resume --store {again} goes on", soft_wrap=True)
            raise
