"""`varproof example`: lists, writes, keeps what is there; and the example itself says the truth."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from varproof.base.verdict import Verdict
from varproof.cli.main import main
from varproof.examples.first_claim import CLAIM
from varproof.var.models.config import FormalConfig
from varproof.var.models.model_file import read_model_file

Capture = pytest.CaptureFixture[str]


def test_example_lists_writes_and_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["example"]) == 0
    assert "claim" in capsys.readouterr().out
    assert main(["example", "claim"]) == 0
    written = tmp_path / "first_claim.py"
    written.write_text("mine")
    assert main(["example", "claim"]) == 2
    assert written.read_text() == "mine"
    assert main(["example", "claim", "--force"]) == 0
    assert "CLAIM = Claim(" in written.read_text()
    assert main(["example", "clam"]) == 2
    assert "did you mean claim?" in capsys.readouterr().err
    assert main(["example", "claim", "--out", str(tmp_path)]) == 2


def test_the_example_claim_is_true_and_its_variant_false() -> None:
    assert CLAIM.check(CLAIM.case()).verdict is Verdict.PROVED
    for variant in CLAIM.falsified:
        assert CLAIM.check(CLAIM.case(variant)).verdict is Verdict.REFUTED


def test_the_example_model_names_every_key_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["example", "model"]) == 0
    table = tomllib.loads((tmp_path / "model.toml").read_text())
    keys = {field.name for field in fields(FormalConfig)} | {"kind", "n", "seed", "dtype", "delta"}
    assert set(table) == keys
    config = read_model_file(tmp_path / "model.toml").config
    assert isinstance(config, FormalConfig)
    assert (config.depth, config.width, config.scale, config.kernel) == (2, 16, "d", "bicubic")
    assert main(["var", "run", "model.toml", "--engine", "fast"]) == 0
    assert "341 tokens" in capsys.readouterr().out


def test_the_example_checkpoint_converts_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["example", "checkpoint"]) == 0
    assert main(["var", "convert", "tiny.safetensors", "--out", "tiny.npz"]) == 0
    assert main(["var", "run", "tiny.npz"]) == 0
    assert "logits" in capsys.readouterr().out
    assert main(["example", "checkpoint"]) == 2
