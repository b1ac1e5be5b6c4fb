"""Confirmed violations become replay files while the campaign runs: the smallest one of each claim's form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from varproof.campaign.chunk import Chunk
from varproof.campaign.store import StoreError
from varproof.campaign.subjects import Subject
from varproof.claims.model import Claim

Failure = Mapping[str, Any]
SaveReplay = Callable[[Path, Claim, Subject, Failure], Path]


class FailureFiles:
    """Writes a replay when a violation is smaller than all before it of the same form.

    Only for forms that should hold: a wrong variant is there to be violated. Raises `StoreError` where the disk fails.
    """

    def __init__(self, folder: Path, save: SaveReplay, subject_of: Callable[[Chunk], Subject], seed: int) -> None:
        self._folder = folder
        self._save = save
        self._subject_of = subject_of
        self._smallest: dict[tuple[str, str], int] = {}
        self._seed = seed
        self.written: list[Path] = []

    def see(self, found: Iterable[tuple[Chunk, Failure]]) -> None:
        """Write what is new in some violations that the store already holds."""
        best: dict[tuple[str, str], tuple[Subject, Failure]] = {}
        for chunk, failure in found:
            subject = self._subject_of(chunk)
            key, size = (chunk.claim, chunk.subject), int(failure["size"])
            if subject.expects == "hold" and size < self._smallest.get(key, size + 1):
                self._smallest[key] = size
                best[key] = (subject, {**failure, "chunk": chunk.id, "seed": self._seed})
        for subject, failure in best.values():
            try:
                path = self._save(self._folder, subject.claim, subject, failure)
            except OSError as error:
                got = f"{self._folder}: {error.strerror}"
                raise StoreError("a replay file could not be written", got=got, hint="make room and resume") from error
            if path not in self.written:
                self.written.append(path)
