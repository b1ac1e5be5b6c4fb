"""Tables of polynomials on disk: one small JSON file a table, believed only where its checksum and its key are right.

The directory is `$VARPROOF_CACHE_DIR`, else `$XDG_CACHE_HOME/varproof`, else `~/.cache/varproof`; `VARPROOF_CACHE_DIR=`
(set and empty) means no disk cache. A file that is corrupt, cut short, foreign, of another version or with a wrong
checksum is built again without a word, and a directory that cannot be written is no error. The checksum finds damage,
not malice: who can write the directory can make this machine believe a wrong table, as with every cache of programs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from varproof.base.errors import CertificateError

FORMAT = "varproof-table"
VERSION = 2  # raise it whenever the making of any table changes
MAX_BYTES = 1 << 20

Table = TypeVar("Table")
Content = dict[str, Any]

# python-flint's working precision is global, so that tables are made by one thread at a time
_making = threading.RLock()


def directory() -> Path | None:
    """Where tables are kept, or None for no disk cache."""
    chosen = os.environ.get("VARPROOF_CACHE_DIR")
    if chosen is not None:
        return Path(chosen) if chosen else None
    home = os.environ.get("XDG_CACHE_HOME", "")
    if home and os.path.isabs(home):  # the XDG standard ignores relative paths
        return Path(home) / "varproof"
    try:
        return Path.home() / ".cache" / "varproof"
    except RuntimeError:
        return None


def recall(
    kind: str,
    key: dict[str, str],
    *,
    build: Callable[[], Table],
    read: Callable[[Content], Table],
    write: Callable[[Table], Content],
) -> Table:
    """The table of this kind and key: from disk where `read` accepts what lies there, otherwise built and stored.

    `read` raises `ValueError`, `TypeError`, `KeyError`, `OverflowError` or `CertificateError` for content that it does
    not believe. Names of files come from the values of `key`, which are numbers as text.
    """
    with _making:
        content = load(kind, key)
        if content is not None:
            with contextlib.suppress(ValueError, TypeError, KeyError, OverflowError, CertificateError):
                return read(content)
        table = build()
        store(kind, key, write(table))
        return table


def load(kind: str, key: dict[str, str]) -> Content | None:
    """The content stored for this kind and key, or None; damage of every sort is None."""
    path = table_path(kind, key)
    if path is None:
        return None
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = json.loads(file.read(MAX_BYTES))
        content = data["content"]
        expected = _envelope(kind, key, content)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return content if isinstance(content, dict) and data == expected else None


def store(kind: str, key: dict[str, str], content: Content) -> None:
    """Write the content in one step (other processes see the old file or the new one); failure is no error."""
    path = table_path(kind, key)
    if path is None:
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".table-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(_envelope(kind, key, content), file)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise


def table_path(kind: str, key: dict[str, str]) -> Path | None:
    """The file of this kind and key, whether it is there or not; None for no disk cache."""
    home = directory()
    return None if home is None else home / "tables" / ("_".join([kind, *key.values()]) + ".json")


def hexadecimal(numbers: tuple[float, ...]) -> list[str]:
    """Floats as text without loss."""
    return [number.hex() for number in numbers]


def from_hexadecimal(texts: Any) -> tuple[float, ...]:
    """The inverse of `hexadecimal`; `TypeError` or `ValueError` for anything else."""
    return tuple(float.fromhex(text) for text in texts)


def _envelope(kind: str, key: dict[str, str], content: Any) -> Content:
    """The whole file: the checksum covers everything else."""
    body = {"format": FORMAT, "version": VERSION, "kind": kind, "key": key, "content": content}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return {**body, "sha256": hashlib.sha256(text.encode()).hexdigest()}
