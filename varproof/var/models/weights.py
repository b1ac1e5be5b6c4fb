"""Weights by name: read and written as NPZ, checked against the names and shapes that a model needs.

A file is not trusted: headers are compared with what the model needs before any array is read.
"""

from __future__ import annotations

import lzma
import math
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.certificate import replacing
from varproof.base.errors import InputError, printable

Weights = Mapping[str, NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]
LISTED = 12  # names that a message lists
MAX_BYTES = 2**34
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Header:
    """What an array of an NPZ file is, said by the file: nothing of the array itself has been read."""

    member: zipfile.ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def checked(weights: Weights, shapes: Shapes) -> Weights:
    """The weights in the order of `shapes`; `InputError` listing missing, extra, misshapen and non-finite ones.

    >>> try:
    ...     checked({"a": np.zeros((2, 3))}, {"a": (3, 2)})
    ... except InputError as error:
    ...     print(error.hint)
    a is (2, 3), not (3, 2)
    """
    arrays = {name: np.asarray(array) for name, array in weights.items()}
    problems = misfits(arrays, shapes)
    for name, shape in shapes.items():
        array = arrays.get(name)
        if array is None or array.shape != tuple(shape) or array.dtype.kind != "f":
            continue
        if not np.isfinite(array).all():
            problems.append(f"{name} has {int((~np.isfinite(array)).sum())} entries that are NaN or infinite")
    refuse(problems, arrays, shapes)
    return {name: weights[name] for name in shapes}


def misfits(found: Mapping[str, NDArray[Any] | Header], shapes: Shapes) -> list[str]:
    """What is wrong with names, shapes and kinds, in words; entries are not looked at."""
    problems = []
    missing, extra = missing_and_extra(found, shapes)
    if missing:
        problems.append(f"missing: {listed(missing)}")
    if extra:
        problems.append(f"not of this model: {listed(extra)}")
    for name, shape in shapes.items():
        if name not in found:
            continue
        if tuple(found[name].shape) != tuple(shape):
            problems.append(f"{name} is {tuple(found[name].shape)}, not {tuple(shape)}")
        elif found[name].dtype.kind != "f":
            problems.append(f"{name} has dtype {found[name].dtype}")
    return problems


def missing_and_extra(found: Collection[str], shapes: Shapes) -> tuple[list[str], list[str]]:
    """Names that are wanted and not there, and the other way round."""
    return [name for name in shapes if name not in found], [name for name in found if name not in shapes]


def refuse(problems: list[str], found: Collection[str], shapes: Shapes) -> None:
    """`InputError` listing the problems, if there are any."""
    if not problems:
        return
    missing, extra = missing_and_extra(found, shapes)
    wrong = len(problems) - bool(missing) - bool(extra)
    raise InputError(
        "the weights do not fit the model",
        got=f"{len(missing)} names missing, {len(extra)} not of this model, {wrong} arrays that do not fit",
        allowed=f"the {len(shapes)} arrays of the model, finite floats",
        hint="; ".join(problems[:LISTED]) + ("; ..." if len(problems) > LISTED else ""),
    )


def listed(names: list[str]) -> str:
    """The first names and how many there are.

    >>> listed(["a", "b"])
    'a, b (2)'
    """
    shown = ", ".join(names[:LISTED]) + (", ..." if len(names) > LISTED else "")
    return f"{shown} ({len(names)})"


def read_npz(path: Path, expected: Shapes | None = None, *, apart: str | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of an NPZ file, none pickled. The array named `apart` is left out, whatever it is.

    Before any array is read, every header must agree with the size of its member, and with `expected` where given:
    the same names and shapes, floats. So no more is allocated than these arrays take. Raises `InputError` for a file
    that cannot be read, is not NPZ, holds objects or a name twice, more than 2^34 bytes, or other arrays.
    """
    with _opened(path) as archive:
        headers = {name: header for name, header in _headers(archive).items() if name != apart}
        if expected is not None:
            refuse(misfits(headers, expected), headers, expected)
            headers = {name: headers[name] for name in expected}
        return {name: _array(archive, header) for name, header in headers.items()}


def npz_headers(path: Path) -> dict[str, Header]:
    """Names, shapes and types of the arrays of an NPZ file, whose entries are not unpacked; errors as `read_npz`."""
    with _opened(path) as archive:
        return _headers(archive)


def read_npz_text(path: Path, name: str, most: int) -> str | None:
    """The text stored as an array of no axes under `name`, alone; None where there is none.

    Raises `InputError` as `read_npz` does, and for an array that is no text of at most `most` characters.
    """
    with _opened(path) as archive:
        header = _headers(archive).get(name)
        if header is None:
            return None
        if header.shape != () or header.dtype.kind != "U" or header.dtype.itemsize > 4 * most:
            raise InputError(
                f"{name} is no text",
                got=f"shape {header.shape}, dtype {header.dtype}",
                allowed=f"one text of at most {most} characters",
            )
        return str(_array(archive, header))


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; what goes wrong inside becomes an `InputError` about this file."""
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
            if total > MAX_BYTES:
                raise InputError("the weights are too large", got=f"{total} bytes", allowed=f"at most {MAX_BYTES}")
            yield archive
    except InputError:
        raise
    except OSError as error:
        hint = error.strerror or type(error).__name__
        raise InputError("the weights cannot be read", got=printable(path), hint=hint) from None
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError, zlib.error, lzma.LZMAError, RuntimeError) as error:
        raise InputError(
            "the weights are not a NumPy .npz file of plain arrays", got=printable(path), hint=str(error)[:200]
        ) from None


def _headers(archive: zipfile.ZipFile) -> dict[str, Header]:
    """The header of every array by name; `ValueError` for one that does not agree with the size of its member."""
    headers: dict[str, Header] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name in headers:
            raise ValueError(f"two arrays are named {printable(name)[:80]}")
        with archive.open(member) as stream:
            version = np.lib.format.read_magic(stream)
            if version not in HEADERS:
                raise ValueError(f"{printable(name)[:80]} has a header of version {version}")
            shape, _, dtype = HEADERS[version](stream)
            start = stream.tell()
        if dtype.hasobject or any(size < 0 for size in shape):
            raise ValueError(f"{printable(name)[:80]} is no plain array")
        if start + math.prod(shape) * dtype.itemsize != member.file_size:
            raise ValueError(f"the header of {printable(name)[:80]} does not agree with its {member.file_size} bytes")
        headers[name] = Header(member, tuple(shape), dtype)
    return headers


def _array(archive: zipfile.ZipFile, header: Header) -> NDArray[Any]:
    with archive.open(header.member) as stream:
        found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return found


def write_npz(path: Path, arrays: Weights) -> None:
    """Write an uncompressed NPZ file, complete or not at all."""
    with replacing(path) as scratch, scratch.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
