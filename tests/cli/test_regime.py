"""`varproof regime` from outside: verdicts with their reasons, the numbers at one size, tables, pictures."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from varproof.cli.main import main

GROWING = "regime --asymptotic"
LOG, POLY = '--d "Theta(log(n))"', '--delta "1/poly(n)"'
PRESET = "regime --schedule 256 --d 64 --scale cosine:4 --delta .01"


def rules() -> Any:
    return json.loads((resources.files("varproof.cli.schemas") / "regime.json").read_text(encoding="utf-8"))


def answer(capsys, line: str) -> dict[str, Any]:
    assert main([*shlex.split(line), "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    found: dict[str, Any] = json.loads(shown.out)
    jsonschema.validate(found, rules(), cls=jsonschema.Draft202012Validator)
    return found


VERDICTS = [
    (f'{LOG} --R "o(sqrt(log(n)))" {POLY}', "easy", 2, 2, "polynomial_log_dimension"),
    (f'{LOG} --R "o(sqrt(log(n)))" {POLY} --schedule linear', "easy", 3, 3, "polynomial_log_dimension"),
    (f'{LOG} --R "Theta(sqrt(log(n)))" {POLY}', "hard", 4, 4, "exact_algorithm"),
    (f'{LOG} --R "Theta(sqrt(log(n)))" {POLY} --schedule ratio:3/2', "hard", 4, 4, "exact_algorithm"),
    (f"{LOG} --R C {POLY} --scale one", "hard", 4, 4, "exact_algorithm"),
    (f'{LOG} --R "o(log(n)**(1/4))" {POLY} --scale sqrt', "easy", 2, 2, "polynomial_log_dimension"),
    ('--d "2*log(n)" --R "3*sqrt(log(n))" --delta "n**-3"', "undecided", 4, 2, "exact_algorithm"),
    ('--d 3 --R n --delta "n**-3"', "easy", 10 / 3, 2, "any_temperature"),
    (f"{LOG} --scale cosine:4 {POLY}", "easy", 2, 2, "polynomial_log_dimension"),
    (f'--d "log(n)**2" --R "Theta(sqrt(log(n)))" {POLY}', "hard", 4, 4, "exact_algorithm"),
]


@pytest.mark.parametrize(("options", "verdict", "exponent", "lower", "theorem"), VERDICTS)
def test_verdicts_as_n_grows(capsys, options, verdict, exponent, lower, theorem):
    found = answer(capsys, f"{GROWING} {options}")
    assert found["mode"] == "asymptotic"
    assert (found["verdict"], found["exponent"], found["lower_exponent"]) == (verdict, exponent, lower)
    assert found["upper_theorem"]["id"] == theorem
    assert found["sources"]


def test_every_hypothesis_has_its_limit_and_the_routes_that_agree(capsys):
    found = answer(capsys, f'{GROWING} --d "2*log(n)" --R "sqrt(log(n))/log(log(n))" --delta "n**-3"')
    reasons = {entry["hypothesis"]: entry for entry in found["because"]}
    assert set(reasons) == {"d = O(log(n))", "B = o(log(n))", "Lambda = O(log(n))"}
    assert [reasons[name]["limit"] for name in sorted(reasons)] == ["0", "3", "2"]
    for entry in found["because"]:
        assert entry["holds"] is True
        assert entry["routes"]["algebra"] == entry["routes"]["sympy"] == entry["limit"]
        assert entry["routes"]["samples"] == "agree"
    assert reasons["B = o(log(n))"]["ratio"] == "log(log(n))**(-2)"


def test_hard_names_its_hypothesis_its_scope_and_its_source(capsys):
    small = answer(capsys, f'{GROWING} {LOG} --R "Theta(sqrt(log(n)))" {POLY}')
    constant = answer(capsys, f'{GROWING} {LOG} --R "Theta(sqrt(log(n)))" --delta "Theta(1)"')
    for found in (small, constant):
        assert found["verdict"] == "hard"
        assert found["scope"].startswith("token maps given")
        assert found["assumes"]
    assert "arXiv:1803.00904" not in small["sources"]
    assert "arXiv:1803.00904" in constant["sources"]
    assert small["because"] != constant["because"]


def test_undecided_says_what_is_needed(capsys):
    found = answer(capsys, f'{GROWING} --d "2*log(n)" --R "sqrt(log(n))/10" --delta "n**-3"')
    assert found["verdict"] == "undecided"
    assert 3.608 < found["exponent"] < 3.61
    missing = {(entry["theorem"], entry["hypothesis"]) for entry in found["needed"]}
    assert ("polynomial_log_dimension", "B = o(log(n))") in missing
    assert all(entry["holds"] is not True and entry["needed"] for entry in found["needed"])


def test_a_constant_left_open_has_an_exponent_in_words(capsys):
    found = answer(capsys, f'{GROWING} --d C --R n --delta "n**-3"')
    assert (found["verdict"], found["exponent"]) == ("easy", None)
    assert "4" in found["exponent_text"]
    assert (found["exact_exponent"], found["size_exponent"]) == (4, 2)


@pytest.mark.parametrize(
    ("options", "conflict"),
    [
        (f'{LOG} --R 1 {POLY} --schedule ratio:2 --scales "O(1)"', "K = O(1)"),
        (f'--d 3 --R n {POLY} --scale one --scales "O(1)"', "K = O(1)"),
        (f'--d "1/log(n)" --R 1 {POLY}', "d >= 1"),
    ],
)
def test_contradictory_hypotheses_are_an_answer(capsys, options, conflict):
    found = answer(capsys, f"{GROWING} {options}")
    assert found["verdict"] == "inconsistent"
    assert [entry["hypothesis"] for entry in found["because"]] == [conflict]
    assert all(found[name] is None for name in ("exponent", "lower_exponent", "upper_theorem", "lower_theorem"))


def test_a_number_of_scales_that_fits_changes_nothing(capsys):
    line = f'{GROWING} {LOG} --R "o(sqrt(log(n)))" {POLY}'
    stated = answer(capsys, f'{line} --scales "O(log(n))"')
    assert stated["verdict"] == "easy"
    assert stated["because"] == answer(capsys, line)["because"]
    assert answer(capsys, f'{line} --scales "o(log(n))"')["verdict"] == "inconsistent"


def test_the_preset_at_its_size(capsys):
    found = answer(capsys, PRESET)
    assert found["mode"] == "finite"
    assert (found["tokens"], found["degree"], found["degree_kind"]) == (680, 7, "least, certified")
    assert found["rank"] == 1329890705
    assert abs(found["features_per_token"] - 1329890705 / 680) < 1e-6
    assert abs(found["logit_ratio"] - 0.6133) < 1e-4
    assert found["hypothesis_satisfied"] is True
    assert (found["R"], found["entry_bound_range"]) == (None, [2, 16])
    assert found["best"] == "exact"
    assert found["flops"]["exact"] < found["flops"]["polynomial"]


def test_the_two_sides_of_the_stated_hypothesis(capsys):
    # d = 1, scale one: B = R^2 against ln 680 = 6.52
    for entry_bound, satisfied in (("2.55", True), ("2.56", False)):
        line = f"regime --schedule 256 --d 1 --scale one --R {entry_bound} --delta .01"
        assert answer(capsys, line)["hypothesis_satisfied"] is satisfied


def test_values_and_delta_count_through_their_ratio_only(capsys):
    wide = answer(capsys, "regime --schedule 1,2,4 --d 2 --R 1 --delta .1 --values 10")
    same = answer(capsys, "regime --schedule 1,2,4 --d 2 --R 1 --delta .01")
    other = answer(capsys, "regime --schedule 1,2,4 --d 2 --R 1 --delta .1")
    assert (wide["eps"], wide["degree"]) == (same["eps"], same["degree"])
    assert other["degree"] < same["degree"]


@pytest.mark.parametrize(
    "line",
    [
        PRESET,
        "regime --schedule 256 --d 64 --R 1000 --scale one --delta 1e-6",
        "regime --schedule doubling --n 1024 --d 128 --R 9 --delta 1e-9",
        "regime --schedule 1,2,4 --d 2 --R 3 --delta 5",
    ],
)
def test_one_size_is_never_called_by_an_asymptotic_word(capsys, line):
    told = json.dumps(answer(capsys, line))
    assert main(shlex.split(line)) == 0
    for text in (told, capsys.readouterr().out):
        assert "hard" not in text.lower()
        assert "SETH" not in text
        assert "undecided" not in text


def rows(text: str) -> dict[str, str]:
    """The rows of a table: first cell to second, folded lines joined."""
    found: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if cells:
            last = cells[0] or last
            found[last] = " ".join([found.get(last, ""), cells[1]]).strip()
    return found


def test_the_table_reads_from_the_hypotheses_to_the_verdict(capsys):
    assert main(shlex.split(f'{GROWING} {LOG} --R "o(sqrt(log(n)))" {POLY}')) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = rows(shown.out)
    assert lines["B = gamma d R^2 = o(log(n))"] == "gamma = 1/d, R = o(sqrt(log(n)))"
    assert "arXiv:2302.13214" in lines["time n^(2 + o(1))"]
    assert list(lines)[-1] == "easy: time n^(2 + o(1))"


def test_the_finite_table_and_its_sentences(capsys):
    assert main(shlex.split(PRESET)) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.startswith("At this size: schedule 256, d = 64, scale cosine:4, delta = .01")
    assert rows(shown.out)["degree"] == "7"
    sentences = shown.out[shown.out.rindex("┘") :]
    for sentence in answer(capsys, PRESET)["statements"]:
        assert sentence in " ".join(sentences.split())


PICTURES = [PRESET, f"{GROWING} {LOG} --R C {POLY}", f'{GROWING} --d 3 --R n {POLY} --scales "O(1)"']


@pytest.mark.parametrize("line", PICTURES)
def test_a_picture_is_written_and_stdout_stays_the_answer(line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*shlex.split(line), "--plot", "map.png", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["format"] == "varproof/regime/1"
    assert shown.err.split() == ["wrote", "map.png"]
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("line", PICTURES)
@pytest.mark.parametrize("json_asked", [False, True])
def test_a_picture_that_fails_leaves_the_answer(line, json_asked, capsys, tmp_path, monkeypatch):
    def full(path: Path, **_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    words = [*shlex.split(line), *(["--json"] if json_asked else [])]
    assert main(words) == 0
    answered = capsys.readouterr().out
    monkeypatch.setattr("varproof.regimes.regime_plot.draw_regime", full)
    assert main([*words, "--plot", str(tmp_path / "map.png")]) == 5
    shown = capsys.readouterr()
    assert shown.out == answered
    assert shown.err.startswith("error: no space left to write")
    assert not list(tmp_path.iterdir())
    if json_asked:
        assert json.loads(shown.out)["format"] == "varproof/regime/1"


def test_a_failure_before_the_answer_is_still_an_object(capsys, tmp_path):
    assert main([*shlex.split(PRESET), "--json", "--plot", str(tmp_path / "missing" / "map.png")]) == 2
    assert json.loads(capsys.readouterr().out)["format"] == "varproof/error/1"


def test_the_title_says_all_that_was_given(capsys):
    line = "regime --schedule doubling --n 64 --d 2 --R 1 --delta 1/2"
    assert main(shlex.split(f"{line} --values 3")) == 0
    title = capsys.readouterr().out.splitlines()[0].rstrip()
    assert title == "At this size: schedule doubling, n = 64, d = 2, R = 1, scale d, delta = 1/2, values = 3"
    assert main(shlex.split(line)) == 0
    assert "values" not in capsys.readouterr().out.splitlines()[0]


def test_the_pictures_of_two_questions_differ(capsys, tmp_path):
    for name, entry_bound in (("easy", "o(sqrt(log(n)))"), ("hard", "sqrt(log(n))"), ("again", "sqrt(log(n))")):
        line = f'{GROWING} --d "log(n)" --R "{entry_bound}" --delta "1/n" --plot'
        assert main([*shlex.split(line), str(tmp_path / f"{name}.svg")]) == 0
    easy, hard, again = ((tmp_path / f"{name}.svg").read_bytes() for name in ("easy", "hard", "again"))
    assert easy != hard
    assert hard == again


def test_no_color_is_kept_on_a_terminal():
    environment = os.environ | {"NO_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "100"}
    reader, writer = pty.openpty()
    call = [sys.executable, "-c", "from varproof.cli.main import main; raise SystemExit(main())", *shlex.split(PRESET)]
    subprocess.run(
        call, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, env=environment, check=True, timeout=60
    )
    os.close(writer)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal that nobody writes to
        while piece := os.read(reader, 65536):
            shown += piece
    os.close(reader)
    assert "680" in shown.decode()
    codes = {code for found in re.findall(rb"\x1b\[([0-9;]*)m", shown) for code in found.split(b";")}
    assert codes <= {b"0", b"1", b""}  # bold is no colour


def test_the_schema_tells_the_two_answers_apart(capsys):
    finite, growing = answer(capsys, PRESET), answer(capsys, f"{GROWING} {LOG} --R 1 {POLY}")
    no_source = {key: value for key, value in growing.items() if key != "sources"}
    hard = growing | {"verdict": "hard"}  # without a named hypothesis
    for wrong in (
        finite | {"mode": "asymptotic"},
        growing | {"mode": "finite"},
        finite | growing,
        finite | {"more": 1},
        growing | {"more": 1},
        finite | {"flops": {"exact": 1}},
        growing | {"verdict": "inconsistent"},
        growing | {"verdict": "fast"},
        hard,
        no_source,
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, rules(), cls=jsonschema.Draft202012Validator)
