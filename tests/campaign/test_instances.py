"""Instances as data: what is written is read back to the last bit, and junk is refused before it costs memory."""

from __future__ import annotations

import io
import json
import math
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from varproof.base.errors import InputError
from varproof.campaign import instances
from varproof.campaign.instances import (
    DTYPES,
    assembled,
    decode_instance,
    encode_instance,
    load_arrays,
    outline,
    read_json,
    save_arrays,
)
from varproof.claims.attack import Instance

SAMPLE = Instance(
    arrays={
        "q": np.array([[0.1, -0.0, np.inf], [np.nan, 5e-324, -1.7976931348623157e308]]),
        "levels": np.array([3, -1], dtype=np.int8),
        "half": np.array(0.1, dtype=np.float16),
        "mask": np.array([[True], [False]]),
        "none": np.zeros((0, 4), dtype=np.float32),
    },
    numbers={"rho": 0.1, "n": 2**70, "name": "one key", "third": Fraction(1, 3)},
    dimensions={"rows": (("q", 0), ("mask", 0)), "columns": (("q", 1),)},
    boxes={"q": (-1.5, math.inf)},
)
VALID = encode_instance(SAMPLE)


def same(left: Instance, right: Instance) -> None:
    """Equal to the last bit, in the same order."""
    assert list(left.arrays) == list(right.arrays)
    for name, array in left.arrays.items():
        other = right.arrays[name]
        assert (array.dtype.name, array.shape) == (other.dtype.name, other.shape)
        assert np.ascontiguousarray(array).astype(array.dtype.newbyteorder("=")).tobytes() == other.tobytes()
    assert dict(left.numbers) == dict(right.numbers)
    assert [type(value) for value in left.numbers.values()] == [type(value) for value in right.numbers.values()]
    assert (dict(left.dimensions), dict(left.boxes)) == (dict(right.dimensions), dict(right.boxes))


def changed(*path: Any, to: Any) -> Any:
    """The valid data with one place changed."""
    data = json.loads(json.dumps(VALID))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return data


def save(path: Path, instance: Instance) -> None:
    """As replays do: an outline, and the arrays beside it."""
    save_arrays(path.with_suffix(".npz"), instance.arrays)
    path.write_text(json.dumps(outline(instance)), encoding="utf-8")


def load(path: Path) -> Instance:
    return assembled(read_json(path), load_arrays(path.with_suffix(".npz")))


def test_what_is_encoded_is_decoded_through_real_json() -> None:
    same(SAMPLE, decode_instance(json.loads(json.dumps(VALID, allow_nan=False))))


def test_the_same_through_files(tmp_path: Path) -> None:
    save(tmp_path / "case.one.json", SAMPLE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.one.json", "case.one.npz"]
    same(SAMPLE, load(tmp_path / "case.one.json"))
    with np.load(tmp_path / "case.one.npz", allow_pickle=False) as stored:  # by NumPy alone, too
        assert stored["levels"].tolist() == [3, -1]


def test_no_arrays_and_odd_names(tmp_path: Path) -> None:
    for arrays in ({}, {"file": np.ones(2), "allow_pickle": np.ones(1), "a.npy": np.ones(1), "a": np.zeros(3)}):
        made = Instance(arrays=arrays, numbers={"n": 1})
        save(tmp_path / "a.json", made)
        same(made, load(tmp_path / "a.json"))


def test_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        save_arrays(tmp_path / name, SAMPLE.arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@given(
    array=st.sampled_from(DTYPES).flatmap(
        lambda name: nps.arrays(np.dtype(name), nps.array_shapes(min_dims=0, min_side=0))
    ),
    order=st.sampled_from("CF"),
    swapped=st.booleans(),
)
def test_any_array_survives_both_ways(
    tmp_path_factory: pytest.TempPathFactory, array: Any, order: Any, swapped: bool
) -> None:
    stored = np.asarray(array, dtype=array.dtype.newbyteorder("S") if swapped else array.dtype, order=order)
    made = Instance(arrays={"x": stored})
    path = tmp_path_factory.mktemp("any") / "x.json"
    save(path, made)
    for found in (decode_instance(encode_instance(made)), load(path)):
        other = found.arrays["x"]
        assert (other.shape, other.dtype.name) == (stored.shape, stored.dtype.name)
        assert other.astype(array.dtype).tobytes() == array.tobytes()


def test_numbers_of_numpy_are_plain_ones() -> None:
    made = Instance(numbers={"n": np.int64(3), "flag": True, "x": np.float64(0.1)})  # type: ignore[dict-item]
    found = decode_instance(json.loads(json.dumps(encode_instance(made)))).numbers
    assert found == {"n": 3, "flag": 1, "x": 0.1}
    assert [type(value) for value in found.values()] == [int, int, float]


@pytest.mark.parametrize(
    "array",
    [np.array(["a"]), np.array([object()]), np.array([1j]), np.zeros(2, dtype=[("a", "f8")]), np.zeros(1, "M8[s]")],
)
def test_arrays_of_other_things_are_refused(array: Any) -> None:
    with pytest.raises(InputError, match="x cannot be stored"):
        encode_instance(Instance(arrays={"x": array}))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {},
        {**VALID, "more": 1},
        {name: part for name, part in VALID.items() if name != "boxes"},
        *(changed(part, to=[]) for part in VALID),
        changed("arrays", "levels", to=3),
        changed("arrays", "levels", to={"dtype": "int8", "shape": [2]}),
        changed("arrays", "levels", "dtype", to="object"),
        changed("arrays", "levels", "dtype", to=["int8"]),
        changed("arrays", "levels", "shape", to=[3]),
        changed("arrays", "levels", "shape", to=[-1, -2]),
        changed("arrays", "levels", "shape", to=[2.0]),
        changed("arrays", "levels", "shape", to=[True, 2]),
        changed("arrays", "levels", "shape", to=[2**62, 2**62]),
        changed("arrays", "levels", "values", to=[1]),
        changed("arrays", "levels", "values", to=[1, 128]),
        changed("arrays", "levels", "values", to=[1, 2.0]),
        changed("arrays", "levels", "values", to=[1, True]),
        changed("arrays", "levels", "values", to="ab"),
        changed("arrays", "q", "values", 0, to=0.1),
        changed("arrays", "q", "values", 0, to="x"),
        changed("arrays", "q", "values", 0, to="0x1p99999"),
        changed("arrays", "half", "values", 0, to="0x1p60"),
        changed("numbers", "rho", to=0.1),
        changed("numbers", "rho", to={"float": "x"}),
        changed("numbers", "rho", to=None),
        changed("numbers", "third", to={"fraction": "1/0"}),
        changed("dimensions", "rows", to=3),
        changed("dimensions", "rows", to=[["q"]]),
        changed("dimensions", "rows", to=[["q", 2]]),
        changed("dimensions", "rows", to=[["q", -3]]),
        changed("dimensions", "rows", to=[["q", True]]),
        changed("dimensions", "rows", to=[[["q"], 0]]),
        changed("dimensions", "rows", to=[["other", 0]]),
        changed("boxes", "q", to=["0x1p0"]),
        changed("boxes", "q", to=["0x1p1", "0x1p0"]),
        changed("boxes", "q", to=["nan", "nan"]),
        changed("boxes", "q", to=[1.0, 2.0]),
        changed("boxes", "q", to=3),
        changed("boxes", "other", to=["0x1p0", "0x1p1"]),
    ],
)  # fmt: skip
def test_junk_is_refused(data: Any) -> None:
    with pytest.raises(InputError):
        decode_instance(data)


def test_too_few_values_are_called_that() -> None:
    with pytest.raises(InputError, match="levels has other values than its shape"):
        decode_instance(changed("arrays", "levels", "values", to=[1]))


def npz(tmp_path: Path, **arrays: Any) -> Path:
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    return path


def test_pickles_are_refused_and_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    path = npz(tmp_path, x=np.array([Trap()], dtype=object))
    with pytest.raises(InputError, match="cannot be read"):
        load_arrays(path)
    assert not (tmp_path / "sprung").exists()


def member(shape: str, payload: bytes = b"") -> bytes:
    """A .npy file whose header says what it wants."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + payload


@pytest.mark.parametrize("shape", ["(10**12,)", "(1000000000000,)", "(-1,)", "(2,)"])
def test_headers_that_lie_are_refused_before_anything_is_allocated(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", member(shape, b"\0" * 8))
    with pytest.raises(InputError, match="cannot be read"):
        load_arrays(path)


@pytest.mark.parametrize("kind", ["array", "header"])
def test_a_bomb_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(instances, "MAX_BYTES", 2**20)
    path = tmp_path / "a.npz"

    def written(entries: int) -> None:
        long_header = b"\x93NUMPY\x02\x00" + (8 * entries).to_bytes(4, "little") + b" " * 8 * entries
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", long_header if kind == "header" else member(f"({entries},)", b"\0" * 8 * entries))
        assert path.stat().st_size < 2**13

    if kind == "array":
        written(2**17 - 32)
        assert load_arrays(path)["x"].shape == (2**17 - 32,)
    written(2**17 + 1)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(InputError, match="cannot be used"):
        load_arrays(path)


@pytest.mark.parametrize(
    "array", [np.array(["text"]), np.array([1j]), np.zeros(1, "M8[s]"), np.zeros(1, [("a", "f8")])]
)
def test_other_dtypes_in_files_are_refused(tmp_path: Path, array: Any) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        load_arrays(npz(tmp_path, x=array))


def test_files_that_are_missing_cut_or_something_else(tmp_path: Path) -> None:
    save(tmp_path / "a.json", SAMPLE)
    whole, arrays = (tmp_path / "a.json").read_bytes(), (tmp_path / "a.npz").read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 3):
        (tmp_path / "a.json").write_bytes(whole[:cut])
        with pytest.raises(InputError):
            load(tmp_path / "a.json")
    (tmp_path / "a.json").write_bytes(whole)
    for cut in (0, 1, len(arrays) // 2, len(arrays) - 3):
        (tmp_path / "a.npz").write_bytes(arrays[:cut])
        with pytest.raises(InputError):
            load(tmp_path / "a.json")
    (tmp_path / "a.npz").unlink()
    with pytest.raises(InputError, match="arrays of an instance cannot be read"):
        load(tmp_path / "a.json")
    for name in ("missing.json", "", "."):
        with pytest.raises(InputError):
            load(tmp_path / name)


def test_arrays_of_another_instance_do_not_fit(tmp_path: Path) -> None:
    save(tmp_path / "a.json", SAMPLE)
    others = {**SAMPLE.arrays, "levels": np.array([3, -1, 0], dtype=np.int8)}, {"q": SAMPLE.arrays["q"]}
    for arrays in others:
        save_arrays(tmp_path / "a.npz", arrays)
        with pytest.raises(InputError, match=r"levels is not what|other arrays"):
            load(tmp_path / "a.json")


def test_json_that_is_deep_long_or_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    for text in (b"[" * 100_000, b"\xff\xfe\xfa", b"{'a': 1}", b'{"a": ' + b"1" * 5000 + b"}", b"\0"):
        path.write_bytes(text)
        with pytest.raises(InputError, match="not JSON"):
            read_json(path)
    monkeypatch.setattr(instances, "MAX_JSON", 10)
    path.write_bytes(b'"' + b"a" * 9 + b'"')
    with pytest.raises(InputError, match="too large"):
        read_json(path)


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ones(1))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", stream.getvalue())
        archive.writestr("x", stream.getvalue())
    with pytest.raises(InputError):
        load_arrays(path)
