"""What can be asked of a store, while a campaign runs on it or afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from varproof.campaign.chunk import Chunk
from varproof.campaign.result import Result
from varproof.campaign.store.counts import Counts
from varproof.campaign.store.errors import StoreError, told
from varproof.campaign.store.outcome import DONE, LOST, PENDING, TRIED, Row
from varproof.campaign.store.settings import Settings

FINISHED = f"outcomes.status IN ('{DONE}', '{LOST}')"
JOINED = "planned LEFT JOIN outcomes ON outcomes.id = planned.id AND outcomes.revision = planned.revision"
KEPT = "digest, outcomes.id, outcomes.revision, status, failed, reason, point, result"  # the first is of the others


class Reading:
    """The questions to a store; each is answered from one point in time. Raises `StoreError` where the disk fails."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @property
    def settings(self) -> Settings:
        """What the campaign was asked to do. Raises `StoreError` where that cannot be read any more."""
        text = next(self._read("SELECT value FROM meta WHERE name = 'settings'"), ("",))[0]
        try:
            return Settings.from_json(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError("the settings of the store are damaged", got=self.path, hint="start a new one") from error

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
            hashed.update(digest_of(name, status if finished else PENDING, result if finished else "").encode())
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
                if digest_of(*kept) != digest or chunk.id != name:
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

    def _read(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        with told(self.path, "reading the store"):
            cursor = self._connection.execute(query, values)
            # not from the cursor itself: an iterator given up closes what it yields from, maybe after the store
            yield from iter(cursor.fetchone, None)


def text_of(data: object) -> str:
    """The one JSON text of some data, whatever the order in which a dictionary was filled."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def digest_of(*kept: object) -> str:
    """Of the columns of an outcome that say what it is."""
    return blake2b("\x00".join(map(str, kept)).encode(), digest_size=12).hexdigest()
