"""`varproof var convert`: what it writes and says, what it never overwrites, and exit code 2 without a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varproof.cli.main import main
from varproof.var.checkpoint.convert import example_state
from varproof.var.checkpoint.safetensors import write_safetensors
from varproof.var.models.reference_weights import read_reference

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_safetensors(Path("c.safetensors"), example_state(2))
    return tmp_path


def refused(capsys: Capture, *arguments: str) -> dict[str, Any]:
    """The error of a command line that is refused, from its JSON."""
    capsys.readouterr()
    assert main(["var", "convert", *arguments, "--json"]) == 2
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    error: dict[str, Any] = json.loads(shown.out)["error"]
    return error


def test_json_lists_every_array(here: Path, capsys: Capture) -> None:
    assert main(["var", "convert", "c.safetensors", "--out", "m.npz", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    state = example_state(2)
    listed = answer["used"] + [each["name"] for kind in ("checked", "left_out") for each in answer[kind]]
    assert sorted(name[4:] for name in listed) == sorted(state)
    assert answer["model"]["sides"] == [1, 2, 3, 4]
    assert answer["model"]["parameters"] == sum(state[name[4:]].size for name in answer["used"])
    config, weights = read_reference(Path("m.npz"))
    assert config.width == answer["model"]["width"]
    assert all(np.array_equal(array, state[name[4:]]) for name, array in weights.items())


def test_text_counts_the_arrays_and_the_file_runs(here: Path, capsys: Capture) -> None:
    assert main(["var", "convert", "c.safetensors", "--out", "m.npz"]) == 0
    shown = capsys.readouterr().out
    assert "reference model, schedule 1,2,3,4: 30 tokens, 2 layers of width 32" in shown
    assert "hides later scales and nothing else" in shown
    assert "encodes images, generation does not" in shown
    assert "wrote m.npz" in shown
    assert main(["var", "run", "m.npz", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert [each["name"] for each in results] == ["logits", "image"]


def test_nothing_is_overwritten_unasked(here: Path, capsys: Capture) -> None:
    Path("m.npz").write_bytes(b"mine")
    assert refused(capsys, "c.safetensors", "--out", "m.npz")["message"] == "the file exists already"
    assert Path("m.npz").read_bytes() == b"mine"
    assert main(["var", "convert", "c.safetensors", "--out", "m.npz", "--force"]) == 0
    read_reference(Path("m.npz"))
    before = Path("c.safetensors").read_bytes()
    Path("link.npz").symlink_to("c.safetensors")
    for force in ((), ("--force",)):
        assert "would replace" in refused(capsys, "c.safetensors", "--out", "link.npz", *force)["message"]
        assert "would replace" in refused(capsys, "m.npz", "--vae", "c.safetensors", "--out", "link.npz")["message"]
    assert refused(capsys, "c.safetensors", "--out", "x.safetensors")["allowed"] == ".npz"
    assert Path("c.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.safetensors",), "cannot be read"),
        (("c.txt",), "unknown kind of checkpoint"),
        (("broken.safetensors",), "not a valid .safetensors file"),
        (("c.safetensors", "--schedule", "256"), "contradicts the checkpoint"),
        (("c.safetensors", "--schedule", "doubling"), "needs its last side"),
        (("c.safetensors", "--heads", "4"), "heads contradict"),
        (("c.safetensors", "--phi-ratio", "2"), "ratio of phi"),
        (("c.safetensors", "--phi-ratio", "nan"), "ratio of phi"),
        (("c.safetensors", "--vae", "c.safetensors"), "holds more"),
    ],
)
def test_input_that_is_refused(arguments: tuple[str, ...], message: str, here: Path, capsys: Capture) -> None:
    Path("broken.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{nothing")
    assert message in refused(capsys, *arguments, "--out", "m.npz")["message"]
    assert not Path("m.npz").exists()


def test_unknown_names_are_listed(here: Path, capsys: Capture) -> None:
    write_safetensors(Path("u.safetensors"), {**example_state(), "blocks.0.attn.k_bias": np.zeros(32)})
    assert "var.blocks.0.attn.k_bias" in refused(capsys, "u.safetensors", "--out", "m.npz")["hint"]


def test_torch_that_is_missing_is_named(here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    Path("c.pth").write_bytes(b"")
    assert refused(capsys, "c.pth", "--out", "m.npz")["hint"] == 'pip install "varproof[torch]"'
