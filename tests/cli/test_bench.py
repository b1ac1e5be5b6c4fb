"""`varproof bench approx`: the table and the JSON with a stand-in for Sollya, without one, and refusals."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from varproof.approx import benchmark
from varproof.cli.bench import answer_benchmark
from varproof.cli.main import main

# what the real one finds for the degree of (1, 1e-2), and what it must not find
RIGHT, WRONG = "5.003e-3 5.005e-3", "4.9e-3 5.002e-3"


@pytest.fixture(autouse=True)
def _small_check_cell(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The cell that is always measured takes half a second; one test keeps the real one."""
    if "keeps_the_real_check_cell" not in request.node.name:
        monkeypatch.setattr(benchmark, "CHECK_CELL", ("2", "1e-8"))


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    path = folder / "sollya"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def answer(capsys: pytest.CaptureFixture[str], line: str) -> dict:
    assert main(["bench", "approx", *line.split(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rules = json.loads((resources.files("varproof.cli.schemas") / "bench-approx.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, rules)
    return found


def tables(text: str) -> dict[str, list[str]]:
    """The rows of all tables by their first cell."""
    rows = [[entry.strip() for entry in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    return {row[0]: row[1:] for row in rows}


def test_json_beside_a_peer(tmp_path, monkeypatch, capsys):
    install(tmp_path, monkeypatch, f"echo varproof-answer 90 10 {RIGHT}")
    found = answer(capsys, "--cell 1:1e-2 --cell 1/2:0.01 --repeats 2")
    first, second = found["cells"]
    assert (first["bound"], first["eps"], first["degree"]) == ("1", "1/100", 3)
    assert (second["bound"], second["eps"], second["degree"]) == ("1/2", "1/100", 2)
    assert len(first["certify_seconds"]) == len(first["sollya"]) == 2
    assert first["sollya"][0]["sup"] == ["5.00300000000e-3", "5.00500000000e-3"]
    assert first["ratio"]["value"] > 100
    assert first["agrees"] is True
    assert second["agrees"] is False
    assert found["check_cell"]["degree"] == 11
    assert [bar["met"] for bar in found["bars"][:2]] == [True, True]
    assert found["note"] == ""


def test_the_table_names_bars_that_are_not_met_and_still_answers(tmp_path, monkeypatch, capsys):
    install(tmp_path, monkeypatch, f"echo varproof-answer 1e-9 1e-9 {WRONG}")
    assert main(["bench", "approx", "--cell", "1:1e-2", "--repeats", "1"]) == 0
    rows = tables(capsys.readouterr().out)
    assert rows["B = 1, eps = 0.01"][0] == "3"
    assert rows["B = 1, eps = 0.01"][-1] == "NO"
    assert rows["find both sides, against Sollya, B = 1, eps = 0.01"] == ["0 x", "30 x: NOT met", "100 x: NOT met"]


def test_the_table_keeps_the_real_check_cell(monkeypatch, capsys):
    assert main(["bench", "approx", "--cell", "1:1e-2", "--repeats", "1", "--no-peer"]) == 0
    rows = tables(capsys.readouterr().out)
    assert rows["B = 64, eps = 1e-8"][0] == "91"
    check = rows["check, integers only, both sides, B = 64, eps = 1e-8"]
    assert [goal.partition(":")[0] for goal in check[1:]] == ["50 ms", "20 ms"]


def test_a_time_out_is_a_lower_bound(tmp_path, monkeypatch, capsys):
    install(tmp_path, monkeypatch, "exec sleep 60")
    assert main(["bench", "approx", "--cell", "1:1e-2", "--repeats", "3", "--timeout", "0.5"]) == 0
    shown = capsys.readouterr().out
    row = tables(shown)["B = 1, eps = 0.01"]
    assert row[-3] == "> 500 ms"
    assert row[-2].startswith("> ")
    assert row[-1] == "-"
    assert "stopped after 0.5 s" in shown


def test_a_failing_peer_is_shown_with_its_reason(tmp_path, monkeypatch, capsys):
    install(tmp_path, monkeypatch, "echo 'no licence today' >&2; exit 4")
    assert main(["bench", "approx", "--cell", "1:1e-2", "--repeats", "2"]) == 0
    shown = capsys.readouterr().out
    assert tables(shown)["B = 1, eps = 0.01"][-3:] == ["failed", "-", "-"]
    assert tables(shown)["find both sides, against Sollya, B = 1, eps = 0.01"][1:] == [
        "30 x: undecided",
        "100 x: undecided",
    ]
    assert shown.count("exit code 4: no licence today") == 1


@pytest.mark.parametrize(("option", "said"), [("", "apt-get install sollya"), ("--no-peer", "--no-peer")])
def test_without_a_peer_it_answers_and_says_how_to_get_one(tmp_path, monkeypatch, capsys, option, said):
    if option:
        install(tmp_path, monkeypatch, f"touch '{tmp_path}/ran'; echo varproof-answer 1 1 {RIGHT}")
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    found = answer(capsys, f"--cell 1:1e-2 --repeats 1 {option}")
    assert said in found["note"]
    assert found["cells"][0]["sollya"] == []
    assert found["cells"][0]["ratio"] is None
    assert found["bars"][0]["met"] is None
    assert not (tmp_path / "ran").exists()
    assert main(["bench", "approx", "--cell", "1:1e-2", "--repeats", "1", *option.split()]) == 0
    shown = capsys.readouterr().out
    assert tables(shown)["B = 1, eps = 0.01"][-3:] == ["not run", "-", "-"]
    assert said in shown


def test_tiny_eps_keeps_its_digits(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    low, high = answer(capsys, "--cell 1/100:1e-330 --repeats 1")["cells"][0]["best_error"]
    assert low.endswith(high[high.index("e-") :])
    assert float(low.partition("e")[0]) > 1
    assert int(high.partition("e-")[2]) >= 330


def test_printed_enclosures_still_enclose():
    found = benchmark.measure([("1", "1e-2"), ("1/2", "1e-3")], repeats=1)
    for cell, fields in zip(found.cells, answer_benchmark(found, "")["cells"], strict=True):
        low, high = map(Fraction, fields["best_error"])
        assert low < cell.lower < cell.upper < high
        assert high - low < cell.upper - cell.lower + cell.upper / 10**10


def test_plot_is_written_and_stdout_stays_json(tmp_path, monkeypatch, capsys):
    install(tmp_path, monkeypatch, f"echo varproof-answer 1 1 {RIGHT}")
    path = tmp_path / "bench.png"
    assert main(["bench", "approx", "--cell", "1:1e-2", "--repeats", "1", "--plot", str(path), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["cells"][0]["degree"] == 3
    assert "bench.png" in shown.err
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("line", "got"),
    [
        ("--cell 4", "4"),
        ("--cell 4:", "4:"),
        ("--cell :1e-8", ":1e-8"),
        ("--cell x:1e-8", "x"),
        ("--cell -4:1e-8", "-4"),
        ("--cell 4:2", "2"),
        ("--cell 4:1e-8:3", "1e-8:3"),
        ("--cell 4:nan", "nan"),
        ("--cell 5000:1e-8", "5000"),
        ("--repeats 0", "0"),
        ("--repeats -3", "-3"),
        ("--repeats x", "x"),
        ("--timeout 0", "0"),
        ("--timeout nan", "nan"),
        ("--timeout inf", "inf"),
        ("--plot bench.exe", "bench.exe"),
    ],
)
def test_bad_input_leaves_with_2_and_says_what_came(line, got, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "approx", *line.split(), "--json"]) == 2
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert got in error["got"]
    assert error["allowed"]
    assert "Traceback" not in shown.err
    assert not list(tmp_path.iterdir())
