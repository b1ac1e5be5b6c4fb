"""Chunks in this very process: for debugging and for machines that may start no other; a case that kills, kills."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from pathlib import Path

from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.executors.running import RUNNER, ChunkRunner, reason_of
from varproof.campaign.recorder import Silent

NAME = "inline"


class InlineExecutor:
    """Runs one job per call of `events`; limits of time and memory do not apply.

    Raises `InputError` for a file of claims that cannot be used.
    """

    capacity = 1

    def __init__(self, claims_module: Path | None = None, *, runner: str = RUNNER) -> None:
        self._runner = ChunkRunner(claims_module, runner)
        self._waiting: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Take a job."""
        self._waiting.append(job)

    def events(self, seconds: float) -> list[Done | Lost]:
        """What became of the next job, which runs now; nothing when there is none. Ctrl-C leaves it untaken."""
        if not self._waiting:
            return []
        job = self._waiting[0]
        start = time.monotonic()
        try:
            with contextlib.redirect_stdout(sys.stderr):  # what a claim prints is no result
                found = self._runner.run(job, Silent())
            event: Done | Lost = Done(job, found, time.monotonic() - start, NAME)
        except (Exception, SystemExit) as error:  # a claim's sys.exit(0) must not end the campaign as if it were met
            event = Lost(job, reason_of(error), None, NAME)
        self._waiting.popleft()
        return [event]

    def close(self) -> None:
        """Drop what waits."""
        self._waiting.clear()
