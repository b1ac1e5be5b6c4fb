"""What the coordinator asks of an executor: take jobs, tell what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from varproof.campaign.chunk import Chunk


@dataclass(frozen=True)
class Job:
    """One attempt at a chunk. `single` runs it case by case with a flight record of each, to name a case that kills.

    `seconds` is the hard limit of wall time, `memory` bytes a worker may have beyond what it starts with (0: no limit).
    """

    chunk: Chunk
    campaign_seed: int
    attempt: int
    seconds: float
    memory: int
    single: bool = False


@dataclass(frozen=True)
class Done:
    """A chunk that ran to its end: its result as plain data."""

    job: Job
    result: Mapping[str, Any]
    seconds: float
    worker: str


@dataclass(frozen=True)
class Lost:
    """An attempt that ended without a result: why, and the case that was running as far as the flight record knows."""

    job: Job
    reason: str  # "killed by signal 9", "time limit of 60 s", "memory limit", "worker ended with exit code 3", ...
    case: Mapping[str, Any] | None
    worker: str


class Executor(Protocol):
    """Runs jobs somewhere. Not thread-safe: one coordinator owns it."""

    @property
    def capacity(self) -> int:
        """How many jobs it wants to hold at once."""
        ...

    def submit(self, job: Job) -> None:
        """Take a job."""
        ...

    def events(self, seconds: float) -> list[Done | Lost]:
        """What ended, waiting at most so long for the first."""
        ...

    def close(self) -> None:
        """Stop everything, at once; jobs that run are dropped."""
        ...
