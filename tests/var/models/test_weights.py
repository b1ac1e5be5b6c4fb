"""Files of weights that lie: what they say is compared before anything is allocated."""

from __future__ import annotations

import io
import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib import format as npy

from varproof.base.errors import InputError
from varproof.growth.schedules import parse_schedule
from varproof.var.models import reference_weights, weights
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.reference import reference_random
from varproof.var.models.reference_weights import config_to_json, read_config, read_reference, write_reference
from varproof.var.models.weights import read_npz, read_npz_text, write_npz

SMALL = 2_000_000  # bytes; far less than what the files below pretend to hold


def header(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    stream = io.BytesIO()
    npy.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def archive(path: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as made:
        warnings.simplefilter("ignore")  # of a name twice
        for name, raw in members:
            made.writestr(name, raw)
    return path


def array(values: Any) -> bytes:
    stream = io.BytesIO()
    npy.write_array(stream, np.asarray(values))
    return stream.getvalue()


def refused(path: Path, message: str, hint: str = "", **options: Any) -> InputError:
    """The error of reading, with a peak of memory that shows that nothing large was allocated."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=message) as caught:
            read_npz(path, **options)
        assert tracemalloc.get_traced_memory()[1] < SMALL
    finally:
        tracemalloc.stop()
    assert hint in caught.value.hint
    return caught.value


@pytest.mark.parametrize("expected", [None, {"a": (200_000, 200_000)}])
def test_a_header_that_promises_more_than_the_file_holds(tmp_path: Path, expected: Any) -> None:
    path = archive(tmp_path / "w.npz", ("a.npy", header((200_000, 200_000)) + bytes(800)))
    refused(path, "not a NumPy", "does not agree with its", expected=expected)


def test_zeros_that_unpack_to_more_than_the_model_has(tmp_path: Path) -> None:
    raw = header((4_000_000,)) + bytes(32_000_000)
    path = archive(tmp_path / "w.npz", ("a.npy", raw), method=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    error = refused(path, "do not fit the model", "a is (4000000,), not (3,)", expected={"a": (3,)})
    assert error.got == "0 names missing, 0 not of this model, 1 arrays that do not fit"
    refused(path, "do not fit the model", "missing: b (1); not of this model: a (1)", expected={"b": (3,)})
    assert read_npz(path, {"a": (4_000_000,)})["a"].shape == (4_000_000,)  # what is asked for is read


def test_the_configuration_is_read_alone_and_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ReferenceConfig(parse_schedule("1,2"), depth=1, width=8, heads=2, hidden=8, vocabulary=5, decoder=None)
    path = tmp_path / "m.npz"
    write_reference(path, config, reference_random(config, 0))
    assert read_config(path) == config
    text = array(np.array(config_to_json(config)))
    bomb = header((4_000_000,)) + bytes(32_000_000)
    archive(path, ("config.npy", text), ("var.head.bias.npy", bomb), method=zipfile.ZIP_DEFLATED)
    long = header((), f"<U{8_000_000}") + bytes(32_000_000)
    archive(tmp_path / "long.npz", ("config.npy", long), method=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    try:
        for file, message in ((path, "do not fit the model"), (tmp_path / "long.npz", "config is no text")):
            with pytest.raises(InputError, match=message):
                read_reference(file)
        assert tracemalloc.get_traced_memory()[1] < SMALL
    finally:
        tracemalloc.stop()
    monkeypatch.setattr(reference_weights, "MAX_CONFIG", 10)
    archive(path, ("config.npy", text))
    with pytest.raises(InputError, match="config is no text"):
        read_config(path)


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        ([("a.npy", array([1.0])), ("a.npy", array([2.0]))], "two arrays are named a"),
        ([("a.npy", array([1.0])), ("a", array([2.0]))], "two arrays are named a"),
        ([("a.npy", array([1.0]) + b"more")], "does not agree"),
        ([("a.npy", array([1.0])[:-1])], "does not agree"),
        ([("a.npy", header((-1, -8)) + bytes(64))], "no plain array"),
        ([("a.npy", header((8,), "|O") + bytes(64))], "no plain array"),
        ([("a.npy", b"")], ""),
        ([("a.txt", b"hello, this is a text")], ""),
        ([("a.npy", b"\x93NUMPY\x03\x00" + struct.pack("<I", 4) + b"{}  ")], "a header of version (3, 0)"),
        ([("a.npy", header((2**62, 2**62)) + bytes(8))], "does not agree"),
    ],
)
def test_members_that_are_no_arrays_or_two(members: list[tuple[str, bytes]], hint: str, tmp_path: Path) -> None:
    refused(archive(tmp_path / "w.npz", *members), "not a NumPy", hint)


def test_files_cut_short_or_changed(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    write_npz(path, {"a": np.arange(500.0), "b": np.array([[1, 2]], dtype=np.float32)})
    assert {name: each.shape for name, each in read_npz(path).items()} == {"a": (500,), "b": (1, 2)}
    assert list(read_npz(path, apart="a")) == ["b"]
    raw = path.read_bytes()
    for length in range(0, len(raw), 97):
        path.write_bytes(raw[:length])
        refused(path, "not a NumPy")
    place = raw.index(np.float64(250).tobytes())
    path.write_bytes(raw[:place] + b"\x01" + raw[place + 1 :])
    refused(path, "not a NumPy", "CRC")
    encrypted = bytearray(raw)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[raw.index(mark) + offset] |= 1
    path.write_bytes(bytes(encrypted))
    refused(path, "not a NumPy", "encrypted")


def test_the_cap_of_a_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_npz(tmp_path / "w.npz", {"a": np.zeros(100)})
    monkeypatch.setattr(weights, "MAX_BYTES", 500)
    refused(tmp_path / "w.npz", "too large")


def test_a_text_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    write_npz(path, {"note": np.array("hello"), "number": np.array(3.0)})
    assert read_npz_text(path, "note", 5) == "hello"
    assert read_npz_text(path, "other", 5) is None
    for name, most in (("note", 4), ("number", 100)):
        with pytest.raises(InputError, match=f"{name} is no text"):
            read_npz_text(path, name, most)
