"""A worker's flight record: a shared page that says which chunk and case ran, still there when the worker is gone."""

from __future__ import annotations

import marshal
import mmap
import os
import struct
import sys
import tempfile
import zlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from varproof.base.errors import shorten
from varproof.families.space import encode_value

SLOT = 4096  # bytes; slot 0 names the job, slots 1 and 2 take the cases in turn
SIZE = 3 * SLOT
HEADER = struct.Struct("<II")  # length and checksum of what follows: a half-written record does not match
LONGEST = SLOT - HEADER.size
TEXT = 500  # characters of a point that is not made of plain values


def open_flight_file() -> int:
    """A descriptor of an empty record; the file has no name, so nothing stays behind whoever dies."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("varproof-flight")
    else:
        with tempfile.TemporaryFile() as unnamed:
            descriptor = os.dup(unnamed.fileno())
    os.ftruncate(descriptor, SIZE)
    return descriptor


class FlightRecorder:
    """Writes the record (a `Recorder`). Marshal is the fastest exact encoding of a point that Python has.

    >>> descriptor = open_flight_file()
    >>> flight = FlightRecorder(descriptor)
    >>> flight.begin("job 1")
    >>> flight.case(7, {"keys": 4, "rho": 0.5})
    >>> read_flight(descriptor, "job 1")
    {'index': 7, 'point': {'keys': 4, 'rho': {'float': '0x1.0000000000000p-1'}}}
    >>> os.close(descriptor)
    """

    def __init__(self, descriptor: int) -> None:
        self._map = mmap.mmap(descriptor, SIZE)
        self._number = 0

    def begin(self, job: str) -> None:
        """A job starts; what was recorded before no longer counts."""
        self._map[SLOT:] = bytes(2 * SLOT)
        self._write(0, marshal.dumps(job))
        self._number = 0

    def case(self, index: int, point: object) -> None:
        """Case `index` of the chunk starts."""
        self._number = number = self._number + 1
        try:
            data = marshal.dumps((number, index, point))  # type: ignore[arg-type]
        except ValueError:  # a fraction, say
            data = marshal.dumps((number, index, _plain(point)))  # type: ignore[arg-type]
        if len(data) > LONGEST:
            data = marshal.dumps((number, index, shorten(point, TEXT)))
        self._write(SLOT + (number & 1) * SLOT, data)

    def _write(self, place: int, data: bytes) -> None:
        self._map[place : place + HEADER.size + len(data)] = HEADER.pack(len(data), zlib.crc32(data)) + data


def begun(descriptor: int, job: str) -> bool:
    """Whether this is the job that was begun last."""
    return bool(_loaded(os.pread(descriptor, SLOT, 0)) == job)


def read_flight(descriptor: int, job: str) -> dict[str, Any] | None:
    """The last case that was begun in this job, as plain data; None where none was, or another job is recorded.

    `point` is a mapping of encoded values, text for anything that is not made of plain values, or None.
    """
    page = os.pread(descriptor, SIZE, 0)
    if _loaded(page[:SLOT]) != job:
        return None
    found = [one for one in (_loaded(page[SLOT : 2 * SLOT]), _loaded(page[2 * SLOT :])) if one is not None]
    if not found:
        return None
    _, index, point = max(found, key=lambda one: int(one[0]))
    return {"index": index, "point": _encoded(point)}


def _loaded(slot: bytes) -> Any:
    length, checksum = HEADER.unpack_from(slot)
    data = slot[HEADER.size : HEADER.size + length]
    if not 0 < length <= LONGEST or zlib.crc32(data) != checksum:
        return None
    return marshal.loads(data)


def _plain(point: object) -> object:
    """The same with every value written out that marshal does not know."""
    return _encoded(dict(point)) if isinstance(point, Mapping) else shorten(point, TEXT)


def _encoded(point: object) -> object:
    if not isinstance(point, dict):
        return None if point is None else shorten(point, TEXT)
    return {str(name): _encoded_value(value) for name, value in point.items()}


def _encoded_value(value: Any) -> object:
    if isinstance(value, dict):  # encoded before it was written
        return value
    return encode_value(value) if isinstance(value, int | float | str | Fraction) else shorten(value, TEXT)
