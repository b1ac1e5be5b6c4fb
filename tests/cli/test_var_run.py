"""`varproof var run`: passes of both models, exact and fast, and what is refused."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from varproof.cli.main import main
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.models.model_file import model_from_table

SMALL = "var run --schedule 1,2,4 --width 8 --heads 2"


def answer(line: str, capsys) -> dict:
    assert main([*shlex.split(line), "--json"]) == 0
    found: dict = json.loads(capsys.readouterr().out)
    return found


def test_the_answer_is_the_pass_of_the_library(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = answer(f"{SMALL} --depth 2 --seed 5 --out r.npz", capsys)
    model = model_from_table({"schedule": "1,2,4", "width": 8, "heads": 2, "hidden": 32, "depth": 2, "seed": 5})
    ops = Plain(numpy_like())
    expected = model.run(ops)["feature map"]
    with np.load(tmp_path / "r.npz") as stored:
        np.testing.assert_array_equal(stored["feature map"], expected)
    assert found["flops"] == dict(ops.flops)
    assert found["results"][0]["largest"] == expected.max()
    assert found["model"]["tokens"] == 21
    assert found["attention"]["engines"] == {"exact": 2}


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(capsys):
    first, again, other = (answer(f"{SMALL} --seed {seed}", capsys)["results"][0]["sha256"] for seed in (1, 1, 2))
    assert first == again != other


def test_fast_attention_is_within_delta_and_cheaper(capsys):
    line = "var run --schedule doubling --n 32 --width 8 --heads 4"
    exact = answer(line, capsys)
    fast = answer(f"{line} --engine fast --delta 1e-3", capsys)
    assert fast["attention"]["engines"] == {"polynomial": 1}
    assert 0 < fast["attention"]["largest_bound"] <= 1e-3
    assert fast["flops"]["transformer/attention"] < exact["flops"]["transformer/attention"] / 5
    del exact["flops"]["transformer/attention"], fast["flops"]["transformer/attention"]
    assert exact["flops"] == fast["flops"]


def test_a_model_file_says_the_same_as_options(capsys, tmp_path):
    path = tmp_path / "m.toml"
    path.write_text('schedule = "1,2,4"\nwidth = 8\nheads = 2\nhidden = 32\nseed = 3\ndelta = 0.01\n')
    by_file = answer(f"var run {path}", capsys)
    by_options = answer(f"{SMALL} --seed 3", capsys)
    assert by_file["results"] == by_options["results"]
    assert answer(f"var run {path} --engine fast", capsys)["delta"] == 0.01
    assert answer(f"var run {path} --seed 4", capsys)["results"] != by_file["results"]


def test_what_exists_is_kept_and_the_model_is_never_replaced(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(f"{SMALL} --out r.npz")) == 0
    before = (tmp_path / "r.npz").read_bytes()
    assert main(shlex.split(f"{SMALL} --seed 1 --out r.npz")) == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "r.npz").read_bytes() == before
    assert main(shlex.split(f"{SMALL} --seed 1 --out r.npz --force")) == 0
    assert (tmp_path / "r.npz").read_bytes() != before
    for line in ("example checkpoint", "var convert tiny.safetensors --out tiny.npz"):
        assert main(shlex.split(line)) == 0
    weights = (tmp_path / "tiny.npz").read_bytes()
    (tmp_path / "tiny.toml").write_text('kind = "reference"\nweights = "tiny.npz"\n')
    (tmp_path / "link.npz").symlink_to("tiny.npz")
    for line in ("tiny.npz --out tiny.npz", "tiny.toml --out tiny.npz", "tiny.npz --out link.npz"):
        assert main(shlex.split(f"var run {line} --force")) == 2
        assert "would replace the model" in capsys.readouterr().err
    assert (tmp_path / "tiny.npz").read_bytes() == weights


def test_tables_show_phases_and_engines(capsys):
    assert main(shlex.split(f"{SMALL} --engine fast --delta 0.5")) == 0
    shown = capsys.readouterr().out
    assert "transformer/attention" in shown
    assert "100.0%" in shown
    assert "21 tokens" in shown


REFUSED = [
    ("var run", "which model?"),
    ("var run --width 8", "which model?"),
    (f"{SMALL} --heads 3", "heads do not divide"),
    (f"{SMALL} --engine quick", "unknown engine"),
    (f"{SMALL} --engine fast", "a fast engine needs"),
    (f"{SMALL} --engine fast --delta 0", "delta"),
    (f"{SMALL} --engine fast --delta 1e-320", "delta is out of range"),
    (f"{SMALL} --delta 0.1", "exact attention takes no delta"),
    (f"{SMALL} --kind formel", "unknown kind"),
    (f"{SMALL} --n 5", "n differs"),
    (f"{SMALL} --dtype half", "unknown dtype"),
    (f"{SMALL} --out r.txt", "unknown file type"),
    (f"{SMALL} --decoder-base -1", "base is out of range"),
    ("var run --schedule doubling --n 6 --width 8", "doubling needs"),
    ("var run --kind reference --schedule 1,2 --width 8 --heads 2 --decoder-base 0 --chained", "no chained pass"),
    ("var run missing.toml", "cannot be read"),
    ("var run missing.npz", "cannot be read"),
    ("var run model.txt", "unknown kind of model file"),
    ("var run model.toml --schedule 256", "a model file says the shape already"),
    ("var run --schedule 256 --depth", "--depth"),
    ("var run --schedule 7", "a single scale of side 7 is written 7,"),
    ("var go", "unknown command"),
]


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_refusals(line, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.toml").write_text('schedule = "1,2"\n')
    assert main([*shlex.split(line), "--json"]) == 2
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert message in error["message"] + str(error["got"]) + str(error["hint"])
    assert error["allowed"] or error["hint"]
    assert "Traceback" not in shown.err


def test_a_delta_that_floating_point_cannot_reach(capsys):
    assert main(shlex.split(f"{SMALL} --engine polynomial --delta 1e-30 --json")) in (2, 3)
    assert "delta" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_regime_of_a_model_file(capsys, tmp_path):
    path: Path = tmp_path / "m.toml"
    path.write_text('schedule = "256"\nwidth = 8\nheads = 2\nscale = "sqrt"\nentry_bound = 1.5\ndelta = 0.01\n')
    stated = answer(f"regime --model {path}", capsys)
    assert (stated["R"], stated["d"], stated["tokens"], stated["scale"]) == ("3/2", 4, 680, "sqrt")
    assert stated["model"]["entries_from"] == "model file"
    direct = answer("regime --schedule 256 --d 4 --R 1.5 --scale sqrt --delta 0.01", capsys)
    assert {k: stated[k] for k in ("degree", "rank", "logit_bound", "best", "flops")} == {
        k: direct[k] for k in ("degree", "rank", "logit_bound", "best", "flops")
    }
    assert direct["model"] is None
    path.write_text('schedule = "1,2,4"\nwidth = 8\nheads = 2\n')
    measured = answer(f"regime --model {path} --delta 0.1", capsys)
    assert measured["model"]["entries_from"] == "measured"
    assert 0 < measured["logit_bound"] < 10
    path.write_text('kind = "reference"\nschedule = "1,2"\nwidth = 8\nheads = 2\ndecoder = false\n')
    cosine = answer(f"regime --model {path} --delta 0.1", capsys)
    assert cosine["scale"].startswith("cosine:4")
    assert main(shlex.split(f"regime --model {path} --delta 0.1")) == 0
    assert "one head of d = 4" in capsys.readouterr().out
    for line in ("", "--delta 0.1 --d 4", "--delta 0.1 --asymptotic", "--delta 0.1 --scale d", "--delta x"):
        assert main(shlex.split(f"regime --model {path} {line} --json")) == 2
        assert json.loads(capsys.readouterr().out)["error"]["message"]
