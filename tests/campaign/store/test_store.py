"""The store keeps what was saved and nothing else: batches, revisions, plans, digests, refusals."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from varproof.base.errors import InputError
from varproof.campaign.chunk import Chunk
from varproof.campaign.plan import Plan
from varproof.campaign.result import Result
from varproof.campaign.store import DONE, LOST, PENDING, TRIED, Outcome, Settings, Store, StoreError, schema

CHUNKS = tuple(Chunk(claim, "statement", "iid", (), index, 10) for index in range(6) for claim in ("a", "b"))
PLAN = Plan(0, 60, CHUNKS)
FIRST = {"a": "a1", "b": "b1"}


def done(chunk: Chunk, **values: Any) -> Outcome:
    return Outcome(chunk, DONE, Result(cases=chunk.count, valid=chunk.index, **values).to_json(), seconds=0.5)


def ids(chunks: Any) -> set[str]:
    return {chunk.id for chunk in chunks}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.create(path, Settings(cases=60)) as made:
        made.begin(PLAN, FIRST)
        yield made


def test_a_new_store_has_everything_before_it(store: Store) -> None:
    assert store.pending() == list(CHUNKS)
    assert store.counts().to_json() == {"planned": 12, "done": 0, "lost": 0, "pending": 12, "failed": 0}
    assert [row.status for row in store.results()] == [PENDING] * 12
    assert store.settings == Settings(cases=60)
    assert dict(store.settings) == Settings(cases=60).to_json()


def test_what_is_saved_is_there_for_another_process_and_after_closing(store: Store, path: Path) -> None:
    store.save([done(CHUNKS[0]), done(CHUNKS[3]), Outcome(CHUNKS[1], LOST, None, "killed", {"index": 4}, 3)])
    for reader in (Store.open(path), Store.open(path)):
        with reader:
            assert reader.counts().to_json() == {"planned": 12, "done": 2, "lost": 1, "pending": 9, "failed": 0}
    store.close()
    with Store.open(path) as reader:
        rows = list(reader.results())
        assert [row.chunk for row in rows] == list(CHUNKS)
        assert rows[0].status == DONE
        assert rows[0].result == Result(cases=10, valid=0)
        assert (rows[1].status, rows[1].result, rows[1].reason, rows[1].case) == (LOST, None, "killed", {"index": 4})
        assert [row.chunk.claim for row in reader.results("b")] == ["b"] * 6
        assert reader.seconds() == {"a": 0.5, "b": 0.5}


def test_a_lost_attempt_is_remembered_and_its_chunk_still_pending(store: Store) -> None:
    store.save([Outcome(CHUNKS[2], TRIED, None, "killed by signal 9", None, 1)])
    store.save([Outcome(CHUNKS[2], TRIED, None, "killed by signal 9", None, 2)])
    assert CHUNKS[2] in store.pending()
    assert store.attempts() == {CHUNKS[2].id: 2}
    assert store.counts().pending == 12
    before = store.digest()
    store.save([Outcome(CHUNKS[2], LOST, None, "killed by signal 9", None, 3)])
    assert CHUNKS[2] not in store.pending()
    assert CHUNKS[2] in store.pending(lost=True)
    assert store.attempts() == {}
    assert store.digest() != before


def test_a_result_is_never_replaced(store: Store) -> None:
    store.save([done(CHUNKS[0])])
    digest = store.digest()
    store.save([Outcome(CHUNKS[0], LOST, None, "late", None, 3), done(CHUNKS[0], suspects=1)])
    assert store.digest() == digest
    assert store.counts().lost == 0


def test_a_batch_is_saved_whole_or_not_at_all(store: Store) -> None:
    broken = Outcome(CHUNKS[1], DONE, {"valid": object()})
    with pytest.raises(TypeError):
        store.save([done(CHUNKS[0]), broken])
    too_large = Outcome(CHUNKS[1], DONE, {}, attempts=2**70)  # refused by SQLite in the middle of the batch
    with pytest.raises(OverflowError):
        store.save([done(CHUNKS[0]), too_large, done(CHUNKS[2])])
    assert store.counts().done == 0
    store.save([done(CHUNKS[0])])
    assert store.counts().done == 1


def test_an_edited_claim_runs_again_and_only_that_one(store: Store) -> None:
    store.save([done(chunk) for chunk in CHUNKS])
    digest = store.digest()
    store.begin(PLAN, {"a": "a2", "b": "b1"})
    assert {chunk.claim for chunk in store.pending()} == {"a"}
    assert store.counts().to_json() == {"planned": 12, "done": 6, "lost": 0, "pending": 6, "failed": 0}
    assert all(row.result is None for row in store.results("a"))
    store.begin(PLAN, FIRST)  # the edit is taken back
    assert store.pending() == []
    assert store.digest() == digest


def test_more_cases_reuse_what_has_run(store: Store) -> None:
    store.save([done(chunk) for chunk in CHUNKS[:5]])
    more = (*CHUNKS, *(Chunk("a", "statement", "iid", (), index, 10) for index in range(6, 9)))
    store.change(Settings(cases=90))
    store.begin(Plan(0, 90, more), FIRST)
    assert ids(store.pending()) == ids(more[5:])
    assert store.settings.cases == 90


def test_the_digest_knows_no_order_time_or_worker(tmp_path: Path) -> None:
    digests = set()
    for seed in range(4):
        order = list(CHUNKS)
        random.Random(seed).shuffle(order)
        with Store.create(tmp_path / f"{seed}.db", Settings(cases=60)) as store:
            store.begin(Plan(0, 60, tuple(order)) if seed == 3 else PLAN, FIRST)
            for chunk in order:
                data = done(chunk, cells={"x": 1, "y": 2} if seed % 2 else {"y": 2, "x": 1}).result
                store.save([Outcome(chunk, DONE, data, attempts=1 + seed % 2, seconds=float(seed), worker=str(seed))])
            digests.add(store.digest())
    assert len(digests) == 1


@pytest.mark.parametrize("change", ["result", "status", "missing", "chunk"])
def test_the_digest_sees_every_difference(tmp_path: Path, change: str) -> None:
    digests = []
    for name in ("one", "other"):
        with Store.create(tmp_path / name, Settings(cases=60)) as store:
            changed = name == "other"
            chunks = CHUNKS[1:] if changed and change == "chunk" else CHUNKS
            store.begin(Plan(0, 60, chunks), FIRST)
            outcomes = [done(chunk) for chunk in chunks]
            if changed and change == "result":
                outcomes[7] = done(chunks[7], raised=1)
            if changed and change == "status":
                outcomes[7] = Outcome(chunks[7], LOST, None, "x", None, 3)
            store.save(outcomes[: -1 if changed and change == "missing" else None])
            digests.append(store.digest())
    assert digests[0] != digests[1]


def test_results_come_back_as_they_were(store: Store) -> None:
    result = Result(3, 2, 1, cells={"k=1..2": 2}, by_size={8: 0.5, 16: 1.25}, worst={"ratio": 1.25, "x": float("inf")})
    violated = Result(1, 1, failure={"size": 3, "ratio": 1.5})
    store.save([Outcome(CHUNKS[0], DONE, result.to_json()), Outcome(CHUNKS[1], DONE, violated.to_json())])
    rows = list(store.results())
    assert rows[0].result == result
    assert [row.chunk for row in store.failed()] == [CHUNKS[1]]
    assert store.counts().failed == 1


def test_an_answer_that_was_not_read_to_its_end_may_outlive_the_store(store: Store) -> None:
    rows = store.results()  # as after a Ctrl-C, when the traceback keeps it
    assert isinstance(rows, Generator)
    next(rows)
    store.close()
    rows.close()


def test_a_changed_byte_in_a_result_is_noticed_and_its_chunk_runs_again(store: Store, path: Path) -> None:
    store.save([done(chunk) for chunk in CHUNKS])
    store.close()
    with sqlite3.connect(path) as connection:
        changed = "UPDATE outcomes SET result = replace(result, '\"valid\":3', '\"valid\":4') WHERE id = ?"
        connection.execute(changed, (CHUNKS[6].id,))
    connection.close()
    with Store.open(path) as reader, pytest.raises(StoreError, match="damaged"):
        list(reader.results())
    with Store.open(path, write=True) as store:
        store.begin(PLAN, FIRST)
        assert store.pending() == [CHUNKS[6]]


def test_another_seed_and_two_chunks_of_one_id_are_refused(store: Store) -> None:
    with pytest.raises(InputError, match="keeps its seed"):
        store.begin(Plan(1, 60, CHUNKS), FIRST)
    with pytest.raises(InputError, match="keeps its seed"):
        store.change(Settings(seed=1))
    with pytest.raises(InputError, match="two chunks of one id"):
        store.begin(Plan(0, 60, (*CHUNKS, CHUNKS[4])), FIRST)
    assert store.pending() == list(CHUNKS)


def test_a_reader_does_not_write(store: Store, path: Path) -> None:
    with Store.open(path) as reader:
        with pytest.raises(InputError, match="opened for reading"):
            reader.save([done(CHUNKS[0])])
        with pytest.raises(InputError, match="opened for reading"):
            reader.begin(PLAN, {"a": "other", "b": "b1"})


def test_a_reader_leaves_nothing_behind(store: Store, path: Path) -> None:
    store.save([done(chunk) for chunk in CHUNKS])
    store.close()
    before = path.read_bytes()
    for _ in range(2):
        with Store.open(path) as reader:
            assert reader.counts().done == 12
    assert [one.name for one in path.parent.iterdir()] == ["c.db"]
    assert path.read_bytes() == before


def test_readers_see_whole_batches_while_a_writer_works(store: Store, path: Path) -> None:
    with Store.open(path) as reader:
        rows = reader.results()
        first = next(rows)
        store.save([done(chunk) for chunk in CHUNKS])
        assert first.status == PENDING
        assert [row.status for row in rows] == [PENDING] * 11  # one point in time, to the end
        assert reader.counts().done == 12


def test_a_long_log_is_folded_into_the_file(store: Store, path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    for index in range(12):
        store.save([Outcome(CHUNKS[index], DONE, {**Result().to_json(), "worst": {"ratio": 0.5, "x": "y" * 10**6}})])
        assert log.stat().st_size < 6 * 2**20
    assert path.stat().st_size > 4 * 2**20
    assert store.counts().done == 12


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_store_is_not_made_over_something(store: Store, path: Path, tmp_path: Path) -> None:
    store.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="there is a file already"):
        Store.create(path, Settings())
    assert path.read_bytes() == before
    with pytest.raises(InputError, match="directory"):
        Store.create(tmp_path, Settings())
    with pytest.raises(InputError, match="folder of the store is missing"):
        Store.create(tmp_path / "none" / "c.db", Settings())
    with pytest.raises(InputError, match="folder of the store is missing"):
        Store.create(path / "c.db", Settings())
    empty = tmp_path / "empty.db"
    empty.touch()
    Store.create(empty, Settings()).close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["c.db", "empty.db"]


def test_what_a_process_killed_while_making_a_store_left_is_in_nobodys_way(path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from varproof.campaign.store import Settings, Store, schema\n"
        "schema.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "class Open(schema.sqlite3.Connection):\n"
        "    def close(self): os.kill(os.getpid(), signal.SIGKILL)\n"
        "real = schema.sqlite3.connect\n"
        "schema.sqlite3.connect = lambda *a, **k: real(*a, factory=Open, **k)\n"
        "Store.create(sys.argv[1], Settings())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], check=False, capture_output=True, timeout=60)
    assert ended.returncode == -9, ended.stderr.decode()
    assert not path.exists()
    left = {one.name for one in path.parent.iterdir()}
    assert {"c.db.part", "c.db.part-wal", "c.db.lock"} <= left
    with Store.create(path, Settings(cases=60)) as store:
        store.begin(PLAN, FIRST)
    assert {one.name for one in path.parent.iterdir()} == {"c.db"}


@pytest.mark.parametrize("write", [False, True])
def test_what_is_no_store_is_not_opened(tmp_path: Path, write: bool) -> None:
    text, empty, other, pipe = (tmp_path / name for name in ("text.txt", "empty", "other.db", "pipe"))
    text.write_text("cases = 100\n" * 100)
    empty.touch()
    os.mkfifo(pipe)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE meta (name TEXT, value TEXT)")
    connection.close()
    refused = {
        tmp_path: "is a directory",
        tmp_path / "none": "no store there",
        tmp_path / "none" / "c.db": "no store there",
        text / "c.db": "cannot be opened",
        text: "not a store",
        empty: "not a store",
        pipe: "not an ordinary file",
        other: "not a store of a campaign",
    }
    before = sorted(tmp_path.iterdir())
    for path, message in refused.items():
        with pytest.raises(InputError, match=message) as caught:
            Store.open(path, write=write)
        assert caught.value.exit_code == 2
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("write", [False, True])
def test_a_store_of_another_format_is_told(store: Store, path: Path, write: bool) -> None:
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(InputError, match=r"another version of varproof(?s:.*)format 7(?s:.*)format 1"):
        Store.open(path, write=write)


@pytest.mark.parametrize(("start", "length"), [(100, 400), (4096, 4096), (8192, 30000), (-8192, 5000)])
def test_a_corrupted_file_is_told(store: Store, path: Path, start: int, length: int) -> None:
    store.save([done(chunk, worst={"ratio": 0.5, "x": "y" * 5000}) for chunk in CHUNKS])
    store.close()
    data = bytearray(path.read_bytes())
    start %= len(data)  # the last case leaves all that is read at opening as it was
    data[start : start + length] = random.Random(1).randbytes(min(length, len(data) - start))
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        Store.open(path, write=True)
    path.write_bytes(data[:5000])
    with pytest.raises(InputError, match="damaged"):
        Store.open(path, write=True)


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A folder of a user whom file permissions bind, and that user for the time being."""
    with tempfile.TemporaryDirectory() as name:
        root = os.geteuid() == 0
        if root:
            os.chown(name, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.chmod(name, 0o755)
            if root:
                os.seteuid(0)


def test_a_file_or_folder_that_cannot_be_written_to() -> None:
    with unprivileged() as folder:
        path = folder / "c.db"
        with Store.create(path, Settings(cases=60)) as store:
            store.begin(PLAN, FIRST)
            store.save([done(chunk) for chunk in CHUNKS])
        path.chmod(0o444)
        with pytest.raises(InputError, match="cannot be opened"):
            Store.open(path, write=True)
        assert not (folder / "c.db.lock").exists()
        path.chmod(0o644)
        folder.chmod(0o555)
        with pytest.raises(InputError, match="cannot be written to"):
            Store.open(path, write=True)
        with pytest.raises(InputError, match="cannot be written to"):
            Store.create(folder / "new.db", Settings())
        with Store.open(path) as reader:  # a finished campaign on a read-only medium can still be reported on
            assert reader.counts().done == 12
        path.chmod(0o000)
        with pytest.raises(InputError, match="cannot be opened"):
            Store.open(path)


def test_a_full_disk_is_an_infrastructure_failure_that_costs_only_the_batch(store: Store, path: Path) -> None:
    store.save([done(CHUNKS[0])])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="disk is full") as caught:
        store.save([done(CHUNKS[1]), done(CHUNKS[2], worst={"ratio": 0.1, "x": "y" * 10**5})])
    assert caught.value.exit_code == 5
    assert store.counts().done == 1
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.save([done(CHUNKS[1])])
    store.close()
    with Store.open(path, write=True) as store:
        assert store.counts().done == 2


def test_a_store_that_cannot_be_made_for_want_of_room_is_not_called_saved(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "TABLES", f"PRAGMA max_page_count = 2; {schema.TABLES}")
    with pytest.raises(StoreError, match="disk is full") as caught:
        Store.create(path, Settings(cases=60))
    assert caught.value.hint == "make room, or put the store on another disk"
    assert [one for one in path.parent.iterdir() if one.suffix != ".lock"] == []


def test_a_store_survives_a_kill_between_any_two_statements(path: Path) -> None:
    """The coordinator kills itself in the middle of a transaction; only the batch before it is there."""
    code = (
        "import os, signal, sys\n"
        "from varproof.campaign.store import *\n"
        "from varproof.campaign.chunk import Chunk\n"
        "from varproof.campaign.plan import Plan\n"
        "chunks = [Chunk('a', 'statement', 'iid', (), i, 10) for i in range(6)]\n"
        "store = Store.create(sys.argv[1], Settings(cases=60))\n"
        "store.begin(Plan(0, 60, tuple(chunks)), {'a': 'a1'})\n"
        "store.save([Outcome(chunks[0], DONE, {})])\n"
        "store._connection.set_trace_callback(\n"
        "    lambda text: os.kill(os.getpid(), signal.SIGKILL) if text == 'COMMIT' else None)\n"
        "store.save([Outcome(chunk, DONE, {}) for chunk in chunks[1:]])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], check=False, capture_output=True, timeout=60)
    assert ended.returncode == -9, ended.stderr.decode()
    with Store.open(path) as reader:
        assert reader.counts().done == 1
    with Store.open(path, write=True) as store:
        assert [chunk.index for chunk in store.pending()] == [1, 2, 3, 4, 5]
