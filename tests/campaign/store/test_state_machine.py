"""Any sequence of saving, kills, edits, extensions, damaged logs and resumes ends where a quiet campaign ends."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from varproof.campaign.chunk import Chunk
from varproof.campaign.plan import Plan
from varproof.campaign.result import Result
from varproof.campaign.store import DONE, LOST, PENDING, TRIED, Outcome, Settings, Store

CLAIMS = ("a", "b", "c")
# in memory where there is such a folder: what is tested are kills, which no sync to a disk changes
MEMORY = next((one for one in ("/dev/shm",) if Path(one).is_dir()), None)
POISON = {"a|statement|iid||1|10", "c|statement|iid||4|10"}  # chunks that kill every worker


def plan_of(cases: int) -> Plan:
    return Plan(0, cases, tuple(Chunk(one, "statement", "iid", (), i, 10) for i in range(cases) for one in CLAIMS))


def outcome(chunk: Chunk, revision: str) -> Outcome:
    """What running a chunk at a revision gives; the result says at which one it was."""
    if chunk.id in POISON:
        return Outcome(chunk, LOST, None, "killed by signal 9", {"index": 3}, 3)
    return Outcome(chunk, DONE, Result(chunk.count, chunk.index, worst={"ratio": 0.5, "at": revision}).to_json())


@functools.cache
def quiet_digest(cases: int, revisions: tuple[str, ...]) -> str:
    named = dict(zip(CLAIMS, revisions, strict=True))
    with (
        tempfile.TemporaryDirectory(dir=MEMORY) as folder,
        Store.create(Path(folder) / "c.db", Settings(cases=cases)) as store,
    ):
        store.begin(plan_of(cases), named)
        store.save([outcome(chunk, named[chunk.claim]) for chunk in store.pending()])
        return store.digest()


class Campaign(RuleBasedStateMachine):
    """`finished` is what must be there, as (chunk id, revision); a damaged log may take some of it away."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.life = 0
        self.cases = 2
        self.revisions = dict.fromkeys(CLAIMS, "0")
        self.finished: set[tuple[str, str]] = set()
        self.store: Store | None = Store.create(self.path, Settings(cases=2))
        self.store.begin(plan_of(2), self.revisions)

    @property
    def path(self) -> Path:
        return self.folder / str(self.life) / "c.db" if self.life else self.folder / "c.db"

    def teardown(self) -> None:
        try:
            self.resume()
            assert self.store is not None
            self.store.save([outcome(chunk, self.revisions[chunk.claim]) for chunk in self.store.pending()])
            assert self.store.pending() == []
            assert self.store.digest() == quiet_digest(self.cases, tuple(self.revisions.values()))
        finally:
            if self.store is not None:
                self.store.close()
            shutil.rmtree(self.folder)

    @precondition(lambda self: self.store is not None)
    @rule(data=st.data())
    def save_some(self, data: st.DataObject) -> None:
        pending = self.store.pending()
        chosen = data.draw(st.lists(st.sampled_from(pending), unique=True, max_size=6)) if pending else []
        self.store.save([outcome(chunk, self.revisions[chunk.claim]) for chunk in chosen])
        self.finished |= {(chunk.id, self.revisions[chunk.claim]) for chunk in chosen}

    @precondition(lambda self: self.store is not None and self.store.pending())
    @rule(attempts=st.integers(1, 2))
    def lose_an_attempt(self, attempts: int) -> None:
        chunk = self.store.pending()[0]
        self.store.save([Outcome(chunk, TRIED, None, "killed by signal 9", None, attempts)])

    @precondition(lambda self: self.store is not None)
    @rule(amount=st.integers(0, 4), shared_memory=st.booleans())
    def kill(self, amount: int, shared_memory: bool) -> None:
        """The process dies with a batch half written: its files stay as they are at that moment."""
        connection = self.store._connection
        connection.execute("BEGIN IMMEDIATE")
        for chunk in self.store.pending()[:amount]:
            connection.execute(
                "REPLACE INTO outcomes SELECT id, revision, 'done', 1, 0, 0, 'w', 'd', '', '', '{}' FROM planned "
                "WHERE id = ?",
                (chunk.id,),
            )
        connection.execute("DELETE FROM planned WHERE position = 0")
        before, self.life = self.path, self.life + 1
        self.path.parent.mkdir()
        for ending in ("", "-wal", *(("-shm",) if shared_memory else ())):
            source = before.with_name(before.name + ending)
            if source.exists():
                shutil.copy(source, self.path.with_name(self.path.name + ending))
        connection.execute("ROLLBACK")
        self.store.close()
        self.store = None

    @precondition(lambda self: self.store is None)
    @rule(share=st.floats(0, 1), flip=st.booleans())
    def damage_the_log(self, share: float, flip: bool) -> None:
        """From some place on the log is cut off or garbage; what was saved after it may be gone, nothing else."""
        log = self.path.with_name("c.db-wal")
        if not log.exists():
            return
        data = bytearray(log.read_bytes())
        place = int(share * len(data))
        data[place:] = bytes(byte ^ 0x5A for byte in data[place:]) if flip else b""
        log.write_bytes(data)
        with Store.open(self.path) as reader:
            left = reader._connection.execute("SELECT id, revision FROM outcomes WHERE status != 'tried'")
            after = set(left.fetchall())
        assert after <= self.finished
        self.finished = after

    @precondition(lambda self: self.store is not None)
    @rule()
    def close(self) -> None:
        self.store.close()
        self.store = None

    @rule(claim=st.sampled_from(CLAIMS), revision=st.sampled_from("012"))
    def edit(self, claim: str, revision: str) -> None:
        """A claim is changed, or changed back; seen by the next resume."""
        self.stop()
        self.revisions[claim] = revision
        self.resume()

    @precondition(lambda self: self.cases < 6)
    @rule()
    def extend(self) -> None:
        self.stop()
        self.cases += 1
        self.resume()

    @precondition(lambda self: self.store is None)
    @rule()
    def resume(self) -> None:
        if self.store is None:
            self.store = Store.open(self.path, write=True)
        self.store.change(Settings(cases=self.cases))
        self.store.begin(plan_of(self.cases), self.revisions)

    def stop(self) -> None:
        if self.store is not None:
            self.store.close()
            self.store = None

    @precondition(lambda self: self.store is not None)
    @invariant()
    def what_counts_is_what_was_saved_at_the_present_revision(self) -> None:
        planned = plan_of(self.cases).chunks
        expected = {chunk.id for chunk in planned if (chunk.id, self.revisions[chunk.claim]) in self.finished}
        with Store.open(self.path) as reader:
            rows = list(reader.results())
            counts = reader.counts()
        assert [row.chunk for row in rows] == list(planned)
        assert {row.chunk.id for row in rows if row.status != PENDING} == expected
        assert (counts.planned, counts.done + counts.lost) == (len(planned), len(expected))
        assert {chunk.id for chunk in self.store.pending()} == {chunk.id for chunk in planned} - expected
        for row in rows:
            if row.status == DONE:
                assert row.result is not None
                worst: Any = row.result.worst
                assert worst["at"] == self.revisions[row.chunk.claim]
            else:
                assert row.status == (LOST if row.chunk.id in POISON and row.chunk.id in expected else PENDING)


FAST = settings(max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))

TestCampaign = Campaign.TestCase
TestCampaign.settings = FAST


class TestCampaignAtLength(Campaign.TestCase):
    """The same with many more and longer histories."""

    settings = settings(FAST, max_examples=400, stateful_step_count=50)
    pytestmark = pytest.mark.slow
