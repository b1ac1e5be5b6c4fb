"""The saved failures of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from varproof.base.errors import InputError, printable
from varproof.campaign.replays.rerun import Outcome, replay
from varproof.claims.model import Claim


def replay_files(folder: str | Path) -> tuple[Path, ...]:
    """The JSON files of a folder by name, replays or not; none where there is no such folder.

    Raises `InputError` for something that is no folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replay_files(Path(folder))
    ()
    """
    folder = Path(folder)
    if not folder.exists():
        return ()
    if not folder.is_dir():
        raise InputError("replays lie in a folder", got=printable(folder), allowed="a folder")
    try:
        return tuple(sorted(folder.glob("*.json")))
    except OSError as error:
        raise InputError("the folder cannot be read", got=printable(folder), hint=error.strerror or "") from None


def replay_all(folder: str | Path, claims: Iterable[Claim] = (), *, only: str | None = None) -> tuple[Outcome, ...]:
    """Every saved failure of a folder, held against today's claims; with `only` those of one claim.

    Files that cannot be read are told as ERROR whatever claim they were of. Raises `InputError` as `replay_files`.
    """
    known = tuple(claims)
    outcomes = (replay(path, known) for path in replay_files(folder))
    return tuple(outcome for outcome in outcomes if only is None or outcome.claim in ("", only))
