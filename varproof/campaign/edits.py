"""Which claims were edited while their campaign runs: workers that start later would run other code than the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from varproof.campaign.revision import revision_of, sources_of
from varproof.claims.model import Claim

Stamp = tuple[tuple[int, int] | None, ...]


class Edits:
    """The revisions of some claims when this was made, and which of the claims have another one since.

    An edited claim stays edited, also when the edit is taken back: what ran in between cannot be told apart.
    """

    def __init__(self, claims: Sequence[Claim], module_path: Path | None) -> None:
        self._claims = {claim.id: claim for claim in claims}
        self._module = module_path
        self._files = {claim.id: sources_of(claim, module_path) for claim in claims}
        self._stamps = {name: _stamp(files) for name, files in self._files.items()}
        self.revisions = {claim.id: revision_of(claim, module_path) for claim in claims}
        self.edited: set[str] = set()

    def look(self, names: Iterable[str]) -> None:
        """Update `edited` for these claims; reads a file only when its time or size has changed."""
        for name in sorted(set(names) - self.edited):
            stamp = _stamp(self._files[name])
            if stamp == self._stamps[name]:
                continue
            self._stamps[name] = stamp
            if None in stamp or revision_of(self._claims[name], self._module) != self.revisions[name]:
                self.edited.add(name)


def _stamp(files: Iterable[Path]) -> Stamp:
    found: list[tuple[int, int] | None] = []
    for file in files:
        try:
            status = file.stat()
            found.append((status.st_mtime_ns, status.st_size))
        except OSError:
            found.append(None)
    return tuple(found)
