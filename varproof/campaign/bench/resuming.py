"""How long it takes to resume a campaign that has nothing left to do."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from varproof.base.errors import VarproofError
from varproof.campaign.coordinator import run_campaign
from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.result import Result
from varproof.campaign.store import Settings, Store
from varproof.claims.registry import load_claims

CLAIMS = ("softmax_perturbation", "softmax_perturbation_classical", "score_perturbation", "threshold_lemma")
NUMBERS = {"ratio": 0.5, "point": None, "instance": "x" * 3000, "size": 4}  # a worst case of usual length


class _AtOnce:
    """An executor that answers every job with the same made-up result."""

    capacity = 64

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Take a job."""
        self._jobs.append(job)

    def events(self, seconds: float) -> list[Done | Lost]:
        """All jobs are done."""
        ended = [
            Done(job, Result(job.chunk.count, job.chunk.count, worst=NUMBERS).to_json(), 0.0, "made up")
            for job in self._jobs
        ]
        self._jobs.clear()
        return list(ended)

    def close(self) -> None:
        """Nothing runs."""


@dataclass(frozen=True)
class Resumed:
    """Chunks of the finished campaign, chunks that the resumed one ran, and its wall seconds as a whole process."""

    chunks: int
    ran: int
    seconds: float


def resumed(cases: int = 850_000) -> Resumed:
    """Finish a campaign of made-up results, then time `varproof campaign resume` on it as a process of its own."""
    claims = load_claims(CLAIMS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.db"
        with Store.create(path, Settings(cases=cases, claims=CLAIMS)) as store:
            before = run_campaign(store, claims, _AtOnce())
        start = time.perf_counter()
        words = ("campaign", "resume", "--store", str(path), "--json")
        made = subprocess.run([sys.executable, "-m", "varproof", *words], capture_output=True, text=True)
        seconds = time.perf_counter() - start
    if not made.stdout.startswith("{"):
        raise VarproofError("the resumed campaign did not end", got=made.stderr[-300:])
    return Resumed(before.planned, int(json.loads(made.stdout)["run"]["ran"]), seconds)
