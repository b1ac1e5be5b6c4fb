"""Attention over VAR scales as JSON (small instances) and NPZ: arrays as they are, rationals as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reductions.problems.attention_files import rational
from reductions.problems.npz_arrays import read_arrays
from varproof.base.certificate import replacing
from varproof.base.errors import InputError

if TYPE_CHECKING:
    from reductions.problems.var_attention import VarAttention

NAME = "var-attention"
ARRAYS = ("query_projection", "key_projection", "value_projection", "rows")
RATIONALS = ("delta", "query_unit", "key_unit", "value_unit")
TEXTS = ("kernel", "inputs", "scale")


def to_json(instance: VarAttention) -> dict[str, Any]:
    """A JSON object: nested lists with their dtype, rationals as text."""
    data = _plain(instance)
    data["maps"] = [_listed(each) for each in instance.maps]
    return data | {name: _listed(getattr(instance, name)) for name in ARRAYS}


def fields_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the instance. Raises `InputError` for anything else."""
    fields = _plain_fields(data)
    try:
        fields["maps"] = tuple(_array(each) for each in data["maps"])
        fields |= {name: _array(data[name]) for name in ARRAYS}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("not an instance of var-attention", got=error, allowed="the object of to_json") from None
    return fields


def save(instance: VarAttention, directory: Path, stem: str) -> list[Path]:
    """Write `stem`.npz; `load` reads it."""
    arrays = {f"map_{k}": np.asarray(each) for k, each in enumerate(instance.maps)}
    arrays |= {name: np.asarray(getattr(instance, name)) for name in ARRAYS}
    path = Path(directory, f"{stem}.npz")
    with replacing(path) as scratch, scratch.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, meta=np.array(json.dumps(_plain(instance))), **arrays)
    return [path]


def load(path: Path) -> VarAttention:
    """The instance of a file that `save` wrote. Raises `InputError` for other files and above 2^31 bytes."""
    from reductions.problems.var_attention import VarAttention

    stored = read_arrays(path, "the VAR instance")
    try:
        fields = _plain_fields(json.loads(str(stored["meta"])))
        fields["maps"] = tuple(stored[f"map_{k}"] for k in range(len(fields["sides"])))
        fields |= {name: stored[name] for name in ARRAYS}
    except (KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("not a file of var-attention", got=path, allowed="an NPZ file written by save") from None
    return VarAttention(**fields)


def _plain(instance: VarAttention) -> dict[str, Any]:
    data: dict[str, Any] = {"problem": NAME, "sides": list(instance.sides), "adverse": instance.adverse}
    data |= {name: getattr(instance, name) for name in TEXTS}
    return data | {name: str(getattr(instance, name)) for name in RATIONALS}


def _plain_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(data, Mapping) or data.get("problem") != NAME:
        raise InputError("not an instance of var-attention", got=data, allowed=f'an object with "problem": "{NAME}"')
    try:
        fields: dict[str, Any] = {"sides": tuple(data["sides"]), "adverse": data["adverse"]}
        fields |= {name: data[name] for name in TEXTS}
        fields |= {name: rational(data[name], name) for name in RATIONALS}
    except (KeyError, TypeError) as error:
        raise InputError("a field of var-attention is missing or of a wrong type", got=error) from None
    return fields


def _listed(array: NDArray[Any]) -> dict[str, Any]:
    array = np.asarray(array)
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": array.ravel().tolist()}


def _array(data: Mapping[str, Any]) -> NDArray[Any]:
    dtype = np.dtype(data["dtype"])
    if dtype.kind not in "iuf":
        raise InputError("arrays hold integers or floats", got=dtype, allowed="int64 or float64")
    return np.array(data["data"], dtype=dtype).reshape(data["shape"])
