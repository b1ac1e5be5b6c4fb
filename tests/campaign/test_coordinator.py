"""The coordinator: everything runs once, what is lost is tried again, and it can stop or die at any time."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Finding, Verdict
from varproof.campaign import coordinator, edits, revision
from varproof.campaign.attempts import Attempts, expected_seconds
from varproof.campaign.chunk import Chunk
from varproof.campaign.coordinator import Summary, run_campaign
from varproof.campaign.executors.executor import Done, Job, Lost
from varproof.campaign.executors.inline import InlineExecutor
from varproof.campaign.plan import plan
from varproof.campaign.result import Result
from varproof.campaign.store import LOST, PENDING, Settings, Store, StoreError
from varproof.campaign.subjects import Subject, subjects_of
from varproof.claims.attack import Attack, Instance, Judgement, Measurement
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.registry import load_claim
from varproof.families.space import Integer, Space

SPACE = Space({"n": Integer(1, 4), "m": Integer(1, 1000)})


def attack(cost: float = 0.1) -> Attack:
    def judge(instance: Instance, case: Case) -> Judgement:
        return Judgement.PASS

    def measure(instance: Instance, case: Case) -> Measurement:
        return Measurement(0.5, 1)

    arms = ("iid", "adversarial", "worst-ratio")
    return Attack(SPACE, lambda point, case: Instance(), measure, judge, ("n",), cost=cost, arms=arms)


def claim(name: str, *, cost: float = 0.1, verdict: Verdict = Verdict.PROVED) -> Claim:
    return Claim(
        name,
        f"{name} holds",
        "upper",
        {},
        ("none",),
        lambda case: Finding(Verdict.TESTED, "fine"),
        (Variant("smaller", "one half is too small", {"c": Fraction(1, 2)}),),
        expected=verdict,
        constants={"c": Fraction(1)},
        attack=attack(cost),
    )


CLAIMS = (claim("one"), claim("two"))
Fate = Callable[[Job], str]


class Fake:
    """Runs jobs in this process, some at a time and out of order; `fate` says what becomes of a job."""

    def __init__(self, capacity: int = 3, fate: Fate = lambda job: "", seed: int = 0) -> None:
        self.capacity = capacity
        self.fate = fate
        self.jobs: list[Job] = []
        self.most = 0
        self._running: deque[Job] = deque()
        self._random = random.Random(seed)

    def submit(self, job: Job) -> None:
        self._running.append(job)
        self.jobs.append(job)
        self.most = max(self.most, len(self._running))

    def events(self, seconds: float) -> list[Done | Lost]:
        found: list[Done | Lost] = []
        for _ in range(self._random.randint(0, len(self._running))):
            self._running.rotate(self._random.randint(0, 5))
            job = self._running.popleft()
            reason = self.fate(job)
            if reason == "interrupt":
                raise KeyboardInterrupt
            if reason:
                found.append(Lost(job, reason, {"index": 7}, "fake"))
            else:
                found.append(Done(job, result_of(job).to_json(), 0.25, "fake"))
        return found

    def close(self) -> None:
        self._running.clear()


def result_of(job: Job) -> Result:
    seed = job.chunk.seed(job.campaign_seed)
    return Result(cases=job.chunk.count, valid=job.chunk.count, suspects=seed % 7, by_size={1: seed % 100 / 100})


def lose(*, attempts: int, index: int = 0) -> Fate:
    """The chunks of this index of the first claim's iid arm lose their first attempts."""

    def fate(job: Job) -> str:
        hit = job.chunk.claim == "one" and job.chunk.arm == "iid" and job.chunk.index == index
        return "killed by signal 9" if hit and job.attempt <= attempts else ""

    return fate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.create(path, Settings(cases=40)) as made:
        yield made


def clean_digest(folder: Path, cases: int = 40, claims: Sequence[Claim] = CLAIMS) -> str:
    with Store.create(folder / f"clean{cases}{len(claims)}.db", Settings(cases=cases)) as store:
        run_campaign(store, claims, Fake(1))
        return store.digest()


def test_every_chunk_runs_once_and_a_second_run_runs_nothing(store: Store) -> None:
    executor, told = Fake(3), []
    planned = plan(CLAIMS, cases=40).chunks
    summary = run_campaign(store, CLAIMS, executor, on_progress=lambda done, total: told.append((done, total)))
    count = len(planned)
    assert summary == Summary(count, count, 0, count, "", (), ())
    assert summary.complete
    assert sorted(job.chunk.id for job in executor.jobs) == sorted(chunk.id for chunk in planned)
    assert executor.most == 3
    assert told == sorted(told)
    assert told[-1] == (count, count)
    assert [row.result for row in store.results()] == [result_of(Job(chunk, 0, 1, 60, 0)) for chunk in planned]
    again = Fake()
    assert run_campaign(store, CLAIMS, again) == Summary(count, count, 0, 0, "", (), ())
    assert again.jobs == []


def test_the_digest_is_the_same_for_every_capacity_and_order(tmp_path: Path) -> None:
    digests = {clean_digest(tmp_path)}
    for seed in range(5):
        with Store.create(tmp_path / f"{seed}.db", Settings(cases=40)) as store:
            run_campaign(store, CLAIMS, Fake(1 + 3 * seed, lose(attempts=seed % 3), seed))
            digests.add(store.digest())
    assert len(digests) == 1


def test_a_lost_chunk_is_tried_three_times_the_third_one_case_by_case(store: Store) -> None:
    executor = Fake(3, lose(attempts=9))
    summary = run_campaign(store, CLAIMS, executor)
    assert (summary.lost, summary.done, summary.complete) == (4, summary.planned - 4, True)  # one in each cell
    tried = [job for job in executor.jobs if job.attempt > 1 or executor.fate(job)]
    for cell in {job.chunk.cell for job in tried}:
        assert [(job.attempt, job.single) for job in tried if job.chunk.cell == cell] == [
            (1, False),
            (2, False),
            (3, True),
        ]
    lost = [row for row in store.results() if row.status == LOST]
    assert {(row.reason, row.result) for row in lost} == {("killed by signal 9", None)}
    assert lost[0].case == {"index": 7}
    assert run_campaign(store, CLAIMS, Fake()).ran == 0


def test_a_chunk_that_passes_at_its_third_attempt_is_done(store: Store, tmp_path: Path) -> None:
    summary = run_campaign(store, CLAIMS, Fake(2, lose(attempts=2)))
    assert (summary.lost, summary.ran) == (0, summary.planned)
    assert store.digest() == clean_digest(tmp_path)


def test_lost_chunks_can_be_tried_again(store: Store, tmp_path: Path) -> None:
    run_campaign(store, CLAIMS, Fake(2, lose(attempts=9)))
    summary = run_campaign(store, CLAIMS, Fake(), retry_lost=True)
    assert (summary.ran, summary.lost, summary.complete) == (4, 0, True)
    assert store.digest() == clean_digest(tmp_path)


class KilledError(BaseException):
    """Stands for the end of the coordinator."""


def test_a_chunk_in_flight_when_the_coordinator_dies_has_lost_no_attempt(store: Store, tmp_path: Path) -> None:
    def fate(job: Job) -> str:
        if len(executor.jobs) > 8:
            raise KilledError
        return lose(attempts=1)(job)

    executor = Fake(3, fate)
    with pytest.raises(KilledError):
        run_campaign(store, CLAIMS, executor)
    counted, finished = store.attempts(), store.counts().done
    again = Fake(3)
    run_campaign(store, CLAIMS, again)
    assert {job.chunk.id: job.attempt for job in again.jobs if job.attempt > 1} == {
        name: lost + 1 for name, lost in counted.items()
    }
    assert len(again.jobs) == len(plan(CLAIMS, cases=40).chunks) - finished
    assert store.digest() == clean_digest(tmp_path)


def test_lost_attempts_of_an_earlier_run_count(store: Store) -> None:
    """A chunk that kills its worker is not tried more often because the coordinator is restarted."""
    for expected in ([1], [2], [3], []):
        executor = Fake(1, lambda job: "time limit of 60 s")
        original = executor.events

        def one(seconds: float, original: Any = original, executor: Fake = executor) -> list[Done | Lost]:
            if len(executor.jobs) > 1:
                raise KilledError
            return list(original(seconds))

        executor.events = one  # type: ignore[method-assign]
        with pytest.raises(KilledError):
            run_campaign(store, CLAIMS[:1], executor)
        first = plan(CLAIMS[:1], cases=40).chunks[0]
        assert [job.attempt for job in executor.jobs[:1] if job.chunk == first] == expected


def test_ctrl_c_saves_what_has_ended(store: Store, tmp_path: Path) -> None:
    ended: list[str] = []

    def fate(job: Job) -> str:
        if len(ended) == 6:
            return "interrupt"
        ended.append(job.chunk.id)
        return ""

    with pytest.raises(KeyboardInterrupt):
        run_campaign(store, CLAIMS, Fake(1, fate))
    assert store.counts().done == 6
    summary = run_campaign(store, CLAIMS, Fake(1))
    assert summary.ran == summary.planned - 6
    assert store.digest() == clean_digest(tmp_path)


def test_a_time_limit_stops_new_chunks_and_waits_for_those_that_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(coordinator.time, "monotonic", lambda: now[0])
    executor = Fake(4)
    original = executor.events

    def events(seconds: float) -> list[Done | Lost]:
        now[0] += 1.0
        return original(seconds)

    executor.events = events  # type: ignore[method-assign]
    summary = run_campaign(store, CLAIMS, executor, time_limit=3.5)
    assert summary.stopped == "time limit"
    assert not summary.complete
    assert 0 < summary.ran == summary.done == len(executor.jobs) < summary.planned
    assert run_campaign(store, CLAIMS, Fake(), time_limit=1e9).complete


def test_results_are_saved_every_second_and_every_fifty_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(coordinator.time, "monotonic", lambda: now[0])
    sizes: list[int] = []
    original = Store.save
    monkeypatch.setattr(Store, "save", lambda self, batch: (sizes.append(len(batch)), original(self, batch))[1])
    with Store.create(tmp_path / "a.db", Settings(cases=2000)) as store:
        run_campaign(store, CLAIMS, Fake(4))
        assert set(sizes[:-1]) <= set(range(50, 54))  # the clock stands still: by count
    sizes.clear()

    def fate(job: Job) -> str:
        now[0] += 0.4
        return ""

    with Store.create(tmp_path / "b.db", Settings(cases=200)) as store:
        run_campaign(store, CLAIMS, Fake(1, fate))
        assert max(sizes) <= 3


def test_more_cases_run_only_what_is_new(store: Store, tmp_path: Path) -> None:
    first = run_campaign(store, CLAIMS, Fake())
    store.change(Settings(cases=120))
    executor = Fake()
    second = run_campaign(store, CLAIMS, executor)
    assert second.complete
    assert 0 < second.ran < second.planned
    assert second.ran >= second.planned - first.planned
    assert store.digest() == clean_digest(tmp_path, 120)


def test_an_edited_claim_is_planned_again_and_only_that_one(store: Store) -> None:
    run_campaign(store, CLAIMS, Fake())
    edited = (CLAIMS[0], Claim(**{**vars(CLAIMS[1]), "constants": {"c": Fraction(2)}}))
    executor = Fake()
    summary = run_campaign(store, edited, executor)
    assert {job.chunk.claim for job in executor.jobs} == {"two"}
    assert summary.ran == summary.planned // 2


def test_a_claim_that_is_edited_while_it_runs_is_not_mixed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that start later run the new code: from the edit on nothing of that claim counts, at any revision."""
    files = {one.id: tmp_path / f"{one.id}.py" for one in CLAIMS}
    for file in files.values():
        file.write_text("old")

    def sources(claim: Claim, module_path: Path | None = None) -> tuple[Path, ...]:
        return (files[claim.id],)

    for module in (revision, edits):
        monkeypatch.setattr(module, "sources_of", sources)
    monkeypatch.setattr(coordinator, "SAVE_CHUNKS", 1)

    def fate(job: Job) -> str:
        if len(executor.jobs) == 9:
            files["two"].write_text("new text")
            files["one"].write_text("old")  # written, with the same contents
        return ""

    executor = Fake(1, fate)
    summary = run_campaign(store, CLAIMS, executor)
    mixed = {job.chunk.id for job in executor.jobs[8:] if job.chunk.claim == "two"}
    assert len(mixed) <= 1  # once it is noticed no more of it is run
    assert (summary.stopped, summary.complete) == ("claims edited", False)
    assert {row.chunk.claim for row in store.results() if row.status == PENDING} == {"two"}
    assert not mixed & {row.chunk.id for row in store.results() if row.status != PENDING}
    assert summary.ran == summary.done
    executor = Fake()
    assert run_campaign(store, CLAIMS, executor).complete
    assert {job.chunk.claim for job in executor.jobs} == {"two"}
    assert len(executor.jobs) == summary.planned // 2  # also those that ran before the edit


def test_an_interrupt_in_the_middle_of_saving_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    original, calls = Store.save, []

    def save(self: Store, batch: Sequence[Any]) -> None:
        calls.append(len(batch))
        if len(calls) == 2:
            raise KeyboardInterrupt
        original(self, batch)

    monkeypatch.setattr(Store, "save", save)
    monkeypatch.setattr(coordinator, "SAVE_CHUNKS", 5)
    with pytest.raises(KeyboardInterrupt):
        run_campaign(store, CLAIMS, Fake(3))
    assert calls[1] == calls[2]
    assert store.counts().done == calls[0] + calls[1] > 5


def test_limits_of_a_chunk_follow_from_what_it_should_cost() -> None:
    slow = claim("slow", cost=2.0)
    subject, _ = subjects_of(slow)
    attempts = Attempts((slow,), 5, {}, seconds=None, memory=77)
    chunk = Chunk("slow", "statement", "iid", (), 0, 4)
    job = attempts.job(chunk)
    assert (job.seconds, job.memory, job.campaign_seed, job.attempt) == (160.0, 77, 5, 1)
    assert attempts.job(Chunk("slow", "statement", "iid", (), 0, 1)).seconds == 60.0
    assert expected_seconds(Chunk("slow", "smaller", "power", (), 0, 4), subject) == 2.0 * 4 * 3
    assert Attempts((slow,), 5, {}, seconds=7.0, memory=0).job(chunk).seconds == 7.0


# --- replays ----------------------------------------------------------------------------------------------------------


def failing(sizes: Mapping[str, int]) -> Fake:
    """Every chunk of the named subjects finds a violation, of the given size less a number of its own."""

    class Failing(Fake):
        def events(self, seconds: float) -> list[Done | Lost]:
            found = []
            for event in super().events(seconds):
                assert isinstance(event, Done)
                chunk = event.job.chunk
                if chunk.subject in sizes:
                    failure = {"size": sizes[chunk.subject] - less(chunk), "ratio": 1.5}
                    event = Done(event.job, {**event.result, "failure": failure}, 0.1, "fake")
                found.append(event)
            return found

    return Failing()


def less(chunk: Chunk) -> int:
    return chunk.seed(0) % 5


class Files:
    """Stands for the writing and running of replays."""

    def __init__(self) -> None:
        self.saved: list[tuple[str, str, int]] = []
        self.log: list[str] = []

    def save(self, folder: Path, claim: Claim, subject: Subject, failure: Mapping[str, Any]) -> Path:
        self.saved.append((claim.id, subject.name, failure["size"]))
        self.log.append("save")
        return folder / f"{claim.id}-{failure['size']}.json"

    def replay(self, path: Path, claims: Sequence[Claim]) -> str:
        self.log.append("replay")
        return "FIXED"


def test_replays_come_first_and_violations_become_replays(store: Store, path: Path) -> None:
    files = Files()
    earlier = path.with_name("c.db.replays") / "earlier.json"
    earlier.parent.mkdir()
    earlier.touch()
    executor = failing({"statement": 9, "smaller": 5})
    summary = run_campaign(store, CLAIMS, executor, replay=files.replay, save_replay=files.save)
    assert files.log[0] == "replay"
    assert "save" in files.log
    assert summary.replays == ((earlier, "FIXED"),)
    assert {(name, form) for name, form, _ in files.saved} == {("one", "statement"), ("two", "statement")}
    for name in ("one", "two"):
        sizes = [size for one, _, size in files.saved if one == name]
        assert sizes == sorted(set(sizes), reverse=True)  # only ever smaller ones
        own = [chunk for chunk in plan(CLAIMS, cases=40).chunks if (chunk.claim, chunk.subject) == (name, "statement")]
        assert sizes[-1] == 9 - max(less(chunk) for chunk in own)
        assert path.with_name("c.db.replays") / f"{name}-{sizes[-1]}.json" in summary.failures
    files = Files()  # after a kill between saving and writing, the file is written by the next run
    summary = run_campaign(store, CLAIMS, Fake(), replay=files.replay, save_replay=files.save)
    assert {path.name for path in summary.failures} >= {f"two-{sizes[-1]}.json"}
    assert summary.ran == 0


def test_a_violation_that_the_ledger_expects_is_no_replay(path: Path) -> None:
    refuted = (claim("one", verdict=Verdict.REFUTED),)
    files = Files()
    with Store.create(path, Settings(cases=40)) as store:
        run_campaign(store, refuted, failing({"statement": 9}), replay=files.replay, save_replay=files.save)
    assert files.saved == []


def test_a_replay_that_cannot_be_written_is_an_infrastructure_failure(store: Store) -> None:
    def full(*_: Any) -> Path:
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="replay file could not be written"):
        run_campaign(store, CLAIMS, failing({"statement": 9}), save_replay=full)
    assert store.counts().failed > 0


# --- with the real arms -----------------------------------------------------------------------------------------------


def test_a_small_campaign_on_a_real_claim(tmp_path: Path) -> None:
    claims, digests = (load_claim("threshold_lemma"),), set()
    for name in ("a.db", "b.db"):
        with Store.create(tmp_path / name, Settings(cases=1, claims=("threshold_lemma",))) as store:
            summary = run_campaign(store, claims, InlineExecutor(), time_limit=0.05 if name == "b.db" else None)
            if name == "b.db":
                summary = run_campaign(store, claims, InlineExecutor())
            assert summary.complete
            assert summary.lost == 0
            assert summary.failures == ()
            digests.add(store.digest())
    assert len(digests) == 1


def test_a_claim_without_an_attack_is_refused_before_anything_is_planned(store: Store) -> None:
    bare = Claim(**{**vars(CLAIMS[0]), "attack": None})
    with pytest.raises(InputError, match="without an attack"):
        run_campaign(store, (bare,), Fake())
    assert store.counts().planned == 0


def test_the_coordinator_costs_little(tmp_path: Path) -> None:
    """Chunks per second with an executor that does nothing: thousands, so that chunks of 1 s lose nothing."""
    with Store.create(tmp_path / "c.db", Settings(cases=3000)) as store:
        start = time.process_time()
        summary = run_campaign(store, CLAIMS, Fake(4))
        assert time.process_time() - start < 0.01 * summary.planned


@pytest.mark.slow
def test_a_finished_campaign_of_20000_chunks_resumes_in_two_cpu_seconds_and_runs_nothing(tmp_path: Path) -> None:
    claims = tuple(claim(f"c{index}") for index in range(50))

    class All(Fake):
        def events(self, seconds: float) -> list[Done | Lost]:
            ended, self._running = list(self._running), deque()
            padding = {"worst": {"ratio": 0.5, "instance": "x" * 3000}}
            return [Done(job, {**result_of(job).to_json(), **padding}, 0.1, "fake") for job in ended]

    path = tmp_path / "c.db"
    with Store.create(path, Settings(cases=2000)) as store:
        count = run_campaign(store, claims, All(8)).ran
    assert count >= 20_000
    executor, start = All(8), time.process_time()
    with Store.open(path, write=True) as store:
        summary = run_campaign(store, claims, executor)
    assert time.process_time() - start < 2.0
    assert executor.jobs == []
    assert summary == Summary(count, count, 0, 0, "", (), ())
    edited = (*claims[1:], Claim(**{**vars(claims[0]), "statement": "another"}))
    with Store.open(path, write=True) as store:
        assert run_campaign(store, edited, executor).ran == count // 50
    assert {job.chunk.claim for job in executor.jobs} == {"c0"}
