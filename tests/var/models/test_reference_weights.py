"""The file of a converted checkpoint: what is written is read, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.growth.schedules import parse_schedule
from varproof.var.models.config import DecoderConfig, ReferenceConfig
from varproof.var.models.reference import reference_random
from varproof.var.models.reference_weights import config_from_json, config_to_json, read_reference, write_reference

CONFIG = ReferenceConfig(
    parse_schedule("1,2"), depth=1, width=8, heads=2, hidden=8, vocabulary=5, classes=2, phis=2, decoder=None
)
WHOLE = replace(CONFIG, decoder=DecoderConfig(base=2, multipliers=(1, 2), groups=0), cosine=False, phi_ratio=0.25)


@pytest.mark.parametrize("config", [CONFIG, WHOLE, ReferenceConfig(parse_schedule("256"))])
def test_configuration_round_trip(config: ReferenceConfig) -> None:
    assert config_from_json(config_to_json(config)) == config


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_file_round_trip(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    weights = reference_random(WHOLE, 4, dtype)
    write_reference(path, WHOLE, weights)
    config, found = read_reference(path)
    assert config == WHOLE
    assert set(found) == set(weights)
    assert all(found[name].dtype == dtype and np.array_equal(found[name], weights[name]) for name in weights)


def table(**changes: Any) -> str:
    return json.dumps({**json.loads(config_to_json(WHOLE)), **changes})


def without(key: str) -> str:
    return json.dumps({name: value for name, value in json.loads(config_to_json(WHOLE)).items() if name != key})


WRONG = {
    "no JSON": "nonsense",
    "deep": "[" * 50_000,
    "list": "[1]",
    "other format": table(format="varproof/reference-weights/2"),
    "no format": without("format"),
    "no width": without("width"),
    "no decoder": without("decoder"),
    "more": table(more=1),
    "text for a number": table(width="8"),
    "float for a number": table(width=8.0),
    "true for a number": table(depth=True),
    "number for true": table(cosine=1),
    "no heads": table(heads=0),
    "heads that do not divide": table(heads=3),
    "deeper than allowed": table(depth=2000),
    "sides that fall": table(schedule=[2, 1]),
    "sides as text": table(schedule="12"),
    "side as float": table(schedule=[1, 2.0]),
    "no sides": table(schedule=[]),
    "schedule null": table(schedule=None),
    "decoder as list": table(decoder=[1]),
    "decoder with more": table(decoder={**json.loads(config_to_json(WHOLE))["decoder"], "more": 1}),
}


@pytest.mark.parametrize("name", WRONG)
def test_configurations_that_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        config_from_json(WRONG[name])
    assert refused.value.exit_code == 2
    path = tmp_path / "m.npz"
    np.savez(path, config=np.array(WRONG[name]), **reference_random(WHOLE, 0))
    with pytest.raises(InputError):
        read_reference(path)


def test_files_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    weights, text = reference_random(WHOLE, 0), np.array(config_to_json(WHOLE))
    less = {name: array for name, array in weights.items() if name != "var.head.bias"}
    broken: dict[str, dict[str, Any]] = {
        "no configuration": dict(weights),
        "no text": {**weights, "config": np.zeros(3)},
        "two texts": {**weights, "config": np.array([str(text)] * 2)},
        "missing: var.head.bias": {"config": text, **less},
        "not of this model": {"config": text, **weights, "more": np.zeros(2)},
        "NaN": {"config": text, **weights, "var.head.bias": np.full(5, np.nan)},
        "12264 names missing": {"config": np.array(config_to_json(replace(WHOLE, decoder=huge()))), **weights},
        "1996 names missing": {"config": np.array(config_to_json(replace(WHOLE, phis=1000))), **weights},
    }
    for reason, arrays in broken.items():
        np.savez(path, **arrays)
        with pytest.raises(InputError, match=reason if reason not in ("no text", "two texts") else "is no text"):
            read_reference(path)
    np.savez(path, config=np.array({"a": 1}, dtype=object))  # a pickled object
    with pytest.raises(InputError):
        read_reference(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError):
        read_reference(path)
    with pytest.raises(InputError, match="missing"):
        write_reference(tmp_path / "new.npz", WHOLE, {})
    assert not (tmp_path / "new.npz").exists()


def huge() -> DecoderConfig:
    return DecoderConfig(base=2, multipliers=(1, 2), groups=0, blocks=1024)
