"""A whole campaign, killed with SIGKILL fifty times in three ways, ends as one that nobody disturbed."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads the processes' children from /proc"),
]
KILLS = 50
CLAIMS = ("rank_count", "exp_lambert_bounds", "softmax_perturbation", "threshold_lemma")  # chunks of 0.01 to 0.3 s
SETTINGS = (*CLAIMS, "--cases", "400", "--seed", "7")
STRETCH, STRETCHES = 30.0, 4  # seconds between two kills; the last one ends both campaigns
SECOND_LONG = """
import time
from dataclasses import replace

from varproof.examples.my_lemma import CLAIM as SHORT
from varproof.examples.my_lemma import build as built


def build(point, case):
    end = time.process_time() + 0.01
    while time.process_time() < end:
        pass
    return built(point, case)


CLAIM = replace(SHORT, id="long", attack=replace(SHORT.attack, build=build, arms=("iid",), cost=0.01))
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "varproof", "campaign", *words]


def started(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def finished(*words: str) -> int:
    return subprocess.run(command(*words), capture_output=True, timeout=900).returncode


def status(store: Path) -> dict[str, object]:
    answer = subprocess.run(command("status", "--store", str(store), "--json"), capture_output=True, check=True)
    found: dict[str, object] = json.loads(answer.stdout)
    return {name: found[name] for name in ("planned", "done", "lost", "digest")}


def children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []


def alive(process: int) -> bool:
    """Whether it runs; what has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The campaign that nobody disturbs, with one worker."""
    store = tmp_path_factory.mktemp("quiet") / "c.db"
    assert finished("run", *SETTINGS, "--workers", "1", "--store", str(store)) == 0
    return status(store)


def test_fifty_kills_change_nothing(quiet: dict[str, object], tmp_path: Path) -> None:
    store, chance = tmp_path / "c.db", random.Random(5)
    kills = dict.fromkeys(("worker", "coordinator", "group"), 0)
    process = started("run", *SETTINGS, "--workers", "2", "--store", str(store))
    while sum(kills.values()) < KILLS:
        time.sleep(chance.uniform(0.05, 0.6))
        if process.poll() is not None or not store.exists():
            if process.poll() is not None:
                word = "resume" if store.exists() and store.stat().st_size else "run"
                given = ("--store", str(store)) if word == "resume" else (*SETTINGS, "--store", str(store))
                process = started(word, *given, "--workers", "2")
            continue
        kind, deadline = chance.choice(list(kills)), time.monotonic() + chance.choice((0, 20))
        while not (workers := children(process.pid)) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)  # on a busy machine they come late: half of the kills wait for them
        if kind == "worker":
            if not workers:
                continue
            os.kill(chance.choice(workers), signal.SIGKILL)
        elif kind == "coordinator":
            os.kill(process.pid, signal.SIGKILL)
        else:
            os.killpg(process.pid, signal.SIGKILL)
        kills[kind] += 1
        if kind != "worker":
            process.wait()
            deadline = time.monotonic() + 5
            while any(map(alive, workers)) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert not any(map(alive, workers)), "a killed coordinator takes its workers with it"
            if store.exists() and store.stat().st_size:
                with closing(sqlite3.connect(store)) as connection:
                    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    process.wait(timeout=600)
    assert finished("resume", "--store", str(store), "--workers", "2") == 0
    assert status(store) == quiet
    assert min(kills.values()) > 5


def test_kills_cost_little(tmp_path: Path) -> None:
    """Two campaigns side by side, one of them killed three times: it gets at least 80 % as many chunks done."""
    (tmp_path / "lemma.py").write_text(SECOND_LONG)
    settings = ("--claims", str(tmp_path / "lemma.py"), "--cases", "100000", "--workers", "1")
    stores = {name: tmp_path / f"{name}.db" for name in ("quiet", "killed")}
    running = {name: started("run", *settings, "--store", str(store)) for name, store in stores.items()}
    begun = time.monotonic()
    try:
        for number in range(1, STRETCHES + 1):
            time.sleep(max(begun + number * STRETCH - time.monotonic(), 0))
            for name in running if number == STRETCHES else ("killed",):
                assert running[name].poll() is None
                os.killpg(running[name].pid, signal.SIGKILL)
                running[name].wait()
            if number < STRETCHES:
                running["killed"] = started("resume", "--store", str(stores["killed"]))
    finally:
        for process in running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    done = {name: int(str(status(store)["done"])) for name, store in stores.items()}
    assert done["quiet"] > 20
    assert done["killed"] >= 0.8 * done["quiet"], done


def test_another_number_of_workers_and_no_workers_at_all_end_alike(quiet: dict[str, object], tmp_path: Path) -> None:
    for place, who in enumerate(("local:3", "inline")):
        store = tmp_path / f"{place}.db"
        assert finished("run", *SETTINGS, "--executor", who, "--store", str(store)) == 0
        assert status(store) == quiet


def test_a_dask_cluster_ends_alike(quiet: dict[str, object], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra dask")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1"]
    local = ["--no-dashboard", "--host", "127.0.0.1"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    running = [subprocess.Popen([*dask, "--port", str(port), *local], **silent)]
    try:
        running += [subprocess.Popen([*worker, "--no-dashboard"], **silent) for _ in range(2)]
        store = tmp_path / "c.db"
        deadline = time.monotonic() + 60
        who = ("--executor", f"dask://127.0.0.1:{port}")
        while (code := finished("run", *SETTINGS, *who, "--store", str(store))) == 2 and time.monotonic() < deadline:
            store.unlink(missing_ok=True)  # the workers were not there yet
            time.sleep(0.5)
        assert code == 0
        assert status(store) == quiet
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(timeout=30)
