"""`varproof rank`: answers with and without tokens, numbers of any size, pictures, and refusals with exit code 2."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import pytest

from varproof.cli.main import main


def answer(capsys, line: str) -> dict:
    assert main([*line.split(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rules = json.loads((resources.files("varproof.cli.schemas") / "rank.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, rules)
    return found


def test_with_tokens(capsys):
    found = answer(capsys, "rank --d 8 --degree 4 --tokens 4096")
    assert found["rank"] == found["features_per_token"] == 495
    assert found["as23_rank"] == 735471
    assert found["break_even_tokens"] == 538
    assert found["rank_below_tokens"] is True
    assert found["flops"] == {"exact": 4096**2 * 35 + 4096 * 8, "polynomial": 4096 * (495 * 36 + 988 + 8) + 495 * 9}
    assert abs(found["rank_exponent"] - 0.74594) < 1e-5
    assert found["effective_exponent"] < found["exact_exponent"]


def test_without_tokens_nothing_is_invented(capsys):
    found = answer(capsys, "rank --d 64 --degree 7")
    assert found["break_even_tokens"] == 1345294845
    for field in ("tokens", "rank_below_tokens", "rank_exponent", "effective_exponent", "exact_exponent", "flops"):
        assert found[field] is None


def test_the_two_sides_of_rank_below_tokens(capsys):
    assert answer(capsys, "rank --d 8 --degree 4 --tokens 495")["rank_below_tokens"] is False
    assert answer(capsys, "rank --d 8 --degree 4 --tokens 496")["rank_below_tokens"] is True


def test_numbers_beyond_floats(capsys):
    found = answer(capsys, "rank --d 1500 --degree 2500 --tokens 1000000")
    assert len(str(found["rank"])) > 1000
    assert len(str(found["as23_rank"])) > 2000
    assert found["rank_exponent"] > 100


@pytest.mark.parametrize(("tokens", "pays", "below"), [(537, "does not pay", "yes"), (538, "pays", "yes")])
def test_the_table_says_whether_it_pays(capsys, tokens, pays, below):
    assert main(["rank", "--d", "8", "--degree", "4", "--tokens", str(tokens)]) == 0
    rows = {
        cells[1].strip(): cells[2].strip()
        for line in capsys.readouterr().out.splitlines()
        if len(cells := line.split("│")) == 5
    }
    assert rows["at this N"] == pays
    assert rows["rank < N"] == below
    assert rows["break-even"] == "538"


def test_plot_is_written_and_stdout_stays_json(tmp_path, capsys):
    path = tmp_path / "rank.png"
    assert main(["rank", "--d", "4", "--degree", "3", "--plot", str(path), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["rank"] == 35
    assert "rank.png" in shown.err
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("line", "got"),
    [
        ("--d 0 --degree 3", "0"),
        ("--d 8 --degree -1", "-1"),
        ("--d 8 --degree 4 --tokens 1", "1"),
        ("--d 8 --degree 4 --tokens -5", "-5"),
        ("--d 1000000 --degree 1000000", "602060 decimal digits"),
        ("--d 8 --degree 4 --plot picture.exe", "picture.exe"),
        ("--d x --degree 4", "x"),
        ("--d 8 --degree 2.5", "2.5"),
        ("--d 8", "rank --d 8"),
    ],
)
def test_bad_input_leaves_with_2_and_says_what_came(line, got, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["rank", *line.split(), "--json"]) == 2
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert got in error["got"]
    assert error["allowed"]
    assert "Traceback" not in shown.err
    assert not list(tmp_path.iterdir())
