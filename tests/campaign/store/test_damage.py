"""Bytes that change in a closed store: it is refused, or what it still says is true; disks that fill up for real."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from varproof.base.errors import InputError
from varproof.campaign.chunk import Chunk
from varproof.campaign.plan import Plan
from varproof.campaign.result import Result
from varproof.campaign.store import DONE, PENDING, Outcome, Settings, Store, StoreError

CHUNKS = tuple(Chunk("a", "statement", "iid", (("keys", f"{i}..{i}"),), i, 10) for i in range(60))
PLAN = Plan(0, 60, CHUNKS)


def outcome(chunk: Chunk, padding: int = 200) -> Outcome:
    worst = {"ratio": 0.5, "of": chunk.id, "padding": "x" * padding}
    return Outcome(chunk, DONE, Result(chunk.count, chunk.index, worst=worst).to_json())


def check(path: Path) -> int:
    """Resume, then hold every result against what was saved; returns how many chunks would run again."""
    with Store.open(path, write=True) as store:
        store.begin(PLAN, {"a": "a1"})
        pending = store.pending()
        rows = list(store.results())
        assert [row.chunk for row in rows] == list(CHUNKS)
        for row in rows:
            if row.status == DONE:
                assert row.result is not None
                assert row.result.to_json() == outcome(row.chunk).result
            else:
                assert row.status == PENDING
                assert row.chunk in pending
        return len(pending)


def damaged(path: Path, data: bytes, seeds: range) -> tuple[int, int, int]:
    """How often one changed byte was harmless, made chunks run again, or had the store refused."""
    harmless = again = refused = 0
    for seed in seeds:
        place = random.Random(seed).randrange(len(data))
        path.write_bytes(data[:place] + bytes([data[place] ^ (1 << seed % 8)]) + data[place + 1 :])
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        try:
            if check(path):
                again += 1
            else:
                harmless += 1
        except (InputError, StoreError):
            refused += 1
        assert not path.with_name(path.name + ".lock").exists()
    return harmless, again, refused


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "c.db"
    with Store.create(path, Settings(cases=60)) as store:
        store.begin(PLAN, {"a": "a1"})
        store.save([outcome(chunk) for chunk in CHUNKS])
    assert check(path) == 0
    return path


def test_a_changed_bit_never_becomes_a_result(saved: Path) -> None:
    harmless, again, refused = damaged(saved, saved.read_bytes(), range(150))
    assert min(harmless, again, refused) > 0


@pytest.mark.slow
def test_many_changed_bits_never_become_results(saved: Path) -> None:
    damaged(saved, saved.read_bytes(), range(1000, 5000))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(folder)], check=False, capture_output=True
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)  # also when a failed test has files open


def test_a_disk_that_fills_up_keeps_what_was_saved(small_disk: Path) -> None:
    path = small_disk / "c.db"
    with Store.create(path, Settings(cases=60)) as store:
        store.begin(PLAN, {"a": "a1"})
        saved: list[Chunk] = []

        def fill() -> None:
            for chunk in CHUNKS:
                store.save([outcome(chunk, 20_000)])
                saved.append(chunk)

        with pytest.raises(StoreError, match="the disk is full") as caught:
            fill()
        assert caught.value.exit_code == 5
        assert len(saved) > 3
        assert store.counts().done == len(saved)
    with Store.open(path) as reader:
        assert [row.chunk for row in reader.results() if row.status == DONE] == saved
    with Store.open(path, write=True) as store, pytest.raises(StoreError, match="the disk is full"):
        store.save([outcome(CHUNKS[-1], 200_000)])


def test_a_store_that_does_not_fit_is_not_made(small_disk: Path) -> None:
    free = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(bytes((free.f_bavail - 2) * free.f_bsize))
    with pytest.raises(StoreError, match="the disk is full"):
        Store.create(small_disk / "c.db", Settings())
    assert [one.name for one in small_disk.iterdir()] == ["filler"]
