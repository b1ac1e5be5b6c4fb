"""The reader of .safetensors takes what the format allows and refuses everything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.var.checkpoint.safetensors import read_safetensors, write_safetensors


def framed(header: bytes, data: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + data


def arrays() -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    found: dict[str, np.ndarray[Any, Any]] = {
        "half": rng.normal(size=(3, 1)).astype(np.float16),
        "scalar": np.array(2.5),
        "single": rng.normal(size=(2, 3, 4)).astype(np.float32),
        "none": np.zeros((0, 4)),
        "long": np.array([-(2**60), 7]),
        "int": np.array([[3]], dtype=np.int32),
        "byte": np.arange(5, dtype=np.uint8),
    }
    return found


def test_round_trip_and_an_independent_writer(tmp_path: Path, packed: Callable[[Any], bytes]) -> None:
    own, other = tmp_path / "own.safetensors", tmp_path / "other.safetensors"
    write_safetensors(own, arrays())
    other.write_bytes(packed(arrays()))
    for path in (own, other):
        found = read_safetensors(path)
        assert set(found) == set(arrays())
        for name, array in arrays().items():
            assert found[name].dtype == array.dtype
            assert np.array_equal(found[name], array)


def test_bfloat16_and_booleans(tmp_path: Path) -> None:
    values = np.array([1.0, -2.5, 3.0e38, 0.0078125], dtype=np.float32)
    short = (values.view(np.uint32) >> 16).astype(np.uint16)
    header = {
        "b": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]},
        "t": {"dtype": "BOOL", "shape": [2], "data_offsets": [8, 10]},
    }
    path = tmp_path / "b.safetensors"
    path.write_bytes(framed(json.dumps(header).encode(), short.tobytes() + b"\x01\x00"))
    found = read_safetensors(path)
    assert found["b"].dtype == np.float32
    assert np.array_equal(found["b"].ravel().view(np.uint32), (short.astype(np.uint32) << 16))
    assert found["t"].tolist() == [True, False]
    path.write_bytes(framed(json.dumps(header).encode(), short.tobytes() + b"\x02\x00"))
    with pytest.raises(InputError, match="no boolean"):
        read_safetensors(path)


def entry(start: int = 0, stop: int = 8, shape: Any = (2,), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


GOOD = {"a": entry(), "b": entry(8, 16)}
BROKEN_HEADERS: dict[str, Any] = {
    "gap": {"a": entry(), "b": entry(12, 16, (1,))},
    "gap at the start": {"a": entry(4, 16, (3,))},
    "overlap": {"a": entry(0, 12, (3,)), "b": entry(8, 16)},
    "one array twice": {"a": entry(), "b": entry()},
    "left over": {"a": entry()},
    "beyond the end": {"a": entry(), "b": entry(8, 24, (4,))},
    "wrong size": {"a": entry(), "b": entry(8, 16, (3,))},
    "negative": {"a": entry(), "b": entry(16, 8, (-2,))},
    "two negative axes": {"a": entry(), "b": entry(8, 16, (-2, -1))},
    "float axis": {"a": entry(), "b": entry(8, 16, (2.0,))},
    "true as axis": {"a": entry(), "b": entry(8, 16, (2, True))},
    "huge": {"a": entry(), "b": entry(8, 2**63, (2**61,))},
    "unknown dtype": {"a": entry(), "b": entry(8, 16, (2,), "F8_E4M3")},
    "dtype no text": {"a": entry(), "b": entry(8, 16, (2,), ["F32"])},
    "extra key": {"a": entry(), "b": {**entry(8, 16), "more": 1}},
    "no object": {"a": entry(), "b": [1, 2]},
    "list": [1, 2, 3],
}


@pytest.mark.parametrize("name", BROKEN_HEADERS)
def test_headers_that_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(framed(json.dumps(GOOD).encode(), bytes(16)))
    assert set(read_safetensors(path)) == {"a", "b"}
    path.write_bytes(framed(json.dumps(BROKEN_HEADERS[name]).encode(), bytes(16)))
    with pytest.raises(InputError):
        read_safetensors(path)


EMPTY = b'"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
BROKEN_FILES = {
    "empty": b"",
    "seven bytes": b"1234567",
    "no header": (0).to_bytes(8, "little"),
    "header beyond the end": (1000).to_bytes(8, "little") + b"{}",
    "huge header": (2**63).to_bytes(8, "little") + b"{}",
    "no JSON": framed(b"{nonsense", b""),
    "no text": framed(b"\xff\xfe\xfd", b""),
    "deep": framed(b"[" * 100_000, b""),
    "long integer": framed(b'{"a":' + b"9" * 10_000 + b"}", b""),
    "name twice": framed(
        b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
        b"",
    ),
    "torch": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_files_that_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(BROKEN_FILES[name])
    with pytest.raises(InputError):
        read_safetensors(path)


def test_missing_files_and_dtypes_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_safetensors(tmp_path / "none.safetensors")
    with pytest.raises(InputError, match="cannot be read"):
        read_safetensors(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        write_safetensors(tmp_path / "c.safetensors", {"c": np.zeros(2, dtype=complex)})
    assert not (tmp_path / "c.safetensors").exists()
