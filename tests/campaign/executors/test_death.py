"""However the coordinator dies, its workers die with it, even those that hold the interpreter in a loop in C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and processes are looked at as Linux has them")

# Ctrl-C is heard also where the tests run in the background of a shell, which ignores it for them
COORDINATOR = """
import signal
import sys
from pathlib import Path
from varproof.campaign.chunk import Chunk
from varproof.campaign.executors.executor import Job
from varproof.campaign.executors.local import LocalExecutor
signal.signal(signal.SIGINT, signal.default_int_handler)
executor = LocalExecutor(2, Path(sys.argv[1]))
for count, name in enumerate(sys.argv[2:], 8):
    executor.submit(Job(Chunk(name, "statement", "exhaustive", (), 0, count), 0, 1, 600.0, 0))
while True:
    for event in executor.events(600.0):
        sys.stdout.write(type(event).__name__ + "\\n")
        sys.stdout.flush()
"""


@contextmanager
def _started(tools: SimpleNamespace, *names: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", COORDINATOR, str(tools.POISON), *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    ) as coordinator:
        try:
            yield coordinator
        finally:
            coordinator.kill()  # a test that fails must not wait for it


def _working(tools: SimpleNamespace, coordinator: subprocess.Popen[str]) -> set[int]:
    """The workers, once they burn time in their cases."""

    def ticks(pid: int) -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    workers: set[int] = tools.children(coordinator.pid)
    assert tools.soon(lambda: len(tools.children(coordinator.pid)) == 2)
    workers = tools.children(coordinator.pid)
    assert tools.soon(lambda: all(ticks(pid) > 60 for pid in workers), 20)
    return workers


@pytest.mark.parametrize(
    ("how", "case"),
    [
        ("kill", "poison_c_loop"),
        ("group", "poison_loop"),
        pytest.param("terminate", "poison_c_loop", marks=pytest.mark.slow),
        pytest.param("group", "poison_c_loop", marks=pytest.mark.slow),
    ],
)
def test_workers_die_with_their_coordinator(tools: SimpleNamespace, how: str, case: str) -> None:
    with _started(tools, case, case) as coordinator:
        workers = _working(tools, coordinator)
        if how == "group":
            os.killpg(coordinator.pid, signal.SIGKILL)
        else:
            os.kill(coordinator.pid, signal.SIGKILL if how == "kill" else signal.SIGTERM)
        coordinator.wait()
        assert tools.soon(lambda: not workers & set(tools.processes()), 3)


def test_ctrl_c_does_not_reach_the_workers(tools: SimpleNamespace) -> None:
    with _started(tools, "poison_slow", "poison_slow") as coordinator:
        assert tools.soon(lambda: len(tools.children(coordinator.pid)) == 2)
        workers = tools.children(coordinator.pid)
        time.sleep(0.5)  # past the start of the interpreter
        for pid in workers:
            os.kill(pid, signal.SIGINT)
        assert coordinator.stdout is not None
        assert [coordinator.stdout.readline().strip() for _ in workers] == ["Done", "Done"]
        os.killpg(coordinator.pid, signal.SIGINT)
        assert coordinator.wait(timeout=10) == -signal.SIGINT
        assert tools.soon(lambda: not workers & set(tools.processes()), 3)


def test_a_coordinator_that_is_stopped_for_a_while_loses_nothing(tools: SimpleNamespace) -> None:
    """Ctrl-Z and fg: time limits that passed meanwhile do not count against what is finished."""
    with _started(tools, "poison_slow") as coordinator:
        assert tools.soon(lambda: len(tools.children(coordinator.pid)) == 1)
        time.sleep(0.4)
        os.killpg(coordinator.pid, signal.SIGSTOP)
        time.sleep(1.5)
        os.killpg(coordinator.pid, signal.SIGCONT)
        assert coordinator.stdout is not None
        assert coordinator.stdout.readline().strip() == "Done"
