"""Weights by name: read and written as NPZ, checked against the names and shapes that a model needs."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
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


def checked(weights: Weights, shapes: Shapes) -> Weights:
    """The weights in the order of `shapes`; `InputError` listing missing, extra, misshapen and non-finite ones.

    >>> try:
    ...     checked({"a": np.zeros((2, 3))}, {"a": (3, 2)})
    ... except InputError as error:
    ...     print(error.hint)
    a is (2, 3), not (3, 2)
    """
    problems = []
    missing = [name for name in shapes if name not in weights]
    extra = [name for name in weights if name not in shapes]
    if missing:
        problems.append(f"missing: {listed(missing)}")
    if extra:
        problems.append(f"not of this model: {listed(extra)}")
    for name, shape in shapes.items():
        if name not in weights:
            continue
        array = np.asarray(weights[name])
        if tuple(array.shape) != tuple(shape):
            problems.append(f"{name} is {tuple(array.shape)}, not {tuple(shape)}")
        elif array.dtype.kind != "f":
            problems.append(f"{name} has dtype {array.dtype}")
        elif not np.isfinite(array).all():
            bad = int((~np.isfinite(array)).sum())
            problems.append(f"{name} has {bad} entries that are NaN or infinite")
    if problems:
        wrong = len(problems) - bool(missing) - bool(extra)
        raise InputError(
            "the weights do not fit the model",
            got=f"{len(missing)} names missing, {len(extra)} not of this model, {wrong} arrays that do not fit",
            allowed=f"the {len(shapes)} arrays of the model, finite floats",
            hint="; ".join(problems[:LISTED]) + ("; ..." if len(problems) > LISTED else ""),
        )
    return {name: weights[name] for name in shapes}


def listed(names: list[str]) -> str:
    """The first names and how many there are.

    >>> listed(["a", "b"])
    'a, b (2)'
    """
    shown = ", ".join(names[:LISTED]) + (", ..." if len(names) > LISTED else "")
    return f"{shown} ({len(names)})"


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an NPZ file, none pickled; sizes are read from the headers before anything is allocated.

    Raises `InputError` for a file that cannot be read, is not NPZ, holds objects, or more than 2^34 bytes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
            if total > MAX_BYTES:
                raise InputError("the weights are too large", got=f"{total} bytes", allowed=f"at most {MAX_BYTES}")
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except InputError:
        raise
    except OSError as error:
        hint = error.strerror or type(error).__name__
        raise InputError("the weights cannot be read", got=printable(path), hint=hint) from None
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError, zlib.error, NotImplementedError) as error:
        raise InputError(
            "the weights are not a NumPy .npz file of plain arrays", got=printable(path), hint=str(error)[:200]
        ) from None


def write_npz(path: Path, arrays: Weights) -> None:
    """Write an uncompressed NPZ file, complete or not at all."""
    with replacing(path) as scratch, scratch.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
