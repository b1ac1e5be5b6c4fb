"""Instances as plain data that loses nothing: JSON with hexadecimal floats, or JSON beside a NumPy file of arrays."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.certificate import replacing
from varproof.base.errors import InputError, printable
from varproof.claims.attack import Instance
from varproof.families.space import Value, decode_value, encode_value
from varproof.var.models.weights import npz_headers, read_npz

MAX_BYTES = 2**28  # of all arrays of an instance that is read
MAX_JSON = 2**26  # bytes of a JSON file that is read
INTEGERS = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
DTYPES = (*INTEGERS, *FLOATS)
PARTS = {"arrays", "numbers", "dimensions", "boxes"}
Arrays = Mapping[str, NDArray[Any]]


def encode_instance(instance: Instance) -> dict[str, Any]:
    """All numbers of an instance as JSON data. Raises `InputError` for an array that is not bool, integer or float.

    >>> encode_instance(Instance({"x": np.array([0.5, 2.0])}, {"n": 2}))["arrays"]
    {'x': {'dtype': 'float64', 'shape': [2], 'values': ['0x1.0000000000000p-1', '0x1.0000000000000p+1']}}
    """
    data = outline(instance)
    for name, entry in data["arrays"].items():
        entry["values"] = [
            v.hex() if isinstance(v, float) else int(v) for v in np.ravel(instance.arrays[name]).tolist()
        ]
    return data


def decode_instance(data: object) -> Instance:
    """The instance that `encode_instance` was given. Raises `InputError` for anything else.

    >>> decode_instance(encode_instance(Instance(numbers={"rho": 0.1}))).numbers
    {'rho': 0.1}
    """
    listed = _mapping(_mapping(data, "instance", PARTS)["arrays"], "arrays")
    arrays = {}
    for name, entry in listed.items():
        dtype, shape = _kind(name, _mapping(entry, f"array {name}", {"dtype", "shape", "values"}))
        arrays[name] = _array(name, dtype, shape, entry["values"])
    return assembled(data, arrays)


def outline(instance: Instance) -> dict[str, Any]:
    """An instance as JSON data but for the entries of its arrays: of those only dtype and shape."""
    for name, array in instance.arrays.items():
        if array.dtype.name not in DTYPES:
            raise InputError(f"array {name} cannot be stored", got=array.dtype, allowed=", ".join(DTYPES))
    return {
        "arrays": {
            name: {"dtype": array.dtype.name, "shape": list(array.shape)} for name, array in instance.arrays.items()
        },
        "numbers": {name: encode_value(_plain(value)) for name, value in instance.numbers.items()},
        "dimensions": {name: [[array, axis] for array, axis in axes] for name, axes in instance.dimensions.items()},
        "boxes": {name: [float(low).hex(), float(high).hex()] for name, (low, high) in instance.boxes.items()},
    }


def assembled(data: object, arrays: Arrays) -> Instance:
    """The instance of an outline and its arrays. Raises `InputError` where they do not fit each other."""
    parts = _mapping(data, "instance", PARTS)
    listed = _mapping(parts["arrays"], "arrays")
    if set(listed) != set(arrays):
        raise InputError("other arrays than the instance has", got=sorted(arrays), allowed=str(sorted(listed)))
    for name, array in arrays.items():
        if _kind(name, _mapping(listed[name], f"array {name}")) != (array.dtype.name, array.shape):
            raise InputError(f"array {name} is not what the instance says", got=f"{array.dtype} {array.shape}")
    numbers = {name: decode_value(value) for name, value in _mapping(parts["numbers"], "numbers").items()}
    axes = {name: _axes(name, pairs, arrays) for name, pairs in _mapping(parts["dimensions"], "dimensions").items()}
    boxes = {name: _box(name, ends, arrays) for name, ends in _mapping(parts["boxes"], "boxes").items()}
    return Instance({name: arrays[name] for name in listed}, numbers, axes, boxes)


def save_arrays(path: Path, arrays: Arrays) -> None:
    """A NumPy .npz file, the same bytes for the same arrays."""
    with replacing(path) as scratch, zipfile.ZipFile(scratch, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file. Nothing is unpickled, and nothing allocated before the headers are known to be honest.

    Raises `InputError` for a file that is missing, holds anything but arrays of bools, integers and floats, or more
    than 2^28 bytes of them.
    """
    if not path.is_file():  # nor a pipe, which would be waited for
        raise InputError("the arrays of an instance cannot be read", got=printable(path), allowed="a NumPy .npz file")
    try:
        with zipfile.ZipFile(path) as archive:
            needed = sum(member.file_size for member in archive.infolist())
        headers = npz_headers(path) if needed <= MAX_BYTES else {}
        strange = [name for name, header in headers.items() if header.dtype.name not in DTYPES]
        if needed <= MAX_BYTES and not strange:
            return read_npz(path)
    except (OSError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
        hint = error.hint if isinstance(error, InputError) else printable(error)[:200]
        raise InputError("the arrays of an instance cannot be read", got=printable(path), hint=hint) from None
    got = f"{strange[0]}: {headers[strange[0]].dtype}" if strange else f"{needed} bytes"
    allowed = f"arrays of {', '.join(DTYPES)}, at most {MAX_BYTES} bytes"
    raise InputError("the arrays of an instance cannot be used", got=got, allowed=allowed, hint=printable(path))


def read_json(path: Path) -> object:
    """The data of a JSON file of at most 2^26 bytes. Raises `InputError` for anything else."""
    try:
        if not path.is_file():
            raise InputError("no such file", got=printable(path), allowed="a JSON file")
        with path.open("rb") as stream:
            text = stream.read(MAX_JSON + 1)
        if len(text) > MAX_JSON:
            raise InputError("the file is too large", got=printable(path), allowed=f"at most {MAX_JSON} bytes")
        return json.loads(text)
    except InputError:
        raise
    except OSError as error:
        raise InputError("the file cannot be read", got=printable(path), hint=error.strerror or "") from None
    except (ValueError, RecursionError) as error:
        raise InputError("the file is not JSON", got=printable(path), hint=printable(error)[:200]) from None


def _plain(value: Any) -> Value:
    """NumPy's integers and bools are integers to JSON."""
    return int(value) if isinstance(value, bool | np.bool_ | np.integer) else value


def _mapping(data: object, what: str, names: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(data, dict) or (names is not None and set(data) != names):
        raise InputError(f"not an {what}" if what[0] in "ai" else f"no {what}", got=data, allowed="what was saved here")
    return data


def _kind(name: str, entry: Mapping[str, Any]) -> tuple[str, tuple[int, ...]]:
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if dtype not in DTYPES or not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise InputError(f"array {name} is not described", got=entry, allowed=f"a shape and one of {', '.join(DTYPES)}")
    return dtype, tuple(shape)


def _array(name: str, dtype: str, shape: tuple[int, ...], values: object) -> NDArray[Any]:
    kind = str if dtype in FLOATS else int
    if (
        not isinstance(values, list)
        or len(values) != math.prod(shape)
        or not all(type(value) is kind for value in values)
    ):
        raise InputError(f"array {name} has other values than its shape and dtype say", got=f"{dtype} {shape}")
    try:
        read = [float.fromhex(value) for value in values] if kind is str else values
        with np.errstate(over="raise"):
            array: NDArray[Any] = np.array(read, dtype=dtype).reshape(shape)
    except (ValueError, OverflowError, FloatingPointError) as error:
        raise InputError(f"array {name} has a value that is no {dtype}", hint=printable(error)[:200]) from None
    return array


def _axes(name: str, pairs: object, arrays: Arrays) -> tuple[tuple[str, int], ...]:
    found = []
    for pair in pairs if isinstance(pairs, list) else [None]:
        array, axis = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if not isinstance(array, str) or array not in arrays or type(axis) is not int:
            raise InputError(f"dimension {name} is not of these arrays", got=pairs, allowed=str(sorted(arrays)))
        if not -arrays[array].ndim <= axis < arrays[array].ndim:
            raise InputError(f"dimension {name} has no such axis", got=pair, allowed=f"0..{arrays[array].ndim - 1}")
        found.append((array, axis))
    return tuple(found)


def _box(name: str, ends: object, arrays: Arrays) -> tuple[float, float]:
    try:
        if name in arrays and isinstance(ends, list):
            low, high = (float.fromhex(end) for end in ends)
            if low <= high:
                return low, high
    except (ValueError, TypeError, OverflowError):
        pass
    raise InputError(f"{name} is no box of these arrays", got=ends, allowed="two hexadecimal floats, low <= high")
