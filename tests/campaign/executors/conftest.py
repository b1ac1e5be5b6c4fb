"""Shared by the tests of executors: jobs, what becomes of them, and which processes there are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from varproof.campaign.chunk import Chunk
from varproof.campaign.executors.executor import Done, Executor, Job, Lost
from varproof.campaign.plan import plan
from varproof.claims.registry import load_claims

POISON = Path(__file__).parent / "poison_claims.py"
MEMORY = 2**28


def job(claim: str, index: int = 0, *, count: int = 10, seconds: float = 60.0, memory: int = MEMORY) -> Job:
    return Job(Chunk(claim, "statement", "exhaustive", (), index, count), 0, 1, seconds, memory)


def one_of_each_arm() -> list[Chunk]:
    """Small chunks of the ledger's claims."""
    planned = plan(load_claims(["softmax_perturbation", "rank_count"]), cases=20).chunks
    first = {chunk.arm: chunk for chunk in planned[::-1] if chunk.claim == "softmax_perturbation"}
    first["exhaustive"] = next(chunk for chunk in planned if chunk.arm == "exhaustive")
    first["worst-ratio"] = replace(first["worst-ratio"], count=100)
    return [chunk for arm, chunk in first.items() if arm != "power"]


def ended(executor: Executor, jobs: Iterable[Job], limit: float = 60.0) -> dict[str, Done | Lost]:
    """All jobs handed in as fast as there is room; their events by chunk id, none of them twice."""
    waiting, held, found = list(jobs), 0, {}
    until = time.monotonic() + limit
    while waiting or held:
        assert time.monotonic() < until, (waiting, held)
        while waiting and held < executor.capacity:
            executor.submit(waiting.pop(0))
            held += 1
        for event in executor.events(1.0):
            assert event.job.chunk.id not in found
            found[event.job.chunk.id] = event
            held -= 1
    return found


def soon(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def processes(text: str = "varproof.campaign.executors.worker") -> dict[int, int]:
    """The processes with `text` in their command lines that are no zombies, with their parents."""
    found = {}
    for name in os.listdir("/proc"):
        try:
            line = Path("/proc", name, "cmdline").read_bytes() if name.isdigit() else b""
            if text.encode() in line:
                state, parent = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    found[int(name)] = int(parent)
        except OSError:
            continue
    return found


def children(of: int, text: str = "varproof.campaign.executors.worker") -> set[int]:
    return {pid for pid, parent in processes(text).items() if parent == of}


@pytest.fixture(scope="session")
def tools() -> SimpleNamespace:
    shared = (job, one_of_each_arm, ended, soon, processes, children)
    return SimpleNamespace(POISON=POISON, **{function.__name__: function for function in shared})
