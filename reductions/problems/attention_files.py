"""Attention instances as JSON and NPZ, exactly, and the NPZ files that users write.

An NPZ file holds `q` (m, d), `k` (n, d), `v` (n, d_v), integers or floats that are exactly what they say. Optional:
`delta`, `query_unit`, `key_unit`, `value_unit` (texts such as "1/4" or "1e-3", or numbers taken exactly), `scale`
(text), `levels` (n,) for m = n or `query_levels` (m,) and `key_levels` (n,), `neutral` and `adverse` (integers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reductions.problems.attention_headers import LEVELS, MATRICES, RATIONALS, check_headers
from reductions.problems.npz_arrays import MAX_BYTES, read_arrays
from varproof.base.certificate import replacing
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational

if TYPE_CHECKING:
    from reductions.problems.attention import ApproximateAttention

NAME = "attention"
QUOTIENT = re.compile(r"-?\d{1,4000}/\d{1,4000}", re.ASCII)


def to_json(instance: ApproximateAttention) -> dict[str, Any]:
    """A JSON object: lists with dtype and shape (floats as numbers that read back exactly), rationals as text."""
    data: dict[str, Any] = {"problem": NAME, "scale": instance.scale}
    data |= {name: str(getattr(instance, name)) for name in RATIONALS}
    data |= {"neutral": instance.neutral, "adverse": instance.adverse}
    data |= {name: _listed(getattr(instance, name)) for name in MATRICES.values()}
    data["levels"] = None if instance.levels is None else [_listed(part) for part in instance.levels]
    return data


def fields_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the instance that `to_json` wrote. Raises `InputError` for anything else."""
    if not isinstance(data, Mapping) or data.get("problem") != NAME:
        raise InputError("not an attention instance", got=type(data).__name__, allowed='"problem": "attention"')
    try:
        fields: dict[str, Any] = {name: _array(data[name]) for name in MATRICES.values()}
        fields |= {name: rational(data[name], name) for name in RATIONALS}
        fields |= {"scale": data["scale"]}
        for name, least in (("neutral", 0), ("adverse", -1)):
            fields[name] = None if name == "neutral" and data[name] is None else _integer(data[name], name, least)
        levels = data["levels"]
        fields["levels"] = None if levels is None else tuple(_array(part) for part in levels)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("not an attention instance", got=repr(error), allowed="the object of to_json") from None
    return fields


def save(instance: ApproximateAttention, directory: Path, stem: str) -> list[Path]:
    """Write `stem`.npz, which `read_attention` reads back exactly; the same instance gives the same bytes."""
    arrays: dict[str, Any] = {short: getattr(instance, name) for short, name in MATRICES.items()}
    arrays |= {name: np.array(str(getattr(instance, name))) for name in RATIONALS}
    arrays |= {"scale": np.array(instance.scale), "adverse": np.array(instance.adverse)}
    if instance.neutral is not None:
        arrays["neutral"] = np.array(instance.neutral)
    if instance.levels is not None:
        arrays |= dict(zip(LEVELS, instance.levels, strict=True))
    path = Path(directory, f"{stem}.npz")
    with replacing(path) as scratch, scratch.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)
    return [path]


def read_attention(
    path: str | Path, *, delta: Fraction | None = None, scale: str | None = None, most: int = MAX_BYTES
) -> ApproximateAttention:
    """The instance in an NPZ file; `delta` and `scale` given here go before those of the file (scale "d" if neither).

    Raises `InputError` for files beyond `most` bytes, other arrays than those of this module, and without any delta.
    Shapes are compared before anything is unpacked.
    """
    from reductions.problems.attention import ApproximateAttention

    check = partial(check_headers, most=most)
    found = read_arrays(path, "the attention instance", most=most, check=check)
    fields: dict[str, Any] = {name: found[short] for short, name in MATRICES.items()}
    fields |= {name: rational(_scalar(found[name], name), name) for name in RATIONALS if name in found}
    fields["delta"] = delta if delta is not None else fields.get("delta")
    if fields["delta"] is None:
        hint = 'numpy.savez(path, q=q, k=k, v=v, delta="1e-3")'
        raise InputError("the file does not say delta", got=path, allowed="an array delta of one text", hint=hint)
    fields["scale"] = scale if scale is not None else _text(found["scale"]) if "scale" in found else "d"
    for name, least in (("neutral", 0), ("adverse", -1)):
        if name in found:
            fields[name] = _integer(_scalar(found[name], name), name, least)
    fields["levels"] = _levels_of(found)
    return ApproximateAttention(**fields)


def rational(value: Any, name: str) -> Fraction:
    """Text such as "1/4" (up to 4000 digits each), "1e-3", an integer, or a float taken exactly.

    >>> rational("1/4", "delta"), rational(0.5, "delta")
    (Fraction(1, 4), Fraction(1, 2))
    """
    if isinstance(value, str) and QUOTIENT.fullmatch(value) and int(value.partition("/")[2]):
        return Fraction(value)
    if isinstance(value, float) and np.isfinite(value):
        return Fraction(value)
    return parse_rational(value, name=name)


def _levels_of(found: Mapping[str, NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]] | None:
    own = [name for name in (*LEVELS, "levels") if name in found]
    if not own:
        return None
    if own == ["levels"]:
        return found["levels"], found["levels"]
    if own != list(LEVELS):
        raise InputError("levels are incomplete", got=", ".join(own), allowed="levels, or query_levels and key_levels")
    return found["query_levels"], found["key_levels"]


def _scalar(array: NDArray[Any], name: str) -> Any:
    if array.size != 1:
        raise InputError(f"{name} is not one value", got=f"shape {array.shape}", allowed="an array of one entry")
    return array.reshape(()).item()


def _text(array: NDArray[Any]) -> str:
    return str(_scalar(array, "scale"))


def _integer(value: Any, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name} is not such an integer", got=repr(value), allowed=f"an integer >= {least}")
    return value


def _listed(array: NDArray[Any]) -> dict[str, Any]:
    return {"dtype": str(array.dtype), "shape": list(array.shape), "rows": array.tolist()}


def _array(data: Mapping[str, Any]) -> NDArray[Any]:
    kinds: dict[Any, tuple[type, ...]] = {"int64": (int,), "float64": (int, float)}
    flat = [entry for row in data["rows"] for entry in (row if isinstance(row, list) else [row])]
    if data["dtype"] not in kinds or not all(
        isinstance(entry, kinds[data["dtype"]]) and not isinstance(entry, bool) for entry in flat
    ):
        raise InputError("an array of another type", got=data["dtype"], allowed="int64 or float64 and such numbers")
    return np.array(data["rows"], dtype=data["dtype"]).reshape(data["shape"])
