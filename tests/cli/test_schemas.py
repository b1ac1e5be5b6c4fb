"""Every listed command prints JSON that its shipped schema accepts, and its help shows an example that works.

A new command adds one entry to `SAMPLES`: command lines (without `varproof`) that run one after the other in one empty
directory, the last of them with `--json`. Every answer in JSON is checked.
"""

from __future__ import annotations

import json
import shlex
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from varproof.cli.commands import COMMANDS, Command, split_docstring
from varproof.cli.main import main

SAMPLES: dict[str, tuple[str, ...]] = {
    "verify": ("verify threshold_lemma S3 S7 --json",),
    "example": ("example claim --json",),
    "regime": (
        "regime --schedule 256 --d 64 --scale cosine:4 --delta 0.01 --json",
        "regime --asymptotic --d 'Theta(log(n))' --R 'o(sqrt(log(n)))' --delta 1/poly(n) --json",
    ),
    "degree": ("degree --bound 4 --eps 1e-4 --json",),
    "check": ("degree --bound 4 --eps 1e-4 --cert c.json", "check c.json --json"),
    "rank": ("rank --d 8 --degree 4 --tokens 4096 --json",),
    "var cost": ("var cost --schedule 256 --kind reference --json", "var cost --schedule linear --n 9 --json"),
    "var errors": (
        "var errors --schedule 1,2,4 --width 8 --heads 2 --delta 1e-2 --target 0.1 --json",
        "var errors --schedule 1,2,4 --width 8 --chained --target 0.01 --json",
        "var errors --kind reference --schedule 1,2 --width 8 --heads 2 --decoder-base 0 --delta .1 --json",
    ),
    "var convert": ("example checkpoint", "var convert tiny.safetensors --out tiny.npz --json"),
    "var run": (
        "var run --schedule 1,2,4 --width 8 --heads 2 --chained --decoder-base 4 --json",
        "var run --kind reference --schedule 1,2 --width 8 --heads 2 --decoder-base 0 --engine fast --delta .1 --json",
    ),
    "reduce": (
        "example tiny.cnf",
        "reduce tiny.cnf --to attention --out run --json",
        "reduce --resume run --json",
        "reduce tiny.cnf --to var-attention --explain --json",
    ),
    "graph": ("graph --json", "graph --from cnf --to var-attention --json"),
    "rule check": ("example rule", "rule check rule.py --cases 4 --json"),
    "claim new": ("claim new my_bound --json",),
    "campaign plan": ("campaign plan threshold_lemma rank_count --cases 50 --json",),
    "campaign run": ("campaign run softmax_perturbation --cases 30 --executor inline --store c.db --json",),
    "campaign resume": (
        "campaign run score_perturbation --cases 20 --executor inline --store c.db",
        "campaign resume --store c.db --cases 30 --json",
    ),
    "campaign status": (
        "campaign run score_perturbation --cases 20 --executor inline --store c.db",
        "campaign status --store c.db --json",
    ),
    "campaign report": (
        "campaign run score_perturbation --cases 20 --executor inline --store c.db",
        "campaign report --store c.db --html c.html --junit c.xml --against c.db --json",
    ),
    "campaign replay": (
        "campaign run score_perturbation --cases 20 --executor inline --store c.db",
        "campaign replay --store c.db --json",
    ),
    "campaign diff": (
        "campaign run score_perturbation --cases 20 --executor inline --store c.db",
        "campaign diff c.db c.db --json",
    ),
    "bench campaign": ("bench campaign --only search --repeats 1 --json",),
    "bench attention": ("bench attention --quick --no-peers --case d2-r21 --json",),
    "bench approx": ("bench approx --cell 1:1e-2 --repeats 1 --no-peer --json",),
}


def schema(name: str) -> Any:
    return json.loads((resources.files("varproof.cli.schemas") / name).read_text(encoding="utf-8"))


def check_answer(command: Command, text: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(text)
    jsonschema.validate(answer, schema(command.schema), cls=jsonschema.Draft202012Validator)
    return answer


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.path)
def test_answer_fits_the_schema(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in SAMPLES[command.path]:
        capsys.readouterr()
        assert main(shlex.split(line)) in (0, 1)
        if "--json" in line:
            answer = check_answer(command, capsys.readouterr().out)
            assert answer["format"] == f"varproof/{command.schema.removesuffix('.json')}/1"
            assert {"python", "numpy", "python-flint", "blas"} <= set(answer["environment"])
    assert "--json" in line


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.path)
def test_schema_refuses_other_answers(command: Command) -> None:
    rules = schema(command.schema)
    jsonschema.Draft202012Validator.check_schema(rules)
    for wrong in ({}, {"format": "varproof/other/1"}, []):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, rules, cls=jsonschema.Draft202012Validator)


def help_examples(command: Command, shown: str) -> tuple[str, ...]:
    """The lines after `Example:` of a help text, checked to be the docstring's, each on one line."""
    lines = [line.strip() for line in shown.splitlines()]
    start = len(lines) - lines[::-1].index("Example:")
    found = tuple(line for line in lines[start:] if line)
    text, examples = split_docstring(command.load().__doc__ or "")
    assert found == examples, "an example is cut or wrapped: at most 74 characters a line"
    assert text.splitlines()[0] == command.summary, "the list in commands.py repeats the docstring's first line"
    return found


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.path)
def test_help_example_works(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*command.words, "--help"]) == 0
    examples = help_examples(command, capsys.readouterr().out)
    assert examples
    for line in examples:
        for step in line.split("&&"):
            words = shlex.split(step)
            assert words[0] == "varproof"
            assert main(words[1:]) == 0, capsys.readouterr().err


def test_error_answer_fits_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["example", "nothing-like-it", "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    jsonschema.validate(answer, schema("error.json"), cls=jsonschema.Draft202012Validator)
    assert answer["error"]["got"] == "nothing-like-it"
