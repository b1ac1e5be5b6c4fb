"""Model files: what they may say, and one clear error for everything else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.var.models.config import DecoderConfig, FormalConfig, ReferenceConfig
from varproof.var.models.formal import formal_random, formal_shapes
from varproof.var.models.model import describe
from varproof.var.models.model_file import model_from_table, read_model_file
from varproof.var.models.weights import read_npz, write_npz

FULL = """
kind = "formal"
schedule = "doubling"
n = 4
scales = 3
depth = 2
width = 8
heads = 2
hidden = 5
scale = "sqrt"
activation = "gelu"
kernel = "bspline"
residual = false
positions = true
seed = 7
dtype = "float32"
delta = 0.1
entry_bound = "3/2"
[decoder]
base = 8
multipliers = [1, 2]
blocks = 1
groups = 0
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "model.toml"
    path.write_text(text)
    return path


def test_every_key_arrives(tmp_path):
    model = read_model_file(written(tmp_path, FULL))
    config = model.config
    assert isinstance(config, FormalConfig)
    assert config.schedule.sides == (1, 2, 4)
    assert (config.depth, config.width, config.heads, config.hidden, config.head_dim) == (2, 8, 2, 5, 4)
    assert (config.scale, config.activation, config.kernel) == ("sqrt", "gelu", "bspline")
    assert (config.residual, config.positions) == (False, True)
    assert config.decoder == DecoderConfig(base=8, multipliers=(1, 2), blocks=1, groups=0)
    assert (model.seed, model.dtype, model.delta, model.entry_bound) == (7, "float32", Fraction(1, 10), Fraction(3, 2))
    assert model.loaded[1]["layer.1.first.weight"].dtype == np.float32
    assert describe(config)["tokens"] == 21


def test_a_reference_model_has_the_reference_defaults():
    model = model_from_table({"kind": "reference", "schedule": "256"})
    assert model.config == ReferenceConfig(model.config.schedule)
    assert model.results == ("logits", "image")
    bare = model_from_table({"kind": "reference", "schedule": "256", "decoder": False})
    assert bare.results == ("logits",)


WRONG = [
    ({}, "no schedule", ""),
    ({"schedule": 256}, "schedule has the wrong kind", "256"),
    ({"schedule": "doubling"}, "needs its last side", "doubling"),
    ({"schedule": "256", "n": 15}, "n differs", "15"),
    ({"schedule": "doubling", "n": 16, "scales": 4}, "number of scales contradicts", "scales = 4"),
    ({"schedule": "1,2", "scales": 3}, "number of scales contradicts", "scales = 3"),
    ({"schedule": "1,2", "kind": "formel"}, "unknown kind of model", "formel"),
    ({"schedule": "1,2", "widht": 3}, "unknown key", "widht"),
    ({"schedule": "1,2", "code_dim": 3}, "unknown key", "code_dim"),
    ({"schedule": "1,2", "decoder": {"bass": 3}}, "unknown key", "bass"),
    ({"schedule": "1,2", "decoder": 3}, "decoder is a table", "3"),
    ({"schedule": "1,2", "decoder": {"base": 6, "groups": 4}}, "groups do not divide", "6 x 1"),
    ({"schedule": "1,2", "decoder": {"multipliers": []}}, "needs levels", ""),
    ({"schedule": "1,2", "decoder": {"multipliers": [1, 0]}}, "multiplier is out of range", "0"),
    ({"schedule": "1,2", "width": 6, "heads": 4}, "heads do not divide", "width 6"),
    ({"schedule": "1,2", "depth": 0}, "depth is out of range", "0"),
    ({"schedule": "1,2", "depth": 10**6}, "depth is out of range", "1000000"),
    ({"schedule": "1,2", "depth": 1.5}, "depth has the wrong kind", "1.5"),
    ({"schedule": "1,2", "depth": True}, "depth has the wrong kind", "True"),
    ({"schedule": "1,2", "residual": 1}, "residual has the wrong kind", "1"),
    ({"schedule": "1,2", "scale": "cosine:4"}, "unknown scale", "cosine:4"),
    ({"schedule": "1,2", "activation": "tanh"}, "unknown activation", "tanh"),
    ({"schedule": "1,2", "kernel": "lanczos"}, "kernel", "lanczos"),
    ({"schedule": "1,2", "dtype": "float16"}, "unknown dtype", "float16"),
    ({"schedule": "1,2", "seed": -1}, "seed is out of range", "-1"),
    ({"schedule": "1,2", "delta": 0}, "delta", "0"),
    ({"schedule": "1,2", "delta": "a"}, "delta", "a"),
    ({"schedule": "1,2", "label": 3}, "label", "3"),
    ({"kind": "reference", "schedule": "1,2", "label": 1001}, "label", "1001"),
    ({"kind": "reference", "schedule": "1,2", "label": -1}, "label", "-1"),
    ({"kind": "reference", "schedule": "1,2", "phis": -1}, "phis", "-1"),
    ({"kind": "reference", "schedule": "1,2", "phi_ratio": float("nan")}, "phi_ratio", "nan"),
    ({"kind": "reference", "weights": "x.npz", "depth": 3}, "bring their own configuration", "depth"),
]


@pytest.mark.parametrize(("table", "message", "got"), WRONG)
def test_wrong_tables(table, message, got):
    with pytest.raises(InputError) as caught:
        model_from_table(table)
    assert message in caught.value.message
    assert got in str(caught.value.got)
    assert caught.value.allowed or caught.value.hint


def test_all_unknown_keys_are_listed():
    with pytest.raises(InputError, match="unknown keys") as caught:
        model_from_table({"schedule": "1,2", "foo": 2, "dept": 3})
    assert caught.value.got == "foo, dept"
    assert caught.value.hint == "did you mean depth?"


def test_a_typing_error_is_named():
    with pytest.raises(InputError) as caught:
        model_from_table({"schedule": "1,2", "heds": 2})
    assert caught.value.hint == "did you mean heads?"


@pytest.mark.parametrize(
    "raw", [b"width = ", b"\xff\xfe", b"[" * 100_000, b"a=1\na=2"], ids=["cut", "bytes", "deep", "twice"]
)
def test_files_that_are_not_toml(raw, tmp_path):
    path = tmp_path / "model.toml"
    path.write_bytes(raw)
    with pytest.raises(InputError, match="not TOML"):
        read_model_file(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_model_file(tmp_path / "missing.toml")
    with pytest.raises(InputError, match="cannot be read"):
        read_model_file(tmp_path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(InputError, match="too large"):
        read_model_file(path)


def stored(tmp_path: Path, change) -> Path:
    config = model_from_table({"schedule": "1,2", "width": 4}).config
    assert isinstance(config, FormalConfig)
    weights = dict(formal_random(config, 1))
    change(weights)
    write_npz(tmp_path / "w.npz", weights)
    return written(tmp_path, 'schedule = "1,2"\nwidth = 4\nweights = "w.npz"\n')


def test_weights_of_a_file_are_used(tmp_path):
    model = read_model_file(stored(tmp_path, lambda weights: None))
    config, weights = model.loaded
    assert list(weights) == list(formal_shapes(config))
    np.testing.assert_array_equal(weights["layer.0.key.weight"], formal_random(config, 1)["layer.0.key.weight"])


BAD_WEIGHTS = [
    (lambda w: w.pop("layer.0.key.weight"), "missing: layer.0.key.weight (1)"),
    (lambda w: w.update(spare=np.zeros(2)), "not of this model: spare (1)"),
    (lambda w: w.update({"layer.0.first.bias": np.zeros((64, 1))}), "layer.0.first.bias is (64, 1), not (64,)"),
    (lambda w: w["layer.0.first.bias"].__setitem__(3, np.nan), "1 entries that are NaN"),
    (lambda w: w["layer.0.first.bias"].__setitem__(3, np.inf), "1 entries that are NaN or infinite"),
    (lambda w: w.update({"layer.0.first.bias": np.zeros(64, dtype=int)}), "dtype int64"),
]


@pytest.mark.parametrize(("change", "got"), BAD_WEIGHTS)
def test_wrong_weights_are_listed(change, got, tmp_path):
    with pytest.raises(InputError, match="weights do not fit") as caught:
        _ = read_model_file(stored(tmp_path, change)).loaded
    assert got in caught.value.hint
    assert "1 " in caught.value.got


def test_weights_files_that_cannot_be_read(tmp_path):
    for name, raw in (("empty", b""), ("text", b"hello"), ("cut", b"PK\x03\x04" + b"0" * 50)):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(InputError, match="not a NumPy"):
            read_npz(tmp_path / name)
    np.savez(tmp_path / "objects.npz", a=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="not a NumPy"):
        read_npz(tmp_path / "objects.npz")
    with pytest.raises(InputError, match="cannot be read"):
        read_npz(tmp_path / "missing.npz")
