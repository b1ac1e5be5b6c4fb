"""What goes wrong with a store while a campaign runs, through no fault of the caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from varproof.base.errors import VarproofError

# the second is what SQLite's own complaint becomes when it quotes bytes that are no text
FAILURES = (sqlite3.Error, UnicodeDecodeError)


class StoreError(VarproofError):
    """The store cannot be written or read any more; what was saved before is still there."""

    exit_code = 5


@contextmanager
def told(path: Path, doing: str, *, new: bool = False) -> Iterator[None]:
    """Turns an error of SQLite into a `StoreError` that says what was being done to which file; `new`: being made."""
    try:
        yield
    except FAILURES as error:
        full = "full" in str(error)
        message = f"{'the disk is full: ' if full else ''}{doing} failed"
        if new:
            hint = "make room, or put the store on another disk"
        else:
            way = "make room and resume" if full else "copy the store to a healthy disk and resume there"
            hint = f"what was saved before is still in the store; {way}"
        raise StoreError(message, got=f"{path}: {error}", hint=hint) from error
