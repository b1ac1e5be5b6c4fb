"""The store of a campaign: its settings, its plan and what became of each chunk; one writer, any number of readers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from varproof.base.errors import InputError
from varproof.campaign.chunk import Chunk
from varproof.campaign.plan import Plan
from varproof.campaign.result import Result
from varproof.campaign.store import schema
from varproof.campaign.store.counts import Counts
from varproof.campaign.store.errors import StoreError, told
from varproof.campaign.store.lock import Lock
from varproof.campaign.store.outcome import DONE, LOST, PENDING, TRIED, Outcome, Row
from varproof.campaign.store.settings import Settings

FINISHED = f"outcomes.status IN ('{DONE}', '{LOST}')"
JOINED = "planned LEFT JOIN outcomes ON outcomes.id = planned.id AND outcomes.revision = planned.revision"
KEPT = "digest, outcomes.id, outcomes.revision, status, failed, reason, point, result"  # the first is of the others


class Store:
    """A file that loses nothing: killed at any moment it holds every batch that was saved, and no half of one.

    A chunk is finished when it has an outcome at its claim's current revision. Make one with `Store.create`, or
    `Store.open`; both can be used in a `with` statement. Raises `StoreError` (exit code 5) where the disk fails.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Lock | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self._revision_of: dict[str, str] | None = None  # of the claims of the plan

    @staticmethod
    def create(path: Path | str, settings: Settings) -> Store:
        """A new store, opened for writing.

        Raises `InputError` where something is there already (an empty file is nothing), where the folder is missing or
        cannot be written to, and where another process has just made it.
        """
        where = Path(path).resolve()
        if where.is_dir():
            raise InputError("the store is a directory", got=where, allowed="a file")
        if not where.parent.is_dir():
            raise InputError("the folder of the store is missing", got=where.parent, allowed="an existing folder")
        lock = Lock(where)
        try:
            if where.exists() and (not where.is_file() or where.stat().st_size > 0):
                raise InputError(
                    "there is a file already where the store should be made",
                    got=where,
                    allowed="a new name",
                    hint="varproof campaign resume --store FILE goes on with a store",
                )
            schema.make(where, _text(settings.to_json()))
            return Store(where, schema.connect(where, write=True), lock)
        except BaseException:
            lock.release()
            raise

    @staticmethod
    def open(path: Path | str, *, write: bool = False) -> Store:
        """An existing store: for reading, also while a campaign runs on it, or as its only writer.

        Raises `InputError` where it is missing, is no store, has another format, is damaged, cannot be written to, or
        has another writer.
        """
        where = Path(path).resolve()
        if not write:
            return Store(where, schema.connect(where, write=False), None)
        schema.connect(where, write=False).close()  # no lock file beside what is no store
        lock = Lock(where)
        try:
            connection = schema.connect(where, write=True)
            schema.verify(connection, where)
            return Store(where, connection, lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Give the store back; a second call does nothing."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def replays(self) -> Path:
        """The folder of this store's replay files, which need not exist."""
        return self.path.with_name(self.path.name + ".replays")

    @property
    def settings(self) -> Settings:
        """What the campaign was asked to do. Raises `StoreError` where that cannot be read any more."""
        text = next(self._read("SELECT value FROM meta WHERE name = 'settings'"), ("",))[0]
        try:
            return Settings.from_json(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError("the settings of the store are damaged", got=self.path, hint="start a new one") from error

    def change(self, settings: Settings) -> None:
        """Other settings from now on (more cases, another executor). Raises `InputError` for another seed."""
        seed = self.settings.seed
        if settings.seed != seed:
            raise InputError(
                "a store keeps its seed", got=settings.seed, allowed=f"seed {seed}", hint="start a new store"
            )
        self._writing([("REPLACE INTO meta VALUES ('settings', ?)", [(_text(settings.to_json()),)])])

    def begin(self, plan: Plan, revisions: Mapping[str, str]) -> None:
        """Make `plan` the current one, with the revision of each claim; what is finished at its revision stays so.

        Outcomes whose contents do not match their digest are dropped: their chunks run again. Raises `InputError` for
        a plan of another seed and for two chunks of one id.
        """
        seed = self.settings.seed
        if plan.seed != seed:
            raise InputError("a store keeps its seed", got=plan.seed, allowed=f"seed {seed}")
        rows = [
            (place, chunk.id, chunk.claim, revisions[chunk.claim], _text(chunk.to_json()))
            for place, chunk in enumerate(plan.chunks)
        ]
        if len({row[1] for row in rows}) < len(rows):
            ids = [row[1] for row in rows]
            twice = next(one for place, one in enumerate(ids) if one in ids[:place])
            raise InputError("two chunks of one id", got=twice, allowed="wrong variants of a claim have unlike names")
        self._drop_damaged()
        if rows != list(self._read("SELECT position, id, claim, revision, chunk FROM planned ORDER BY position")):
            self._writing([("DELETE FROM planned", [()]), ("INSERT INTO planned VALUES (?, ?, ?, ?, ?)", rows)])
        self._revision_of = dict(revisions)

    def pending(self, *, lost: bool = False) -> list[Chunk]:
        """Chunks of the plan that are not finished, in the plan's order; with `lost` also those that were given up."""
        again = f"OR outcomes.status = '{LOST}'" if lost else ""
        found = self._read(
            f"SELECT chunk FROM {JOINED} WHERE outcomes.id IS NULL OR NOT {FINISHED} {again} ORDER BY position"
        )
        return [Chunk.from_json(json.loads(text)) for (text,) in found]

    def attempts(self) -> dict[str, int]:
        """How many attempts at each unfinished chunk were lost, by chunk id, where any were."""
        return dict(self._read(f"SELECT planned.id, attempts FROM {JOINED} WHERE outcomes.status = '{TRIED}'"))

    def save(self, outcomes: Sequence[Outcome]) -> None:
        """Keep what became of some chunks: all of it or, where this raises, nothing. A result is never replaced."""
        rows = []
        for one in outcomes:
            name, revision = one.chunk.id, self._revisions().get(one.chunk.claim, "")
            result = "" if one.result is None else _text(one.result)
            failed = int(one.result is not None and one.result.get("failure") is not None)
            kept = (one.reason, "" if one.case is None else _text(one.case), result)
            digest = _digest(name, revision, one.status, failed, *kept)
            rows.append((one.status, one.attempts, failed, one.seconds, one.worker, digest, *kept, name, revision))
        names = "status, attempts, failed, seconds, worker, digest, reason, point, result"
        changes = ", ".join(f"{name} = excluded.{name}" for name in names.split(", "))
        statement = (
            f"INSERT INTO outcomes ({names}, id, revision) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, id, revision FROM planned "
            "WHERE id = ? AND revision = ? "
            f"ON CONFLICT (id, revision) DO UPDATE SET {changes} WHERE outcomes.status != '{DONE}'"
        )
        self._writing([(statement, rows)])

    def counts(self) -> Counts:
        """How far the current plan is."""
        found = {
            (status, failed): count
            for status, failed, count in self._read(
                f"SELECT status, failed, COUNT(*) FROM {JOINED} GROUP BY status, failed"
            )
        }
        planned, failed = sum(found.values()), found.get((DONE, 1), 0)
        done, lost = failed + found.get((DONE, 0), 0), found.get((LOST, 0), 0)
        return Counts(planned, done, lost, planned - done - lost, failed)

    def digest(self) -> str:
        """Over id, status and result of the planned chunks in the order of their ids: no times, no order of running."""
        hashed = blake2b(digest_size=16)
        fields = "planned.id, outcomes.status, outcomes.result"
        for name, status, result in self._read(f"SELECT {fields} FROM {JOINED} ORDER BY planned.id"):
            finished = status in (DONE, LOST)
            hashed.update(_digest(name, status if finished else PENDING, result if finished else "").encode())
        return hashed.hexdigest()

    def results(self, claim: str | None = None) -> Iterator[Row]:
        """The planned chunks, of one claim or all, in the plan's order; raises `StoreError` for a damaged outcome."""
        return self._rows("" if claim is None else "WHERE planned.claim = ?", () if claim is None else (claim,))

    def failed(self) -> Iterator[Row]:
        """Of `results` those with a confirmed violation."""
        return self._rows(f"WHERE outcomes.status = '{DONE}' AND failed = 1")

    def _rows(self, wanted: str, values: Sequence[str] = ()) -> Iterator[Row]:
        query = f"SELECT planned.chunk, planned.id, {KEPT} FROM {JOINED} {wanted} ORDER BY position"
        for text, name, digest, *kept in self._read(query, values):
            status, _, reason, case, result = kept[2:]
            try:
                chunk = Chunk.from_json(json.loads(text))
                if status not in (DONE, LOST) and chunk.id == name:
                    yield Row(chunk, PENDING, None, "", None)
                    continue
                if _digest(*kept) != digest or chunk.id != name:
                    raise ValueError("other contents than were saved")
                found = Result.from_json(json.loads(result)) if result else None
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                hint = "resume runs the chunk again"
                raise StoreError("what became of a chunk is damaged", got=f"{name}: {error}", hint=hint) from error
            yield Row(chunk, status, found, reason, json.loads(case) if case else None)

    def seconds(self) -> dict[str, float]:
        """CPU seconds spent on the finished chunks of each claim, in the ids' order."""
        total = f"SELECT claim, SUM(seconds) FROM {JOINED} WHERE {FINISHED} GROUP BY claim ORDER BY claim"
        return dict(self._read(total))

    def _revisions(self) -> dict[str, str]:
        if self._revision_of is None:
            self._revision_of = dict(self._read("SELECT DISTINCT claim, revision FROM planned"))
        return self._revision_of

    def _drop_damaged(self) -> None:
        query = f"SELECT rowid, {KEPT} FROM outcomes"
        damaged = [(row,) for row, digest, *kept in self._read(query) if _digest(*kept) != digest]
        if damaged:
            self._writing([("DELETE FROM outcomes WHERE rowid = ?", damaged)])

    def _read(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        with told(self.path, "reading the store"):
            yield from self._connection.execute(query, values)

    def _writing(self, steps: Sequence[tuple[str, Sequence[tuple[Any, ...]]]]) -> None:
        """All steps in one transaction."""
        if self._lock is None:
            raise InputError("this store was opened for reading", got=self.path, allowed="Store.open(path, write=True)")
        with told(self.path, "writing to the store"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for statement, rows in steps:
                    self._connection.executemany(statement, rows)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            schema.fold(self._connection, self.path)


def _text(data: object) -> str:
    """The one JSON text of some data, whatever the order in which a dictionary was filled."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def _digest(*kept: object) -> str:
    """Of the columns of an outcome that say what it is."""
    return blake2b("\x00".join(map(str, kept)).encode(), digest_size=12).hexdigest()
