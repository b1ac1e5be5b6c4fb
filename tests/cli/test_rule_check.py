"""`varproof rule check`: registered rules, a rule of one's own, and files that are no rule or a broken one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from varproof.cli.main import main

Capture = pytest.CaptureFixture[str]
DECODE = "    return Answer(answers[0].decision)"
READ = "    read = instance.left_bits.size + instance.right_bits.size"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["example", "rule"]) == 0
    return tmp_path


def checked(capsys: Capture, line: str, code: int) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["rule", "check", *line.split(), "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def broken(here: Path, old: str, new: str) -> None:
    """rule.py with a change; the change must be one."""
    text = (here / "rule.py").read_text()
    assert old in text
    (here / "rule.py").write_text(text.replace(old, new))


def test_a_registered_rule_and_the_example_pass(here: Path, capsys: Capture) -> None:
    answer = checked(capsys, "ov_to_hamming rule.py", 0)
    assert [each["rule"] for each in answer["rules"]] == ["ov_to_hamming", "rule"]
    assert all(not each["failures"] and None not in each["mistakes"].values() for each in answer["rules"])


@pytest.mark.parametrize(
    ("old", "new", "check", "said"),
    [
        (READ, "    raise RuntimeError('no')", "raises", "RuntimeError: no (rule.py, line"),
        (DECODE, "    raise KeyError('x')", "raises", "KeyError: 'x' (rule.py, line"),
        (DECODE, "    return None", "raises", "has no attribute 'decision'"),
        ("    return witness\n", "    return None\n", "answers", "YES without a witness"),
        ("    return witness\n", "    return 1 / 0\n", "raises", "ZeroDivisionError"),
        (' + 1."]', ' + 1."][1:] * (1 // 0)', "raises", "explain for"),
        (' + 1."]', ' + 1."][0]', "explain", "no list of paragraphs"),
        ('"dim": DIM + 1}', '"dim": DIM + 2}', "sizes", "was promised by dim + 2"),
        ('{instance.left.dim} + 1."]', '", 3]', "explain", "no list of paragraphs"),
        ("instance.right_bits, 0)\n    target", "instance.right_bits, 1)\n    target", "structure", "not (1, 0)"),
    ],
)
def test_what_is_wrong_is_said_with_its_check(
    here: Path, capsys: Capture, old: str, new: str, check: str, said: str
) -> None:
    if old.startswith("    return [f") and new.endswith("f"):
        broken(here, ' + 1."]', ' + 1."')
    broken(here, old, new)
    answer = checked(capsys, "rule.py --cases 4", 1)
    failures = answer["rules"][0]["failures"]
    assert not answer["ok"]
    assert any(line.startswith(f"rule, {check}, ") and said in line for line in failures), failures[:3]


def test_a_mistake_that_goes_unnoticed_fails(here: Path, capsys: Capture) -> None:
    broken(here, "    return witness[1], witness[0]", "    return witness")
    answer = checked(capsys, "rule.py --cases 4", 1)
    assert answer["rules"][0]["mistakes"]["the pair comes back turned"] is None
    assert answer["rules"][0]["failures"] == []


def test_many_failures_are_cut_on_the_screen(here: Path, capsys: Capture) -> None:
    broken(here, DECODE, "    return None")
    assert main(["rule", "check", "rule.py"]) == 1
    out = capsys.readouterr().out
    assert "more failures; --json lists all" in out
    assert out.count("rule, raises") == 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def (", "SyntaxError"),
        ("x = 1", "defines no rule"),
        ("RULE = 3", "defines no rule"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("import not_there_at_all", "ModuleNotFoundError"),
        ("\x00", "does not run"),
    ],
)
def test_files_that_define_no_rule_are_refused(here: Path, capsys: Capture, text: str, said: str) -> None:
    (here / "mine.py").write_text(text)
    error = checked(capsys, "mine.py", 2)["error"]
    assert said in error["message"]
    assert error["got"] == "mine.py"


def test_a_rule_that_is_not_built_and_names_that_are_wrong_are_refused(here: Path, capsys: Capture) -> None:
    assert "cnf_to_ov" in checked(capsys, "cnf_to_vo", 2)["error"]["allowed"]
    assert "no such file" in checked(capsys, "missing.py", 2)["error"]["message"]
    broken(here, '    upper_size={"left": LEFT, "right": RIGHT, "dim": DIM + 1},', '    upper_size={"left": LEFT},')
    error = checked(capsys, "rule.py", 2)["error"]
    assert error["message"] == "rule.py: rule rule has no upper bound for these sizes"
    assert "dim" in error["got"]
