"""Supervised workers on this machine: a case may do what it likes, only its own attempt is lost."""

from __future__ import annotations

import selectors
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

from varproof.base.errors import InputError, VarproofError
from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.executors.process import START_SECONDS, WorkerProcess, WorkerSettings

MOST = 256  # workers
LOOK_SECONDS = 0.5  # between two looks at workers whose end the system does not tell
FAILED_STARTS = 3  # in a row, then something is wrong with more than one worker


class WorkersError(VarproofError):
    """No worker can be started here."""

    exit_code = 5


class LocalExecutor:
    """`workers` processes, each started when it is needed and replaced when it ends.

    `claims_module` is a user's file of claims. The workers end with the thread that uses the executor. Raises
    `InputError` for a number of workers that makes no sense; `events` raises it for a file of claims that cannot be
    used, and `WorkersError` when workers end before they are ready.
    """

    def __init__(
        self,
        workers: int,
        claims_module: Path | None = None,
        *,
        settings: WorkerSettings | None = None,
        name: str = "local/",
    ) -> None:
        if not 1 <= workers <= MOST:
            raise InputError("number of workers", got=workers, allowed=f"1 to {MOST}", hint="one per core is plenty")
        module = None if claims_module is None else str(claims_module.absolute())
        self._settings = replace(settings or WorkerSettings(), claims_module=module)
        self._most = workers
        self._name = name
        self._waiting: deque[Job] = deque()
        self._workers: list[WorkerProcess] = []
        self._happened: list[Done | Lost] = []
        self._again: deque[Job] = deque(maxlen=MOST)
        self._failed = 0
        self._selector = selectors.DefaultSelector()

    @property
    def capacity(self) -> int:
        """Twice the workers: each finds its next job waiting."""
        return 2 * self._most

    def submit(self, job: Job) -> None:
        """Take a job."""
        self._waiting.append(job)
        self._hand_out()

    def events(self, seconds: float) -> list[Done | Lost]:
        """What ended, waiting at most so long for the first; at once when there is no job at all."""
        until = time.monotonic() + seconds
        while True:
            self._look()
            now = time.monotonic()
            if self._happened or now >= until or not (self._waiting or any(w.job for w in self._workers)):
                happened, self._happened = self._happened, []
                return happened
            nearest = min([until, *(worker.deadline for worker in self._workers)])
            if not all(worker.tells_its_end for worker in self._workers):
                nearest = min(nearest, now + LOOK_SECONDS)
            self._selector.select(max(nearest - now, 0))

    def close(self) -> None:
        """Kill all workers; jobs that run or wait are dropped."""
        self._waiting.clear()
        for worker in self._workers:
            worker.kill()
        for worker in list(self._workers):
            self._forget(worker)
        self._selector.close()

    def _look(self) -> None:
        """Hear every worker, end those over their limit, bury the dead, hand out what waits."""
        for worker in list(self._workers):
            gone = worker.ended()  # asked before reading: nothing is said after it
            event = worker.read()
            if event is not None:
                self._happened.append(event)
            if worker.ready:
                self._failed = 0
            if gone:
                self._bury(worker)
            elif time.monotonic() > worker.deadline:
                worker.kill(f"time limit of {worker.job.seconds:g} s" if worker.job else "not ready in time")
        self._hand_out()

    def _bury(self, worker: WorkerProcess) -> None:
        if worker.job is not None and worker.job not in self._again:
            untouched = worker.untouched()
            if untouched is not None:
                self._again.append(untouched)  # once: a case may have spoilt the flight record
                self._waiting.appendleft(untouched)
        lost = worker.lost()
        if lost is not None:
            self._happened.append(lost)
        self._forget(worker)
        if worker.refused is not None:
            message, got, allowed, hint = worker.refused
            raise InputError(message, got=got, allowed=allowed, hint=hint)
        if not worker.ready:
            self._failed += 1
            if self._failed >= FAILED_STARTS:
                raise WorkersError(
                    "no worker gets ready",
                    got=f"{self._failed} ended or took more than {START_SECONDS:g} s before their first job",
                    hint="see what they wrote above; --executor inline runs without workers",
                )

    def _hand_out(self) -> None:
        for worker in self._workers:
            if self._waiting and worker.free and not worker.ended():
                worker.give(self._waiting.popleft())
        starting = sum(not worker.ready for worker in self._workers)
        usable = sum(not worker.leaving for worker in self._workers)
        for _ in range(min(len(self._waiting) - starting, self._most - usable)):
            try:
                worker = WorkerProcess(self._settings, self._name)
            except OSError as error:
                raise WorkersError("no process can be started", got=error, hint="fewer workers need less") from error
            self._workers.append(worker)
            for descriptor in worker.watched:
                self._selector.register(descriptor, selectors.EVENT_READ)

    def _forget(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        for descriptor in worker.watched:
            self._selector.unregister(descriptor)
        worker.dispose()
