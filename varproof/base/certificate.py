"""Certificates: plain JSON with numbers as strings, written for a checker that does not know our code."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varproof.base.errors import InputError


@dataclass(frozen=True)
class Certificate:
    """A JSON object (`payload`, top-level key `format`) whose integers and rationals are strings.

    >>> print(Certificate({"format": "varproof/degree-certificate/1", "degree": "3"}).to_text(), end="")
    {
     "format": "varproof/degree-certificate/1",
     "degree": "3"
    }
    """

    payload: Mapping[str, Any]

    def to_text(self) -> str:
        """The file's text, one line per number, ending in a newline."""
        return json.dumps(self.payload, indent=1) + "\n"

    def save(self, path: str | Path) -> None:
        """Write the certificate; an existing file is replaced only once the text is complete, and keeps its mode.

        Raises `InputError` for what `writable_target` refuses, `OSError` with the given path when writing fails.
        """
        text = self.to_text()
        with replacing(path) as scratch:
            scratch.write_text(text, encoding="utf-8")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a file to write instead of `path`, which it replaces at the end of the block; on an error `path` stays.

    Raises `InputError` for what `writable_target` refuses, `OSError` with the given path when writing fails.
    """
    target = writable_target(path)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".varproof-") as directory:
            scratch = Path(directory, "new" + Path(path).suffix)  # a normal new file: the umask gives its mode
            yield scratch
            if target.exists():
                scratch.chmod(stat.S_IMODE(target.stat().st_mode))
            scratch.replace(target)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None  # the user's file, not the temporary one


def writable_target(path: str | Path) -> Path:
    """The file that writing to `path` would replace or create, symbolic links followed.

    Raises `InputError` for anything that exists and is not a regular file (directory, device, pipe), for a file
    without write permission, and for a directory that is missing or not writable.
    """
    try:
        target = Path(os.path.realpath(path))
        found = _status(target)
        parent = _status(target.parent)
    except (OSError, ValueError) as error:  # the working directory is gone, a loop of links, a name too long
        reason = error.strerror if isinstance(error, OSError) else str(error)
        allowed = "a file in a directory that exists"
        raise InputError(f"cannot write to this file: {reason}", got=path, allowed=allowed) from None
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise InputError("cannot write to a directory", got=path, allowed="a file name")
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise InputError("cannot write to this: not a regular file", got=path, allowed="a new or a regular file")
    if parent is None or not stat.S_ISDIR(parent.st_mode):
        raise InputError("the directory of this file does not exist", got=path, hint="create the directory first")
    # root may write everything: the owner's bit is asked for as well, since somebody took it away on purpose
    if found is not None and not (found.st_mode & stat.S_IWUSR and os.access(target, os.W_OK)):
        raise InputError("this file is write-protected", got=path, hint="choose another name or allow writing")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError("the directory of this file is write-protected", got=path, hint="choose another directory")
    return target


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
