"""Plain arrays of an NPZ file that is not trusted: its size is looked at before anything is read, no pickles."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.var.models.weights import Header, npz_headers, read_npz

MAX_BYTES = 2**31
Found = TypeVar("Found")


def read_arrays(
    path: str | Path,
    what: str,
    *,
    most: int = MAX_BYTES,
    check: Callable[[Mapping[str, Header]], None] | None = None,
) -> dict[str, NDArray[Any]]:
    """The arrays of an NPZ file by name; `what` names the file in messages ("the outputs").

    Headers are compared with the sizes of the members first, so no more is allocated than `most` bytes; `check` sees
    names, shapes and types, and may refuse them, before any array is unpacked. Raises `InputError` for a file that
    cannot be read, is no NPZ file, holds objects or is larger.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
    except OSError as error:
        raise InputError(f"{what} cannot be read", got=path, hint=error.strerror or type(error).__name__) from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"{what}: not an NPZ file", got=path, hint=str(error) or "numpy.savez writes one") from None
    if total > most:
        raise InputError(f"{what}: the arrays are too large", got=f"{total} bytes", allowed=f"at most {most} bytes")
    if check is not None:
        check(_plain(npz_headers, path, what))
    return _plain(read_npz, path, what)


def _plain(read: Callable[[Path], Found], path: Path, what: str) -> Found:
    try:
        return read(path)
    except InputError as error:  # the reader is that of weights files, and says so
        hint = error.hint or error.message
        raise InputError(
            f"{what}: not an NPZ file of plain arrays", got=path, allowed="numbers and texts, no objects", hint=hint
        ) from None
    except (TypeError, NotImplementedError) as error:
        raise InputError(f"{what}: not an NPZ file of plain arrays", got=path, hint=str(error)) from None
