"""Workers lose only what kills them, say which case it was, and are gone when they should be."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from varproof.base.errors import InputError
from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.executors.inline import InlineExecutor
from varproof.campaign.executors.local import LocalExecutor, WorkersError
from varproof.campaign.executors.process import WorkerSettings
from varproof.campaign.result import Result

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and processes are looked at as Linux has them")

LIMIT = 1.5  # seconds of a job that never ends
KILLS = {
    "kill": "killed by signal 9",
    "segfault": "killed by signal 11",
    "abort": "killed by signal 6",
    "exit": "worker ended with exit code 3",
    "forked": "killed by signal 9",
    "loop": f"time limit of {LIMIT:g} s",
    "c_loop": f"time limit of {LIMIT:g} s",
    "sleeper": f"time limit of {LIMIT:g} s",
}
ENDLESS = ("loop", "c_loop", "sleeper")
HARMLESS = ("talking", "thread", "interrupt")
TOO_LARGE = ("memory", "array", "large")


Opened = Callable[[Any], Any]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Closes an executor at the end, also when the test fails."""
    with ExitStack() as stack:
        yield lambda executor: stack.enter_context(closing(executor))


@pytest.fixture
def local(tools: SimpleNamespace, opened: Opened) -> LocalExecutor:
    executor: LocalExecutor = opened(LocalExecutor(1, tools.POISON))
    return executor


@pytest.fixture(scope="module")
def events(tools: SimpleNamespace) -> dict[str, Done | Lost]:
    """One campaign with every evil in it, and good chunks around each."""
    jobs = []
    for index, name in enumerate([*KILLS, *TOO_LARGE, *HARMLESS, "shouting", "system_exit"]):
        jobs.append(tools.job(f"poison_{name}", seconds=LIMIT if name in ENDLESS else 60.0))
        jobs.append(tools.job("poison_good", count=11 + index))
    with closing(LocalExecutor(3, tools.POISON)) as executor:
        found = tools.ended(executor, jobs)
    assert len(found) == len({job.chunk.id for job in jobs})
    return {f"{event.job.chunk.claim}/{event.job.chunk.count}": event for event in found.values()}


@pytest.mark.parametrize("name", KILLS)
def test_a_poison_case_is_lost_alone_and_named(events: dict[str, Done | Lost], name: str) -> None:
    event = events[f"poison_{name}/10"]
    assert isinstance(event, Lost)
    assert event.reason == KILLS[name]
    assert event.case == {"index": 7, "point": {"n": 7}}


def test_a_case_that_leaves_the_interpreter_has_raised_like_any_other(events: dict[str, Done | Lost]) -> None:
    event = events["poison_system_exit/10"]
    assert isinstance(event, Done)
    assert event.result["raised"] == 1
    assert event.result["error"]["type"] == "SystemExit"


def test_a_case_that_writes_into_our_pipes_loses_its_own_attempt_only(events: dict[str, Done | Lost]) -> None:
    event = events["poison_shouting/10"]
    assert isinstance(event, Lost)
    assert event.reason in ("worker does not speak sense any more", "killed by signal 9")


@pytest.mark.parametrize("name", TOO_LARGE)
def test_too_large_an_allocation_is_an_exception_in_its_case(events: dict[str, Done | Lost], name: str) -> None:
    event = events[f"poison_{name}/10"]
    assert isinstance(event, Done)
    result = Result.from_json(event.result)
    assert (result.raised, result.valid) == (1, 9)
    assert result.error is not None
    assert "MemoryError" in str(result.error)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_a_case_prints_reads_or_starts_does_no_harm(events: dict[str, Done | Lost], name: str) -> None:
    event = events[f"poison_{name}/10"]
    assert isinstance(event, Done)
    assert event.result["valid"] == 10


def test_the_chunks_around_the_poison_finish(events: dict[str, Done | Lost]) -> None:
    good = [event for name, event in events.items() if name.startswith("poison_good")]
    assert len(good) == len([*KILLS, *TOO_LARGE, *HARMLESS]) + 2
    assert all(isinstance(event, Done) and event.result["valid"] == 10 for event in good)


def test_what_a_killed_worker_had_started_is_killed_with_it(
    events: dict[str, Done | Lost], tools: SimpleNamespace
) -> None:
    assert isinstance(events["poison_sleeper/10"], Lost)
    started = f"sleep\x004321.{os.getpid()}"
    assert tools.soon(lambda: not tools.processes(started))


def test_a_worker_computes_on_one_thread(local: LocalExecutor, tools: SimpleNamespace) -> None:
    (event,) = tools.ended(local, [tools.job("poison_one_thread")]).values()
    assert event.result["valid"] == 10, event.result["error"]


def test_no_memory_limit_when_none_is_asked_for(local: LocalExecutor, tools: SimpleNamespace) -> None:
    limited, free = (tools.job("poison_large", count=8 + bool(m), memory=m) for m in (2**28, 0))
    found = tools.ended(local, [limited, free])
    assert [found[one.chunk.id].result["raised"] for one in (limited, free)] == [1, 0]


def test_the_same_results_inline_with_one_and_with_three_workers(tools: SimpleNamespace) -> None:
    chunks = tools.one_of_each_arm()
    jobs = [Job(chunk, 3, 1, 60.0, 0) for chunk in chunks]
    assert len(jobs) == 4
    runs = []
    for executor, order in ((InlineExecutor(), 1), (LocalExecutor(1), -1), (LocalExecutor(3), 1)):
        with closing(executor):
            found = tools.ended(executor, jobs[::order])
        runs.append({name: event.result for name, event in found.items()})
    assert runs[0] == runs[1] == runs[2]
    chunk = next(chunk for chunk in chunks if chunk.arm == "iid")
    other = Job(chunk, 4, 1, 60.0, 0)
    assert tools.ended(InlineExecutor(), [other])[chunk.id].result != runs[0][chunk.id]


def test_a_worker_is_replaced_after_so_many_chunks(opened: Opened, tools: SimpleNamespace) -> None:
    executor = opened(LocalExecutor(1, tools.POISON, settings=WorkerSettings(chunks=2)))
    found = tools.ended(executor, [tools.job("poison_good", count=count) for count in range(1, 6)])
    names = [event.worker for event in found.values()]
    assert [names.count(name) for name in dict.fromkeys(names)] == [2, 2, 1]


def test_a_worker_that_grows_is_replaced(opened: Opened, tools: SimpleNamespace) -> None:
    executor = opened(LocalExecutor(1, tools.POISON, settings=WorkerSettings(growth=100 * 2**20)))
    found = tools.ended(executor, [tools.job("poison_hoard", count=count, memory=0) for count in range(8, 14)])
    names = [event.worker for event in found.values()]
    assert [names.count(name) for name in dict.fromkeys(names)] == [3, 3]


def test_an_idle_worker_that_is_killed_costs_nothing(local: LocalExecutor, tools: SimpleNamespace) -> None:
    tools.ended(local, [tools.job("poison_good")])
    (worker,) = tools.children(os.getpid())
    os.kill(worker, 9)
    assert tools.soon(lambda: not tools.children(os.getpid()))
    (event,) = tools.ended(local, [tools.job("poison_good")]).values()
    assert isinstance(event, Done)


def test_a_job_that_its_worker_never_began_is_given_to_another(local: LocalExecutor, tools: SimpleNamespace) -> None:
    tools.ended(local, [tools.job("poison_good")])
    (worker,) = tools.children(os.getpid())
    os.kill(worker, signal.SIGSTOP)
    local.submit(tools.job("poison_good"))
    assert local.events(0.1) == []
    os.kill(worker, signal.SIGKILL)
    (event,) = local.events(30.0)
    assert isinstance(event, Done)
    assert event.worker != f"local/{worker}"


def test_a_worker_without_jobs_leaves_when_told_so(opened: Opened, tools: SimpleNamespace) -> None:
    executor = opened(LocalExecutor(1, tools.POISON, settings=WorkerSettings(idle=0.2)))
    tools.ended(executor, [tools.job("poison_good")])
    assert tools.soon(lambda: not tools.children(os.getpid()))
    (event,) = tools.ended(executor, [tools.job("poison_good")]).values()
    assert isinstance(event, Done)


def test_close_kills_at_once_and_leaves_nothing(
    opened: Opened, tools: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = sorted(os.listdir("/proc/self/fd"))
    executor = opened(LocalExecutor(2, tools.POISON))
    for count in (8, 9):
        executor.submit(tools.job("poison_c_loop", count=count))
    assert executor.events(1.0) == []
    assert len(tools.children(os.getpid())) == 2
    start = time.monotonic()
    executor.close()
    assert time.monotonic() - start < 1.0
    assert not tools.children(os.getpid())
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert list(tmp_path.iterdir()) == []


def test_waiting_is_not_busy_and_ends_in_time(
    local: LocalExecutor, tools: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    look = LocalExecutor._look
    monkeypatch.setattr(LocalExecutor, "_look", lambda self: (looks.append(1), look(self)))
    local.submit(tools.job("poison_loop"))
    start = time.monotonic()
    assert local.events(1.0) == []
    assert 1.0 <= time.monotonic() - start < 2.0
    assert 2 <= len(looks) < 8  # one when the worker gets ready


@pytest.mark.parametrize("told", [True, False], ids=["the system tells", "we look"])
def test_the_end_of_a_worker_is_noticed_though_its_pipe_stays_open(
    opened: Opened, tools: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    monkeypatch.setattr("varproof.campaign.executors.local.LOOK_SECONDS", 1000.0 if told else 0.1)
    if not told:
        monkeypatch.setattr("varproof.campaign.executors.process._ending_of", lambda _: None)
    executor = opened(LocalExecutor(1, tools.POISON))
    executor.submit(tools.job("poison_forked"))
    start = time.monotonic()
    (event,) = executor.events(30.0)
    assert time.monotonic() - start < 20.0
    assert event.reason == "killed by signal 9"


def test_without_jobs_there_is_nothing_to_wait_for(local: LocalExecutor) -> None:
    start = time.monotonic()
    assert local.events(30.0) == []
    assert time.monotonic() - start < 1.0
    assert local.capacity == 2


@pytest.mark.parametrize("workers", [0, -1, 5000])
def test_a_number_of_workers_that_makes_no_sense(workers: int) -> None:
    with pytest.raises(InputError, match="number of workers"):
        LocalExecutor(workers)


def test_a_file_of_claims_that_does_not_run_is_refused_with_its_line(
    opened: Opened, tools: SimpleNamespace, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("x = 1\nraise KeyError('here')\n")
    executor = opened(LocalExecutor(1, broken))
    with pytest.raises(InputError, match=r"broken\.py:2"):
        tools.ended(executor, [tools.job("poison_good")])
    with pytest.raises(InputError, match=r"broken\.py:2"):
        InlineExecutor(broken)


def test_workers_that_never_get_ready_end_the_campaign(
    opened: Opened, tools: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    executor = opened(LocalExecutor(2, settings=WorkerSettings(runner="no.such.module:run")))
    with pytest.raises(WorkersError, match="no worker gets ready"):
        tools.ended(executor, [tools.job("rank_count")])
    assert "No module named 'no'" in capfd.readouterr().err


@pytest.mark.parametrize("kind", ["inline", "local"])
@pytest.mark.parametrize(
    ("claim", "subject", "reason"),
    [
        ("no_such_claim", "statement", "raised InputError: unknown claim"),
        ("poison_good", "no such form", "raised LookupError: poison_good has no form called no such form"),
    ],
)
def test_a_chunk_of_nothing_is_lost(
    opened: Opened, tools: SimpleNamespace, kind: str, claim: str, subject: str, reason: str
) -> None:
    executor = opened(InlineExecutor(tools.POISON) if kind == "inline" else LocalExecutor(1, tools.POISON))
    job = tools.job(claim)
    wrong = job.__class__(job.chunk.__class__(claim, subject, "iid", (), 0, 1), 0, 1, 60.0, 0)
    (event,) = tools.ended(executor, [wrong]).values()
    assert isinstance(event, Lost)
    assert event.reason.startswith(reason)
    assert event.case is None


def test_workers_live_as_long_as_the_thread_that_uses_them(opened: Opened, tools: SimpleNamespace) -> None:
    executor = opened(LocalExecutor(1, tools.POISON))
    thread = threading.Thread(target=tools.ended, args=(executor, [tools.job("poison_good")]))
    thread.start()
    thread.join()
    assert tools.soon(lambda: not tools.children(os.getpid()))
