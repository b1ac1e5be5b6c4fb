"""Progress for anything longer than two seconds: a bar on a terminal, otherwise one line per 30 seconds, on stderr."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from varproof.cli.output import talk

BAR_AFTER = 2.0  # seconds
LINE_EVERY = 30.0  # seconds


class _Meter:
    """Counts steps and decides when to speak; `clock` is replaceable so that tests need not wait."""

    def __init__(self, label: str, total: int, console: Console, clock: Callable[[], float]) -> None:
        self.label, self.total, self.console, self.clock = label, total, console, clock
        self.started = self.spoken = clock()
        self.done = 0
        self.bar: Progress | None = None
        self.task: TaskID | None = None

    def advance(self, steps: int = 1) -> None:
        """Count `steps` more and show them if it is time."""
        self.done += steps
        now = self.clock()
        if self.console.is_terminal:
            self._show_bar(now)
        elif now - self.spoken >= LINE_EVERY:
            self.spoken = now
            self.console.print(f"{self.label}: {self.done} of {self.total} after {now - self.started:.0f} s")

    def _show_bar(self, now: float) -> None:
        if self.bar is None and now - self.started >= BAR_AFTER:
            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=self.console,
                transient=True,
            )
            self.bar.start()
            self.task = self.bar.add_task(self.label, total=self.total)
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=self.done)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()


@contextmanager
def progress(
    label: str, total: int, *, console: Console | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[..., None]]:
    """Yield `advance(steps=1)`, to be called after each of `total` steps; nothing is shown in the first two seconds.

    >>> with progress("cells", 3) as advance:
    ...     for _ in range(3):
    ...         advance()
    """
    meter = _Meter(label, total, console or talk(), clock)
    try:
        yield meter.advance
    finally:
        meter.close()


@contextmanager
def working(
    label: str, *, console: Console | None = None, after: float = BAR_AFTER, every: float = LINE_EVERY
) -> Iterator[None]:
    """Tell that one long step goes on: a spinner on a terminal after `after` seconds, else a line per `every` seconds.

    >>> with working("searching"):
    ...     pass
    """
    shown = console or talk()
    stop = threading.Event()
    speaker = threading.Thread(target=_speak, args=(label, shown, stop, after, every), daemon=True)
    speaker.start()
    try:
        yield
    finally:
        stop.set()
        speaker.join()


def _speak(label: str, console: Console, stop: threading.Event, after: float, every: float) -> None:
    if console.is_terminal:
        if not stop.wait(after):
            with console.status(label):
                stop.wait()
        return
    elapsed = every
    while not stop.wait(every):
        console.print(f"{label}: {elapsed:.0f} s so far")
        elapsed += every
