"""`varproof degree`: the answer and its safe decimals, files and pictures, and refusals with exit code 2 or 3."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from varproof.cli.degree import decimal
from varproof.cli.main import main


def answer(capsys, line: str) -> dict:
    assert main(["degree", *line.split(), "--json"]) == 0
    found: dict = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("line", "degree"),
    [
        ("--bound 16 --eps 1e-16", 45),
        ("--bound 16 --eps 1e-16 --kind abs", 46),
        ("--bound 1/2 --eps 0.01", 2),
        ("--bound .5 --eps 1/100 --interval pos", 2),
        ("--bound 200 --eps 0.9 --kind abs --interval neg", 0),
    ],
)
def test_the_answer_is_bracketed_by_certified_numbers(capsys, line, degree):
    found = answer(capsys, line)
    assert found["degree"] == degree
    assert Fraction(found["upper"]) <= Fraction(found["eps"]) < Fraction(found["lower_of_degree_minus_1"])
    forms = found["closed_forms"]
    assert forms["bessel_lower"] <= degree <= forms["bessel_upper"] <= forms["exponential_upper"]


def test_printed_decimals_stay_on_the_safe_side():
    for value in (
        Fraction(1, 3),
        Fraction(2, 3),
        Fraction(10**7 - 1, 10**7),
        Fraction(1, 10**400),
        Fraction(7),
        Fraction(1, 2),
    ):
        low, high = Fraction(decimal(value, up=False)), Fraction(decimal(value, up=True))
        assert low <= value <= high
        assert high - low <= value / 10**5
    assert decimal(Fraction(1, 2), up=True) == decimal(Fraction(1, 2), up=False) == "5.00000e-1"


def test_table_certificate_and_picture(tmp_path, capsys):
    certificate, picture = tmp_path / "c.json", tmp_path / "d.svg"
    line = ["degree", "--bound", "4", "--eps", "1e-4", "--cert", str(certificate), "--plot", str(picture)]
    assert main(line) == 0
    shown = capsys.readouterr()
    assert "least degree" in shown.out
    assert "7.53952e-5" in shown.out
    assert "wrote" in shown.err
    assert "wrote" not in shown.out
    assert json.loads(certificate.read_text())["degree"] == "10"
    assert picture.read_text().lstrip().startswith("<?xml")
    assert {path.name for path in tmp_path.iterdir()} == {"c.json", "d.svg"}


def test_degree_zero_has_no_smaller_degree(capsys):
    assert main(["degree", "--bound", "1e-6", "--eps", "1e-4"]) == 0
    assert "no smaller degree" in capsys.readouterr().out


REFUSED = [
    ("--bound 4 --eps 0", "0"),
    ("--bound 4 --eps -1e-3", "-1e-3"),
    ("--bound 4 --eps 1", "1"),
    ("--bound 4 --eps 2", "2"),
    ("--bound 4 --eps nan", "nan"),
    ("--bound 4 --eps inf", "inf"),
    ("--bound 4 --eps abc", "abc"),
    ("--bound 4 --eps 1e999999", "1e999999"),
    ("--bound 4 --eps 1e-999999", "1e-999999"),
    ("--bound 4 --eps 1e-700", "bits"),
    ("--bound 4 --eps 1/0", "1/0"),
    ("--bound 0 --eps 1e-3", "0"),
    ("--bound -4 --eps 1e-3", "-4"),
    ("--bound 1e999999 --eps 1e-3", "1e999999"),
    ("--bound 1e9 --eps 1e-3", "1e9"),
    ("--bound 500 --eps 1e-9", "degree at least"),
    ("--bound ١ --eps 1e-3", "١"),
    ("--bound 0." + "1" * 399 + " --eps 1e-3", "111"),
    ("--bound 4 --eps 1e-3 --kind both", "both"),
    ("--bound 4 --eps 1e-3 --interval left", "left"),
    ("--bound 4 --eps 1e-3 --plot p.exe", "p.exe"),
    ("--bound 4 --eps 1e-3 --cert missing/c.json", "missing"),
    ("--bound 4 --eps 1e-3 --plot missing/p.png", "missing"),
    ("--bound 4 --eps 1e-3 --cert .", "."),
    ("--bound 4 --epsilon 1e-3", "--epsilon"),
    ("--bound 4", "degree --bound 4"),
    ("--eps 1e-3", "degree --eps 1e-3"),
    ("--bound 4 --eps 1e-3 surplus", "surplus"),
]


@pytest.mark.parametrize(("line", "got"), REFUSED)
def test_bad_input_leaves_with_2_and_says_what_came(line, got, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["degree", *line.split(), "--json"]) == 2
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert got in error["got"]
    assert error["allowed"] or error["hint"]
    assert shown.err.startswith("error: ")
    assert "Traceback" not in shown.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--bound", "--eps"])
def test_empty_values(option, capsys):
    values = {"--bound": "4", "--eps": "1e-3", option: ""}
    assert main(["degree", *(word for pair in values.items() for word in pair), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_tie_leaves_with_3(capsys):
    assert main(["degree", "--bound", "1000", "--eps", "1/2", "--kind", "abs", "--interval", "neg", "--json"]) == 3
    assert "too close" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_target_that_cannot_be_written(capsys):
    # the pseudo file system refuses every new file, whoever asks
    assert main(["degree", "--bound", "4", "--eps", "1e-3", "--cert", "/proc/c.json", "--json"]) == 2
    shown = capsys.readouterr()
    assert "/proc/c.json" in json.loads(shown.out)["error"]["got"]
    assert "Traceback" not in shown.err
