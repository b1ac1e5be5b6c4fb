"""The file of a converted checkpoint: NPZ with the weights of a reference model and its configuration.

The arrays are named as in `reference_shapes`; one more, "config", is a text: the configuration as one JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from varproof.base.errors import InputError, VarproofError, printable
from varproof.growth.schedules import PRESETS, Schedule, parse_schedule
from varproof.var.models.config import DecoderConfig, ReferenceConfig
from varproof.var.models.reference_shapes import reference_shapes
from varproof.var.models.weights import Weights, checked, read_npz, read_npz_text, write_npz

FORMAT = "varproof/reference-weights/1"
CONFIG = "config"
MAX_CONFIG = 100_000  # characters


def write_reference(path: Path, config: ReferenceConfig, weights: Weights) -> None:
    """Write the file, complete or not at all; `InputError` for weights that do not fit the configuration."""
    fitting = checked(weights, reference_shapes(config))
    write_npz(path, {CONFIG: np.array(config_to_json(config)), **fitting})


def read_config(path: Path) -> ReferenceConfig:
    """The configuration of a converted checkpoint; no weights are read.

    Raises `InputError` for a file that cannot be read, is no NPZ of plain arrays or too large, and for a configuration
    that is not there or not what `write_reference` writes.
    """
    text = read_npz_text(path, CONFIG, MAX_CONFIG)
    if text is None:
        raise InputError(
            "the file has no configuration of a reference model",
            got=printable(path),
            allowed="a file that varproof var convert wrote",
        )
    return config_from_json(text)


def read_reference(path: Path) -> tuple[ReferenceConfig, Weights]:
    """The configuration and the weights of a converted checkpoint.

    Raises `InputError` as `read_config` does, and for weights that do not fit the configuration: missing, extra or
    misshapen ones before any is read, then NaN or infinite ones.
    """
    config = read_config(path)
    shapes = reference_shapes(config)
    return config, checked(read_npz(path, shapes, apart=CONFIG), shapes)


def config_to_json(config: ReferenceConfig) -> str:
    """The configuration as JSON.

    >>> config = ReferenceConfig(named_schedule((1, 2)), decoder=None)
    >>> config_from_json(config_to_json(config)) == config
    True
    """
    table = {"format": FORMAT, **asdict(config), "schedule": list(config.schedule.sides)}
    return json.dumps(table)


def config_from_json(text: str) -> ReferenceConfig:
    """The configuration of a JSON text; `InputError` for anything but what `config_to_json` writes."""
    try:
        table = json.loads(text)
        if not isinstance(table, dict) or table.pop("format", None) != FORMAT:
            raise ValueError(f"format is not {FORMAT}")
        decoder = table.pop("decoder")
        schedule = named_schedule(tuple(table.pop("schedule")))
        made = None if decoder is None else DecoderConfig(**_typed(DecoderConfig, decoder))
        return ReferenceConfig(schedule, decoder=made, **_typed(ReferenceConfig, table, "schedule", "decoder"))
    except VarproofError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            "the configuration of the weights cannot be read",
            got=text,
            allowed="the JSON object that varproof var convert writes",
            hint=f"{type(error).__name__}: {error}"[:200],
        ) from None


def named_schedule(sides: tuple[int, ...]) -> Schedule:
    """The schedule of these sides, under the name that a user would type.

    >>> named_schedule((1, 2, 3, 4, 5, 6, 8, 10, 13, 16)).name, named_schedule((1, 2)).name
    ('256', '1,2')
    """
    for name, known in PRESETS.items():
        if sides == known:
            return parse_schedule(name)
    return Schedule(sides, name=",".join(map(str, sides)))


def _typed(cls: type[DecoderConfig] | type[ReferenceConfig], table: Mapping[str, Any], *apart: str) -> dict[str, Any]:
    """All fields of `cls` but those named `apart`, each of the type of its default; `ValueError` for others."""
    own = {field.name: field.default for field in fields(cls) if field.name not in apart}
    if set(table) != set(own):
        raise ValueError(f"keys {sorted(set(table) ^ set(own))}")
    found = {}
    for key, default in own.items():
        value = tuple(table[key]) if isinstance(default, tuple) else table[key]
        if type(value) is not type(default):
            raise ValueError(f"{key} is {value!r}")
        found[key] = value
    return found
