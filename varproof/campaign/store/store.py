"""The store of a campaign: its settings, its plan and what became of each chunk; one writer, any number of readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from varproof.base.errors import InputError
from varproof.campaign.plan import Plan
from varproof.campaign.store import schema
from varproof.campaign.store.errors import told
from varproof.campaign.store.lock import Lock
from varproof.campaign.store.outcome import DONE, Outcome
from varproof.campaign.store.reading import KEPT, Reading, digest_of, text_of
from varproof.campaign.store.settings import Settings


class Store(Reading):
    """A file that loses nothing: killed at any moment it holds every batch that was saved, and no half of one.

    A chunk is finished when it has an outcome at its claim's current revision. Make one with `Store.create`, or
    `Store.open`; both can be used in a `with` statement. Raises `StoreError` (exit code 5) where the disk fails.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Lock | None) -> None:
        super().__init__(path, connection)
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
            schema.make(where, text_of(settings.to_json()))
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
        except BaseException:
            lock.release()
            raise
        opened = Store(where, connection, lock)
        try:
            schema.verify(connection, where)
        except BaseException:
            opened.close()
            raise
        return opened

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

    def change(self, settings: Settings) -> None:
        """Other settings from now on (more cases, another executor). Raises `InputError` for another seed."""
        seed = self.settings.seed
        if settings.seed != seed:
            raise InputError(
                "a store keeps its seed", got=settings.seed, allowed=f"seed {seed}", hint="start a new store"
            )
        self._writing([("REPLACE INTO meta VALUES ('settings', ?)", [(text_of(settings.to_json()),)])])

    def begin(self, plan: Plan, revisions: Mapping[str, str]) -> None:
        """Make `plan` the current one, with the revision of each claim; what is finished at its revision stays so.

        Outcomes whose contents do not match their digest are dropped: their chunks run again. Raises `InputError` for
        a plan of another seed and for two chunks of one id.
        """
        seed = self.settings.seed
        if plan.seed != seed:
            raise InputError("a store keeps its seed", got=plan.seed, allowed=f"seed {seed}")
        rows = [
            (place, chunk.id, chunk.claim, revisions[chunk.claim], text_of(chunk.to_json()))
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

    def save(self, outcomes: Sequence[Outcome]) -> None:
        """Keep what became of some chunks: all of it or, where this raises, nothing. A result is never replaced."""
        rows = []
        for one in outcomes:
            name, revision = one.chunk.id, self._revisions().get(one.chunk.claim, "")
            result = "" if one.result is None else text_of(one.result)
            failed = int(one.result is not None and one.result.get("failure") is not None)
            kept = (one.reason, "" if one.case is None else text_of(one.case), result)
            digest = digest_of(name, revision, one.status, failed, *kept)
            rows.append((one.status, one.attempts, failed, one.seconds, one.worker, digest, *kept, name, revision))
        names = "status, attempts, failed, seconds, worker, digest, reason, point, result"
        changes = ", ".join(f"{name} = excluded.{name}" for name in names.split(", "))
        statement = (
            f"INSERT INTO outcomes ({names}, id, revision) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, id, revision FROM planned "
            "WHERE id = ? AND revision = ? "
            f"ON CONFLICT (id, revision) DO UPDATE SET {changes} WHERE outcomes.status != '{DONE}'"
        )
        self._writing([(statement, rows)])

    def _revisions(self) -> dict[str, str]:
        if self._revision_of is None:
            self._revision_of = dict(self._read("SELECT DISTINCT claim, revision FROM planned"))
        return self._revision_of

    def _drop_damaged(self) -> None:
        query = f"SELECT rowid, {KEPT} FROM outcomes"
        damaged = [(row,) for row, digest, *kept in self._read(query) if digest_of(*kept) != digest]
        if damaged:
            self._writing([("DELETE FROM outcomes WHERE rowid = ?", damaged)])

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
