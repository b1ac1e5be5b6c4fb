"""A coordinator that is killed with SIGKILL again and again, at any moment: the campaign ends as a quiet one does."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from varproof.campaign.store import Settings, Store

# a campaign whose chunks take about a millisecond, with the store and the coordinator of every other one
CAMPAIGN = """
import sys, time
from varproof.campaign import coordinator, edits
from varproof.campaign.executors.executor import Done
from varproof.campaign.result import Result
from varproof.campaign.store import Settings, Store
from varproof.claims.registry import load_claims

edits.revision_of = lambda claim, module: "one"  # whatever becomes of the sources meanwhile

class Quick:
    capacity = 4
    def __init__(self):
        self.jobs, self.begun = [], False
    def submit(self, job):
        self.jobs.append(job)
    def events(self, seconds):
        if not self.begun:
            print("begun", flush=True)
            self.begun = True
        time.sleep(float(sys.argv[2]))
        ended, self.jobs = self.jobs, []
        return [
            Done(job, Result(job.chunk.count, job.chunk.seed(job.campaign_seed) % 1000).to_json(), 0.0, "quick")
            for job in ended
        ]

with Store.open(sys.argv[1], write=True) as store:
    claims = load_claims(["rank_count", "threshold_lemma", "softmax_perturbation"])
    summary = coordinator.run_campaign(store, claims, Quick())
    print(summary.ran, store.digest(), flush=True)
"""


def run(path: Path, pause: float, kill_after: float | None) -> str:
    """The coordinator's last line; empty when it was killed first."""
    command = [sys.executable, "-c", CAMPAIGN, str(path), str(pause)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if kill_after is not None:
            process.stdout.readline()
            time.sleep(kill_after)
            process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().replace("begun\n", "")
    if kill_after is None:
        assert process.returncode == 0
    return rest


def survive(folder: Path, kills: int, cases: int, pause: float, seed: int) -> None:
    for name in ("quiet.db", "killed.db"):
        Store.create(folder / name, Settings(cases=cases)).close()
    planned, digest = run(folder / "quiet.db", 0.0, None).split()
    rng, done = random.Random(seed), [0]
    while len(done) <= kills and done[-1] < int(planned):
        run(folder / "killed.db", pause, 1.5 * rng.random())
        with Store.open(folder / "killed.db") as store:
            done.append(store.counts().done)
    assert done == sorted(done), done
    assert done[-1] > 0
    ran, same = run(folder / "killed.db", 0.0, None).split()
    assert same == digest
    assert int(ran) == int(planned) - done[-1]


@pytest.mark.slow
def test_a_few_kills(tmp_path: Path) -> None:
    survive(tmp_path, 3, 2000, 0.04, 0)


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path) -> None:
    survive(tmp_path, 50, 200_000, 0.08, 1)
