"""Model files: a small TOML file that says which VAR model is meant, with weights from a file or from a seed.

```toml
kind = "formal"        # or "reference"
schedule = "256"       # as on the command line; n and scales are optional and checked
depth = 1
width = 16
heads = 4
seed = 0               # weights and inputs are drawn from it, unless weights = "file.npz" is given
entry_bound = 1.5      # formal, optional: R of queries and keys, for `varproof regime --model`
delta = 0.001          # optional: the error that attention may have
[decoder]              # optional
base = 16
multipliers = [1, 2]
groups = 0
```
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from varproof.base.errors import InputError, printable
from varproof.base.rationals import positive_rational
from varproof.growth.schedules import Schedule, parse_schedule
from varproof.var.models.config import Config, DecoderConfig, FormalConfig, ReferenceConfig
from varproof.var.models.model import Model

MAX_BYTES = 1_000_000
KINDS: dict[str, type[FormalConfig] | type[ReferenceConfig]] = {"formal": FormalConfig, "reference": ReferenceConfig}
# keys of the file that are not fields of a configuration
SETTINGS = {
    "kind": str,
    "schedule": str,
    "n": int,
    "scales": int,
    "seed": int,
    "dtype": str,
    "weights": str,
    "label": int,
    "entry_bound": (str, int, float),
    "delta": (str, int, float),
}
CHOICES = {
    "scale": ("d", "sqrt", "one"),
    "activation": ("relu", "gelu", "silu"),
    "dtype": ("float64", "float32"),
}


def read_model_file(path: Path) -> Model:
    """The model that a TOML file describes; weights are not read yet.

    Raises `InputError` for a file that cannot be read, unknown keys (the nearest known one is named), values of a wrong
    kind or out of range, and a schedule that contradicts `n` or `scales`.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            "the model file cannot be read", got=printable(path), hint=error.strerror or type(error).__name__
        ) from None
    if len(raw) > MAX_BYTES:
        raise InputError("the model file is too large", got=printable(path), allowed=f"at most {MAX_BYTES} bytes")
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError("the model file is not TOML", got=printable(path), hint=str(error)) from None
    return model_from_table(table, folder=path.parent)


def model_from_table(table: Mapping[str, Any], *, folder: Path = Path()) -> Model:
    """The model of a table as TOML gives it; paths are relative to `folder`.

    >>> model = model_from_table({"schedule": "1,2,4", "width": 8, "heads": 2})
    >>> model.kind, model.config.depth, model.config.head_dim
    ('formal', 1, 4)
    """
    kind = table.get("kind", "formal")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError("unknown kind of model", got=kind, allowed=", ".join(KINDS))
    cls = KINDS[kind]
    own = {field.name: field for field in fields(cls) if field.name not in ("schedule", "decoder")}
    known = {**SETTINGS, **dict.fromkeys(own), "decoder": None}
    _refuse_unknown(table, list(known), f"a {kind} model")
    for key, kinds in SETTINGS.items():
        if key in table:
            _kind(key, table[key], kinds)
    if "weights" in table and kind == "reference":
        return _from_checkpoint(table, own, folder)
    values = {key: _value(key, table[key], own[key]) for key in own if key in table}
    decoder = _decoder(table.get("decoder", kind == "reference"), kind)
    config = cls(schedule=read_schedule(table), decoder=decoder, **values)
    return _model(config, table, folder)


def _from_checkpoint(table: Mapping[str, Any], own: Mapping[str, Any], folder: Path) -> Model:
    """A converted checkpoint knows its own configuration; the file may not contradict it by repeating parts of it."""
    given = sorted({*own, "schedule", "decoder", "n", "scales"} & set(table))
    if given:
        raise InputError(
            "the weights of a reference model bring their own configuration",
            got=f"weights and {', '.join(given)}",
            allowed="weights, seed, dtype, label and delta",
            hint="leave the others out; varproof var convert wrote them into the file",
        )
    return Model(config=None, weights_path=folder / table["weights"], **_settings(table))


def _model(config: Config, table: Mapping[str, Any], folder: Path) -> Model:
    if "label" in table:
        classes = config.classes if isinstance(config, ReferenceConfig) else None
        if classes is None:
            raise InputError("a formal model has no label", got=table["label"], allowed="no label", hint="leave it out")
        if not 0 <= table["label"] <= classes:
            allowed = f"0 to {classes - 1}, or {classes} for no class"
            raise InputError("the label is out of range", got=table["label"], allowed=allowed)
    if "entry_bound" in table and isinstance(config, ReferenceConfig):
        raise InputError(
            "the scores of a reference model are bounded by its scales",
            got=f"entry_bound = {table['entry_bound']}",
            allowed="no entry_bound",
            hint="leave it out",
        )
    path = folder / table["weights"] if "weights" in table else None
    return Model(config=config, weights_path=path, **_settings(table))


def _settings(table: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {key: table[key] for key in ("seed", "dtype", "label") if key in table}
    if found.get("dtype", "float64") not in CHOICES["dtype"]:
        raise InputError("unknown dtype", got=found["dtype"], allowed=", ".join(CHOICES["dtype"]))
    if not 0 <= found.get("seed", 0) < 2**63:
        raise InputError("the seed is out of range", got=found["seed"], allowed="0 to 2^63 - 1")
    for key in ("entry_bound", "delta"):
        if key in table:
            found[key] = positive_rational(_text(table[key]), name=key)
    return found


def _text(number: Any) -> str:
    """Decimals as they are written: 0.1 is one tenth."""
    return repr(number) if isinstance(number, float) else str(number)


def read_schedule(table: Mapping[str, Any]) -> Schedule:
    """The schedule of a model; `n` and `scales`, where given, must agree with it.

    >>> try:
    ...     read_schedule({"schedule": "doubling", "n": 16, "scales": 4})
    ... except InputError as error:
    ...     print(error.allowed)
    scales = 5: 1, 2, 4, 8, 16
    """
    if "schedule" not in table:
        raise InputError("the model file has no schedule", allowed='schedule = "256", "doubling", "1,2,4", ...')
    schedule = parse_schedule(table["schedule"], table.get("n"))
    scales = table.get("scales", schedule.number_of_scales)
    if scales != schedule.number_of_scales:
        sides = ", ".join(map(str, schedule.sides[:12])) + (", ..." if len(schedule.sides) > 12 else "")
        fixed = schedule.family in ("doubling", "ratio")
        raise InputError(
            "the number of scales contradicts the schedule",
            got=f"scales = {scales}",
            allowed=f"scales = {schedule.number_of_scales}: {sides}",
            hint="with a fixed ratio a the number of scales is log_a n + 1, so scales, n and ratio cannot all be chosen"
            if fixed
            else "leave scales out, or list the sides",
        )
    return schedule


def _decoder(given: Any, kind: str) -> DecoderConfig | None:
    if given is False:
        return None
    if given is True:
        return DecoderConfig() if kind == "reference" else replace(DecoderConfig(), groups=0, activation="relu")
    if not isinstance(given, Mapping):
        raise InputError("decoder is a table or a boolean", got=given, allowed="[decoder] with keys, true or false")
    own = {field.name: field for field in fields(DecoderConfig)}
    _refuse_unknown(given, list(own), "a decoder")
    return DecoderConfig(**{key: _value(key, value, own[key]) for key, value in given.items()})


def _refuse_unknown(table: Mapping[str, Any], known: list[str], where: str) -> None:
    """`InputError` that lists all keys that are not known, with the nearest known one of each."""
    wrong = [key for key in table if key not in known]
    if not wrong:
        return
    near = [match for key in wrong for match in difflib.get_close_matches(key, known, n=1)]
    hint = f"did you mean {', '.join(near)}?" if near else "look for a spelling mistake"
    what = "unknown key" if len(wrong) == 1 else "unknown keys"
    raise InputError(f"{what} for {where}", got=", ".join(wrong), allowed=", ".join(sorted(known)), hint=hint)


def _kind(key: str, value: Any, kinds: Any) -> None:
    allowed = kinds if isinstance(kinds, tuple) else (kinds,)
    if isinstance(value, bool) or not isinstance(value, allowed):
        names = " or ".join({str: "text", int: "an integer", float: "a number"}[each] for each in allowed)
        raise InputError(f"{key} has the wrong kind of value", got=repr(value), allowed=names)


def _value(key: str, value: Any, field: Any) -> Any:
    """A value of a configuration, of the kind of its default."""
    default = field.default if field.default is not MISSING else None
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise InputError(f"{key} has the wrong kind of value", got=repr(value), allowed="true or false")
        return value
    if isinstance(default, tuple):
        if not isinstance(value, list):
            raise InputError(f"{key} has the wrong kind of value", got=repr(value), allowed="a list of integers")
        return tuple(value)
    _kind(key, value, (int, float) if isinstance(default, float) else type(default))
    if key in CHOICES and value not in CHOICES[key]:
        raise InputError(f"unknown {key}", got=value, allowed=", ".join(CHOICES[key]))
    return float(value) if isinstance(default, float) else value
