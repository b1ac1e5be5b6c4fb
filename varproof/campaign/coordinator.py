"""The coordinator of a campaign: hands out chunks, takes what comes back, saves it, and can be killed at any time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varproof.campaign import replays
from varproof.campaign.attempts import MEMORY, Attempts
from varproof.campaign.chunk import Chunk
from varproof.campaign.edits import Edits
from varproof.campaign.executors.executor import Executor
from varproof.campaign.failure_files import FailureFiles, SaveReplay
from varproof.campaign.plan import plan
from varproof.campaign.store import TRIED, Outcome, Store
from varproof.claims.model import Claim

SAVE_SECONDS = 1.0  # what ended is saved at least so often,
SAVE_CHUNKS = 50  # and at least after so many chunks
POLL = 0.2  # seconds to wait for the next event: a time limit is noticed so late

Replay = Callable[[Path, Sequence[Claim]], Any]


@dataclass(frozen=True)
class Summary:
    """How a run of the coordinator ended.

    `ran` counts the chunks that it finished itself, `stopped` is "", "time limit" or "claims edited" (meanwhile).
    `replays` are the files of saved failures that ran first, each with what came of it; `failures` the replay files of
    this campaign's violations.
    """

    planned: int
    done: int
    lost: int
    ran: int
    stopped: str
    replays: tuple[tuple[Path, Any], ...]
    failures: tuple[Path, ...]

    @property
    def complete(self) -> bool:
        """Whether every chunk of the plan is finished."""
        return self.done + self.lost == self.planned


def run_campaign(
    store: Store,
    claims: Sequence[Claim],
    executor: Executor,
    *,
    time_limit: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    chunk_seconds: float | None = None,
    memory: int = MEMORY,
    replay: Replay = replays.replay,
    save_replay: SaveReplay = replays.save_replay,
    retry_lost: bool = False,
) -> Summary:
    """Run what is unfinished of the store's campaign; the caller closes the executor and the store.

    Replays of the store's folder run first, then the chunks that are not finished at their claim's revision.
    `time_limit` (seconds) stops new chunks and waits for those that run. `chunk_seconds` is the hard limit of wall time
    of one chunk (default: 20 times what its attack expects, at least 60 s), `memory` bytes of a worker (0: no limit).
    Chunks of a claim whose files are edited meanwhile are not kept and not run; the next run plans them anew.
    A chunk is tried three times, the third time case by case, then it is lost; `retry_lost` tries lost ones again.
    `on_progress` is told the finished and the planned chunks. On any exception, Ctrl-C included, what has ended is
    saved before it goes on to the caller.

    Raises `InputError` for a claim without an attack, `StoreError` where the store cannot be written.
    """
    deadline = None if time_limit is None else time.monotonic() + time_limit
    settings = store.settings
    made = plan(claims, cases=settings.cases, seed=settings.seed)
    edits = Edits(claims, settings.claims_module)
    store.begin(made, edits.revisions)
    replayed = tuple((path, replay(path, claims)) for path in replays.replay_files(store.replays))
    attempts = Attempts(claims, settings.seed, store.attempts(), seconds=chunk_seconds, memory=memory)
    failures = FailureFiles(store.replays, save_replay, attempts.subject, settings.seed)
    failures.see((row.chunk, row.result.failure) for row in store.failed() if row.result and row.result.failure)
    run = _Run(store, executor, attempts, failures, edits, on_progress)
    stopped = run.through(deque(store.pending(lost=retry_lost)), deadline)
    counts = store.counts()
    written = tuple(failures.written)
    return Summary(counts.planned, counts.done, counts.lost, run.finished, stopped, replayed, written)


class _Run:
    """The loop, and what has ended but is not saved yet."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        attempts: Attempts,
        failures: FailureFiles,
        edits: Edits,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self._store, self._executor, self._attempts, self._failures = store, executor, attempts, failures
        self._edits, self._on_progress = edits, on_progress
        self._planned = store.counts().planned
        self._unsaved: list[Outcome] = []
        self._saved = time.monotonic()
        self.finished = 0  # and saved

    def through(self, waiting: deque[Chunk], deadline: float | None) -> str:
        """Until nothing waits or the time is up; returns why it stopped early."""
        ended, running = self._planned - len(waiting), 0
        try:
            while True:
                open_for_more = deadline is None or time.monotonic() < deadline
                while waiting and open_for_more and running < self._executor.capacity:
                    chunk = waiting.popleft()
                    if chunk.claim not in self._edits.edited:
                        self._executor.submit(self._attempts.job(chunk))
                        running += 1
                if not running:
                    break
                for event in self._executor.events(POLL):
                    running -= 1
                    outcome = self._attempts.ended(event)
                    self._unsaved.append(outcome)
                    if outcome.status == TRIED:
                        waiting.appendleft(outcome.chunk)
                    else:
                        ended += 1
                if self._on_progress is not None:
                    self._on_progress(ended, self._planned)
                if len(self._unsaved) >= SAVE_CHUNKS or time.monotonic() - self._saved >= SAVE_SECONDS:
                    self._save()
        finally:
            self._save()
        if waiting:
            return "time limit"
        return "claims edited" if self._edits.edited else ""

    def _save(self) -> None:
        self._saved = time.monotonic()
        self._edits.look(one.chunk.claim for one in self._unsaved)
        batch = [one for one in self._unsaved if one.chunk.claim not in self._edits.edited]
        if batch:
            self._store.save(batch)
        self._unsaved = []  # only now: what an interrupt stops here is saved on the way out
        self.finished += sum(one.status != TRIED for one in batch)
        results = ((one.chunk, one.result) for one in batch if one.result is not None)
        self._failures.see((chunk, result["failure"]) for chunk, result in results if result.get("failure"))
