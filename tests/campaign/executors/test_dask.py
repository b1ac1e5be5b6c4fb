"""A real scheduler and two real workers: the same results, poison that spares the Dask workers, and bad clusters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from varproof.base.errors import InputError
from varproof.campaign.executors.choose import executor_named
from varproof.campaign.executors.dask import DaskExecutor
from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.executors.inline import InlineExecutor
from varproof.campaign.executors.local import WorkersError

pytest.importorskip("distributed", reason="needs the extra dask")
LIMIT = 1.5


class Cluster:
    """A scheduler and its workers as processes, ended with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        self.address = ""

    def start(self, kind: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{kind}", *options, "--no-dashboard"],
                stderr=log,
                stdout=log,
                cwd=self.folder,
                env={**os.environ, **environment},
            )
        self.processes.append(process)
        return process

    def ready(self, tools: SimpleNamespace) -> str:
        def written() -> bool:
            try:
                self.address = json.loads((self.folder / "scheduler.json").read_text())["address"]
            except (OSError, ValueError):
                return False
            return True

        assert tools.soon(written, 30), (self.folder / "log").read_text()
        return self.address

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        return self.start("dask_worker", self.address, "--nthreads", "1", "--no-nanny", **environment)

    def close(self) -> None:
        for process in self.processes[::-1]:
            process.kill()
            process.wait()


@contextmanager
def started(folder: Path, tools: SimpleNamespace, workers: int = 2) -> Iterator[Cluster]:
    from distributed import Client

    with closing(Cluster(folder)) as cluster:
        cluster.ready(tools)
        for _ in range(workers):
            cluster.worker()
        if workers:
            with Client(cluster.address, timeout=30, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=30)
        yield cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, tools: SimpleNamespace) -> Iterator[Cluster]:
    with started(tmp_path_factory.mktemp("cluster"), tools) as made:
        yield made


def test_the_same_results_as_inline(cluster: Cluster, tools: SimpleNamespace) -> None:
    chunks = tools.one_of_each_arm()
    jobs = [Job(chunk, 3, 1, 60.0, 0) for chunk in chunks]
    with closing(executor_named(cluster.address.replace("tcp", "dask"))) as executor:
        assert executor.capacity == 4
        found = tools.ended(executor, jobs)
    expected = tools.ended(InlineExecutor(), jobs)
    assert {name: event.result for name, event in found.items()} == {k: event.result for k, event in expected.items()}
    assert len({event.worker.rpartition("/")[0] for event in found.values()}) == 2


def test_poison_is_lost_alone_and_named_and_the_dask_workers_live(cluster: Cluster, tools: SimpleNamespace) -> None:
    names = ("kill", "c_loop", "memory", "segfault")
    jobs = [tools.job(f"poison_{name}", seconds=LIMIT if name == "c_loop" else 60.0) for name in names]
    jobs += [tools.job("poison_good", count=count) for count in range(1, 7)]
    with closing(DaskExecutor(cluster.address, tools.POISON)) as executor:
        found = tools.ended(executor, jobs)
        assert executor.capacity == 4
    reasons = [getattr(found[job.chunk.id], "reason", "") for job in jobs]
    assert reasons[:4] == ["killed by signal 9", "time limit of 1.5 s", "", "killed by signal 11"]
    assert all(isinstance(found[job.chunk.id], Done) for job in jobs[4:])
    assert found[jobs[0].chunk.id].case == {"index": 7, "point": {"n": 7}}
    assert found[jobs[2].chunk.id].result["raised"] == 1
    assert all(process.poll() is None for process in cluster.processes)


def test_close_kills_what_runs_on_the_cluster(cluster: Cluster, tools: SimpleNamespace) -> None:
    pids = [process.pid for process in cluster.processes]

    def running() -> int:
        return sum(len(tools.children(pid)) for pid in pids)

    with closing(DaskExecutor(cluster.address, tools.POISON)) as executor:
        for count in (8, 9):
            executor.submit(tools.job("poison_c_loop", count=count))
        assert tools.soon(lambda: running() >= 2)
        assert executor.events(1.0) == []
    assert tools.soon(lambda: running() == 0, 5)


COORDINATOR = """
import sys, time
from pathlib import Path
from varproof.campaign.chunk import Chunk
from varproof.campaign.executors.dask import DaskExecutor
from varproof.campaign.executors.executor import Job
executor = DaskExecutor(sys.argv[1], Path(sys.argv[2]))
executor.submit(Job(Chunk("poison_loop", "statement", "exhaustive", (), 0, 10), 0, 1, 600.0, 0))
executor.events(600.0)
"""


def test_a_killed_coordinator_leaves_nothing_running_on_the_cluster(cluster: Cluster, tools: SimpleNamespace) -> None:
    pids = [process.pid for process in cluster.processes]
    with subprocess.Popen([sys.executable, "-c", COORDINATOR, cluster.address, str(tools.POISON)]) as coordinator:
        assert tools.soon(lambda: any(tools.children(pid) for pid in pids))
        coordinator.kill()
    assert tools.soon(lambda: not any(tools.children(pid) for pid in pids))


@pytest.mark.slow
def test_a_dask_worker_with_another_version_is_named(cluster: Cluster, tools: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import varproof\nvarproof.__version__ = '0.0.7'\n")
    with started(tmp_path, tools, workers=1) as other:
        other.worker(PYTHONPATH=str(tmp_path))

        def both() -> bool:
            with pytest.raises(InputError) as caught, closing(DaskExecutor(other.address)):
                pytest.fail("it was taken")
            seen.append(caught.value)
            return True

        seen: list[InputError] = []
        from distributed import Client

        with Client(other.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        assert both()
    assert "has another varproof" in seen[0].message
    assert seen[0].got == "0.0.7"
    assert "tcp://127.0.0.1:" in seen[0].message


@pytest.mark.slow
def test_a_dask_worker_without_varproof_is_named(cluster: Cluster, tools: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "varproof").mkdir()
    (tmp_path / "varproof" / "__init__.py").write_text("raise ModuleNotFoundError('No module named varproof')\n")
    with started(tmp_path, tools, workers=0) as other:
        with pytest.raises(InputError, match="has no workers"):
            DaskExecutor(other.address)
        other.worker(PYTHONPATH=str(tmp_path))
        from distributed import Client

        with Client(other.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=30)
        with pytest.raises(InputError, match="cannot use varproof") as caught:
            DaskExecutor(other.address)
    assert "No module named varproof" in str(caught.value.got)


def test_a_file_of_claims_that_is_another_one_there(
    cluster: Cluster, tools: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("varproof.campaign.executors.fingerprint._file_digest", lambda _: "ours")
    with pytest.raises(InputError, match=r"has another file .*poison_claims\.py"):
        DaskExecutor(cluster.address, tools.POISON)


@pytest.mark.slow
def test_jobs_outlive_a_dask_worker_and_a_lost_cluster_is_an_error(
    tmp_path: Path, tools: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("varproof.campaign.executors.dask.CONNECT_SECONDS", 2.0)
    with started(tmp_path, tools) as cluster, closing(DaskExecutor(cluster.address, tools.POISON)) as executor:
        scheduler, first, _ = cluster.processes
        for count in range(1, 5):
            executor.submit(tools.job("poison_slow", count=count))
        assert tools.soon(lambda: bool(tools.children(first.pid)))
        first.kill()
        found: list[Done | Lost] = []
        assert tools.soon(lambda: found.extend(executor.events(1.0)) or len(found) == 4, 30)
        assert all(isinstance(event, Done) for event in found)
        executor.submit(tools.job("poison_loop"))
        scheduler.kill()
        with pytest.raises(WorkersError, match="the Dask scheduler has gone"):
            tools.soon(lambda: bool(executor.events(1.0)), 30)
