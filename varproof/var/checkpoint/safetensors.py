"""The .safetensors format: 8 bytes of header length, a JSON header, raw little-endian data. Read strictly.

Every byte of the data must belong to exactly one array: no gaps, no overlaps, nothing left. bfloat16 becomes float32,
which holds it exactly.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.certificate import replacing
from varproof.base.errors import InputError, printable, shorten

MAX_HEADER = 100_000_000  # bytes, the format's own cap
MAX_ARRAYS = 100_000
MAX_AXES = 16
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "U8": "u1",
    "BOOL": "u1",
}
ALLOWED = "a .safetensors file: header length, JSON header, data without gaps"


def read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by name, mapped from disk and not copied (bfloat16 apart).

    Raises `InputError` for a file that cannot be read or breaks the format in any way.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 8 or not 2 <= length <= min(MAX_HEADER, size - 8):
                raise _broken(path, f"a header of {length} bytes in a file of {size}")
            raw = stream.read(length)
        data = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length) if size > 8 + length else np.empty(0, "u1")
    except OSError as error:
        hint = error.strerror or type(error).__name__
        raise InputError("the checkpoint cannot be read", got=printable(path), hint=hint) from None
    arrays, place = {}, 0
    for name, dtype, shape, start, stop in sorted(_entries(path, raw), key=lambda entry: entry[3:]):
        if start != place or stop > len(data):
            raise _broken(path, f"{shorten(name)} lies at {start} to {stop}, after {place} of {len(data)} bytes")
        place = stop
        arrays[name] = _array(path, name, data[start:stop], dtype, shape)
    if place != len(data):
        raise _broken(path, f"{len(data) - place} bytes belong to no array")
    return arrays


def _entries(path: Path, raw: bytes) -> list[tuple[str, str, tuple[int, ...], int, int]]:
    """Name, dtype, shape, start and stop of every array, each checked on its own."""
    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"the header is not JSON: {shorten(error)}") from None
    if not isinstance(header, dict) or len(header) > MAX_ARRAYS:
        raise _broken(path, "the header is not an object of at most 100000 arrays")
    header.pop("__metadata__", None)
    found = []
    for name, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise _broken(path, f"the entry of {shorten(name)}")
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise InputError(f"unknown dtype of {shorten(name)}", got=shorten(dtype), allowed=", ".join(DTYPES))
        if not (_counts(shape) and len(shape) <= MAX_AXES and _counts(offsets) and len(offsets) == 2):
            raise _broken(path, f"shape or offsets of {shorten(name)}")
        start, stop = offsets
        if stop - start != math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize:
            raise _broken(path, f"{shorten(name)} has {stop - start} bytes for shape {shorten(tuple(shape))} {dtype}")
        found.append((name, dtype, tuple(shape), start, stop))
    return found


def _counts(values: Any) -> bool:
    """Whether these are a list of integers from 0 to 2^62."""
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**62 for value in values)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name appears twice")
    return made


def _array(path: Path, name: str, data: NDArray[Any], dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    found = data.view(DTYPES[dtype]).reshape(shape)
    if dtype == "BF16":
        return (found.astype(np.uint32) << np.uint32(16)).view(np.float32)
    if dtype == "BOOL":
        if found.size and found.max() > 1:
            raise _broken(path, f"{shorten(name)} holds a byte that is no boolean")
        return found.astype(np.bool_)
    return found


def _broken(path: Path, what: str) -> InputError:
    return InputError(f"not a valid .safetensors file: {what}", got=printable(path), allowed=ALLOWED)


def write_safetensors(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays of float64, float32, float16, int64, int32 or uint8, complete or not at all."""
    names = {np.dtype(code): dtype for dtype, code in DTYPES.items() if dtype not in ("BF16", "BOOL")}
    header, place, parts = {}, 0, []
    for name, array in arrays.items():
        if array.dtype not in names:
            raise InputError(f"{name} cannot be written", got=array.dtype, allowed=", ".join(map(str, names)))
        part = np.ascontiguousarray(array).tobytes()
        shape = list(array.shape)
        header[name] = {"dtype": names[array.dtype], "shape": shape, "data_offsets": [place, place + len(part)]}
        place += len(part)
        parts.append(part)
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    with replacing(path) as scratch:
        scratch.write_bytes(len(raw).to_bytes(8, "little") + raw + b"".join(parts))
