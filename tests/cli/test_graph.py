"""`varproof graph`: all formats, parts of the graph, files, and refusals with exit code 2."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from varproof.cli.main import main


def answer(capsys: Any, line: str) -> dict[str, Any]:
    assert main(["graph", *line.split(), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    rules = json.loads((resources.files("varproof.cli.schemas") / "graph.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, rules)
    return found


def test_the_whole_graph(capsys: Any) -> None:
    found = answer(capsys, "")
    assert [each["name"] for each in found["problems"]][:2] == ["cnf", "ov"]
    cited = [each["name"] for each in found["edges"] if not each["executable"]]
    assert cited == ["cited_rubinstein", "cited_chen"] or cited == ["cited_chen", "cited_rubinstein"]
    assert found["routes"] == []
    assert {each["id"] for each in found["hypotheses"]} >= {"seth", "ovh"}


def test_paths_between_two_problems(capsys: Any) -> None:
    found = answer(capsys, "--from cnf --to var-attention")
    routes = [each["rules"] for each in found["routes"]]
    assert routes[0] == ["cnf_to_ov", "ov_to_attention_scaling", "attention_to_var_free"]
    assert found["routes"][0]["exponent"].startswith(
        "var-attention in side^(4 - eps) => cnf in 2^((1 - eps') variables), eps' = eps/4, for 0 < eps <= 2"
    )
    assert all(each["rules"][-1].startswith("attention_to_var") for each in found["routes"])


def test_a_part_of_the_graph(capsys: Any) -> None:
    found = answer(capsys, "--from attention")
    assert {each["name"] for each in found["problems"]} == {"attention", "var-attention"}
    assert {each["source"] for each in found["edges"]} == {"attention"}


@pytest.mark.parametrize(
    ("form", "start"), [("text", "cnf  ("), ("dot", "digraph"), ("mermaid", "flowchart"), ("html", "<!doctype html>")]
)
def test_formats(form: str, start: str, capsys: Any, tmp_path: Path) -> None:
    assert main(["graph", "--format", form]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(start)
    assert "attention_to_var_interpolated" in shown
    target = tmp_path / "graph.out"
    assert main(["graph", "--format", form, "--out", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == shown
    assert "wrote" in capsys.readouterr().out


def test_json_beside_a_file(capsys: Any, tmp_path: Path) -> None:
    found = answer(capsys, f"--format dot --out {tmp_path}/g.dot")
    assert found["written"] == f"{tmp_path}/g.dot"
    assert (tmp_path / "g.dot").read_text(encoding="utf-8").startswith("digraph")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--from atention", "did you mean attention?"),
        ("--to cfn", "did you mean cnf?"),
        ("--from var-attention --to cnf", "no rules lead from var-attention to cnf"),
        ("--format pdf", "pdf"),
        ("--out --json", "missing"),
        ("--out no-such-directory/g.html", "no-such-directory"),
    ],
)
def test_refusals(line: str, words: str, capsys: Any) -> None:
    assert main(["graph", *line.split()]) == 2
    assert words in capsys.readouterr().err
