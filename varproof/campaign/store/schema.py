"""The SQLite file behind a store: its tables, its format number, and how it is made and opened."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from urllib.parse import quote

from varproof.base.errors import InputError
from varproof.campaign.store.errors import FAILURES, told

APPLICATION = 0x76617270  # "varp": marks a SQLite file as one of ours
FORMAT = 1
MAGIC = b"SQLite format 3\x00"
LOG = 4 * 2**20  # bytes of the write-ahead log above which it is folded into the file
BUSY = 30.0  # seconds to wait for another connection; with one writer only recovery after a crash takes any

# planned: the chunks of the plan at their claims' revisions; outcomes: what became of a chunk at a revision, kept
# also for chunks that no plan names now, since a plan may name them again
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE planned (
  position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, claim TEXT NOT NULL, revision TEXT NOT NULL,
  chunk TEXT NOT NULL
);
CREATE TABLE outcomes (
  id TEXT NOT NULL, revision TEXT NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL, failed INTEGER NOT NULL,
  seconds REAL NOT NULL, worker TEXT NOT NULL, digest TEXT NOT NULL, reason TEXT NOT NULL, point TEXT NOT NULL,
  result TEXT NOT NULL, PRIMARY KEY (id, revision)
);
"""


def make(path: Path, settings: str) -> None:
    """An empty store at `path`, complete or not there at all: it is made under another name and moved."""
    part = path.with_name(path.name + ".part")
    _remove(part)  # of a process that was killed here
    with told(path, "making the store", new=True):
        connection = sqlite3.connect(part, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(
                f"BEGIN; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};{TABLES}COMMIT;"
            )
            connection.execute("INSERT INTO meta VALUES ('settings', ?)", (settings,))
            connection.close()
            os.replace(part, path)
        finally:
            connection.close()
            _remove(part)


def _remove(part: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        part.with_name(part.name + ending).unlink(missing_ok=True)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection to an existing store. Raises `InputError` for anything that is not one, or not of this format."""
    _check_file(path, write=write)
    # a reader that may write too leaves no empty log behind when it is the last to close
    modes = ("mode=rw",) if write else ("mode=rw", "mode=ro", "mode=ro&immutable=1")
    failure: Exception | None = None
    for mode in modes:
        if "immutable" in mode and _size(path.with_name(path.name + "-wal")) > 0:
            break  # a reader of a read-only folder cannot see the log, and what it says is part of the store
        try:
            return _checked(path, mode, write=write)
        except FAILURES as error:
            failure = error
    raise InputError(
        "the store is damaged or cannot be opened",
        got=f"{path}: {failure}",
        allowed="a file made by varproof campaign run",
        hint="restore it from a copy, or start a new one",
    ) from failure


def verify(connection: sqlite3.Connection, path: Path) -> None:
    """Raises `InputError` where SQLite finds the file inconsistent."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    except FAILURES as error:
        found = [str(error)]
    if found != ["ok"]:
        raise InputError(
            "the store is damaged",
            got=f"{path}: {'; '.join(found)}",
            allowed="a file made by varproof campaign run",
            hint="restore it from a copy, or start a new one",
        )


def fold(connection: sqlite3.Connection, path: Path) -> None:
    """Move a long log into the file and cut it; does nothing while readers need it.

    SQLite's own way leaves the moved log in place: pages of many ages, of which a damaged end would lose the newest.
    """
    if _size(path.with_name(path.name + "-wal")) > LOG:
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY * 1000)}")


def _checked(path: Path, mode: str, *, write: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, isolation_level=None, timeout=BUSY)
    connection.text_factory = lambda text: text.decode(errors="replace")  # changed bytes are told by digests
    try:
        _check_format(connection, path)
        if not write:
            connection.execute("PRAGMA query_only = ON")
        else:
            # a commit is safe from a kill without fsync; only a power cut can cost the last ones, never the store
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise InputError("a database, but not a store of a campaign", got=path, allowed="a file of campaign run")
    if version != FORMAT:
        raise InputError(
            "a store of another version of varproof",
            got=f"{path}: format {version}",
            allowed=f"format {FORMAT}",
            hint="use the version that made it, or start a new store",
        )
    connection.execute("SELECT value FROM meta WHERE name = 'settings'").fetchone()


def _check_file(path: Path, *, write: bool) -> None:
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise InputError("the store is a directory", got=path, allowed="a file")
        if not stat.S_ISREG(kind):
            raise InputError("the store is not an ordinary file", got=path, allowed="a file of campaign run")
        with path.open("r+b" if write else "rb") as file:
            magic = file.read(len(MAGIC))
    except FileNotFoundError as error:
        raise InputError("no store there", got=path, hint="varproof campaign run --store FILE makes one") from error
    except OSError as error:
        wanted = "a file that can be written to" if write else "a file that can be read"
        raise InputError("the store cannot be opened", got=f"{path}: {error.strerror}", allowed=wanted) from error
    if magic != MAGIC:
        raise InputError("not a store of a campaign", got=path, allowed="a file of campaign run")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
