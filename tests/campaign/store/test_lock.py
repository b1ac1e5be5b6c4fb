"""One coordinator per store: the second is refused by name of the first, and a dead one keeps nobody out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from varproof.base.errors import InputError
from varproof.campaign.store import Settings, Store
from varproof.campaign.store import lock as locks
from varproof.campaign.store.lock import Lock

HOLDER = (
    "import os, sys, time\n"
    "from varproof.campaign.store import Store\n"
    "store = Store.open(sys.argv[1], write=True)\n"
    "child = os.fork() if len(sys.argv) > 2 else 1\n"
    "if child == 0:\n"
    "    time.sleep(60)\n"
    "print(child, flush=True)\n"
    "time.sleep(60)\n"
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(locks, "PATIENCE", 0.2)
    Store.create(tmp_path / "c.db", Settings()).close()
    return tmp_path / "c.db"


def holder(path: Path, *more: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path), *more], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_second_coordinator_is_refused_and_readers_are_not(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    process, _ = holder(path)
    try:
        for name in (path, link):
            with pytest.raises(InputError, match=f"process {process.pid} runs a campaign on this store"):
                Store.open(name, write=True)
        Store.open(path).close()
        assert (tmp_path / "c.db.lock").read_text().split()[0] == str(process.pid)
    finally:
        end(process)
    assert (tmp_path / "c.db.lock").exists()  # left by the kill, and in nobody's way
    Store.open(path, write=True).close()
    assert not (tmp_path / "c.db.lock").exists()


def test_a_forked_worker_does_not_keep_the_lock_of_a_dead_coordinator(path: Path) -> None:
    process, child = holder(path, "fork")
    try:
        end(process)
        os.kill(child, 0)  # it lives
        Store.open(path, write=True).close()
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_same_process_is_refused_too_until_it_gives_the_lock_back(path: Path) -> None:
    first = Store.open(path, write=True)
    with pytest.raises(InputError, match=f"process {os.getpid()} "):
        Store.open(path, write=True)
    first.close()
    first.close()
    second = Store.open(path, write=True)
    first.close()  # closing twice does not take the lock from the second
    with pytest.raises(InputError, match="runs a campaign"):
        Lock(path)
    second.close()


def test_a_lock_file_removed_between_opening_and_locking_is_not_mistaken(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try locks a file that its last holder removes meanwhile; the lock taken must be the one on disk."""
    import fcntl

    real, calls = fcntl.flock, []

    def removed_first(descriptor: int, operation: int) -> None:
        if not calls:
            os.unlink(path.with_name("c.db.lock"))
        calls.append(operation)
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    lock = Lock(path)
    monkeypatch.undo()
    assert len(calls) == 2
    with pytest.raises(InputError):
        Lock(path)
    lock.release()
