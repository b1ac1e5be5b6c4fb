"""`varproof regime` and bad input: one clear error with exit code 2, at once, and no text of a user is ever run."""

from __future__ import annotations

import json
import shlex
import time
from typing import Any

import pytest

from varproof.cli.main import main

GROWING = "regime --asymptotic"


def refused(words: list[str], capsys, *, starts: str = "") -> dict[str, Any]:
    """The error of a call that leaves with 2: a JSON object on stdout, the same in words on stderr, at once."""
    begin = time.process_time()
    assert main([*words, "--json"]) == 2
    assert time.process_time() - begin < 5
    shown = capsys.readouterr()
    error: dict[str, Any] = json.loads(shown.out)["error"]
    assert shown.err.startswith(f"error: {error['message']}\n")
    assert "Traceback" not in shown.err
    assert "\x1b" not in shown.err
    assert len(shown.err) < 1000
    assert error["message"].startswith(starts)
    assert error["allowed"] or error["hint"]
    return error


# what stands wrong in --d, --R and --delta beside correct others, and what the error quotes
BAD_GROWTHS = [
    "x*log(n)",
    "sin(n)",
    "2 + cos(n)",
    "(-1)**n",
    "log(-n)",
    "sqrt(-n)",
    "sqrt(log(1/n))",
    "(-n)**(1/2)",
    "I",
    "pi",
    "oo",
    "nan",
    "1e400000",
    "9**9**9",
    "n**9**9**9",
    "exp(exp(exp(9999)))",
    "1+" * 5000 + "1",
    "(" * 200 + "n" + ")" * 200,
    "log(n",
    "log(n))",
    "Theta(",
    "Theta()",
    "Theta(log(n)",
    "Theta(Theta(n))",
    "o",
    "O",
    "o log(n)",
    "O(log(n)) + 1",
    "O(n)**O(n)",
    "log(n)/0",
    "log(n)/(n-n)",
    "1/log(1)",
    "n - n",
    "-log(n)",
    "-Theta(n)",
    "0",
    "-1",
    "",
    "   ",
    "log n",
    "2n",
    "n^2",
    "n!",
    "n,n",
    "n;n",
    "n=1",
    "[n]",
    "lambda: 1",
    "Θ(log(n))",
    "ｎ",
    "n²",
    "log(n)\u202e",
    "\x1b[31mn",
    "__import__('os')",
    "__import__('os').system('touch owned')",
    "n.__class__",
    "().__class__.__bases__",
    'open("owned","w")',
    "exec(n)",
    "{n}",
    "%s",
    "$n",
]


@pytest.mark.parametrize("option", ["--d", "--R", "--delta"])
@pytest.mark.parametrize("text", BAD_GROWTHS)
def test_a_bad_growth_is_one_clear_error_and_never_code(text, option, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"--d": "log(n)", "--R": "1", "--delta": "1/poly(n)"} | {option: text}
    words = [word for pair in given.items() for word in pair]
    refused(["regime", "--asymptotic", *words], capsys, starts=f"{option.removeprefix('--')}: ")
    assert not list(tmp_path.iterdir())


BAD_OPTIONS = [
    ("--R 1 --schedule 256", "256"),
    ("--R 1 --schedule 1,2,4", "1,2,4"),
    ("--R 1 --schedule ratio:1", "ratio:1"),
    ("--R 1 --schedule ratio:1/2", "ratio:1/2"),
    ("--R 1 --schedule ratio:1/0", "1/0"),
    ("--R 1 --schedule ratio:n", "n"),
    ("--R 1 --schedule ''", ""),
    ("--R 1 --schedule tripling", "tripling"),
    ("--R 1 --n 16", "16"),
    ("--R 1 --values 2", "2"),
    ("--R 1 --scales ''", ""),
    ("--R 1 --scales few", "few"),
    ("--R 1 --scales 0", "0"),
    ("--R 1 --scales -1", "-1"),
    ("--R 1 --scale ''", ""),
    ("--R 1 --scale two", "two"),
    ("--R 1 --scale d:2", "d:2"),
    ("--R 1 --scale cosine", "cosine"),
    ("--R 1 --scale cosine:4", "R = 1"),
    ("--scale cosine:", ""),
    ("--scale cosine", "cosine"),
    ("--scale cosine:-4", "-4"),
    ("--scale cosine:0", "0"),
    ("--scale 'cosine:sin(n)'", "sin(n)"),
    ("--scale d", "scale d"),
    ("--R 1 --plot map.exe", "map.exe"),
    ("--R 1 --plot missing/map.png", "missing"),
    ("--R 1 --plot ''", '""'),
    ("--R 1 --plot .", "."),
    ("--R 1 --seed 3", "--seed"),
    ("--R 1 surplus", "surplus"),
]


@pytest.mark.parametrize(("options", "got"), BAD_OPTIONS)
def test_options_that_do_not_fit_the_growing_question(options, got, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = refused([*shlex.split(f'{GROWING} --d "log(n)" --delta "1/n" {options}')], capsys)
    assert got in error["got"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("d", ["5/2", "1/2", "0.5"])
def test_a_constant_head_dimension_is_an_integer(d, capsys):
    assert refused(["regime", "--asymptotic", "--d", d, "--R", "1", "--delta", "1/n"], capsys)["got"] == d


BAD_SIZES = [
    ("--d 64 --R 1 --delta .1", "doubling"),
    ("--d 64 --R 1 --delta .1 --schedule 1,4,2", "4 then 2"),
    ("--d 64 --R 1 --delta .1 --schedule 1,1,2", "1 then 1"),
    ("--d 64 --R 1 --delta .1 --schedule 1,,2", "1,,2"),
    ("--d 64 --R 1 --delta .1 --schedule 0,1", "0"),
    ("--d 64 --R 1 --delta .1 --schedule -1,2", "-1,2"),
    ("--d 64 --R 1 --delta .1 --schedule ''", ""),
    ("--d 64 --R 1 --delta .1 --schedule \"__import__('os')\"", "__import__"),
    ("--d 64 --R 1 --delta .1 --schedule 256 --n 17", "17"),
    ("--d 64 --R 1 --delta .1 --schedule doubling --n 10", "10"),
    ("--d 64 --R 1 --delta .1 --schedule linear --n 0", "0"),
    ("--d 64 --R 1 --delta .1 --schedule linear --n -4", "-4"),
    ("--d 64 --R 1 --delta .1 --schedule linear --n 100000000", "100000000"),
    ("--d 64 --R 1 --delta .1 --schedule linear --n x", "x"),
    ("--d 64 --R 1 --delta .1 --schedule ratio:1 --n 8", "1"),
    ("--d 64 --R 1 --delta .1 --schedule 256 --scales 'O(1)'", "O(1)"),
    ("--d 64 --R 2 --delta .1 --schedule 256 --scale cosine:4", "R = 2"),
    ("--d 64 --delta .1 --schedule 256 --scale cosine:0", "0"),
    ("--d 64 --delta .1 --schedule 256 --scale cosine:-4", "-4"),
    ("--d 64 --delta .1 --schedule 256 --scale cosine", "cosine"),
    ("--d 64 --delta .1 --schedule 256", "without R"),
    ("--d 64 --R 0 --delta .1 --schedule 256", "0"),
    ("--d 64 --R -1 --delta .1 --schedule 256", "-1"),
    ("--d 64 --R '' --delta .1 --schedule 256", ""),
    ("--d 64 --R nan --delta .1 --schedule 256", "nan"),
    ("--d 64 --R 1/0 --delta .1 --schedule 256", "1/0"),
    ("--d 64 --R 1e999999 --delta .1 --schedule 256", "1e999999"),
    ("--d 64 --R 1 --delta 0 --schedule 256", "0"),
    ("--d 64 --R 1 --delta -.1 --schedule 256", "-.1"),
    ("--d 64 --R 1 --delta '' --schedule 256", ""),
    ("--d 64 --R 1 --delta inf --schedule 256", "inf"),
    ("--d 64 --R 1 --delta 1e-3999 --schedule 256", "1e-3999"),
    ("--d 64 --R 1 --delta .1 --schedule 256 --values 0", "0"),
    ("--d 64 --R 1 --delta .1 --schedule 256 --values -1", "-1"),
    ("--d 64 --R 1 --delta .1 --schedule 256 --values ''", ""),
    ("--d 0 --R 1 --delta .1 --schedule 256", "0"),
    ("--d -3 --R 1 --delta .1 --schedule 256", "-3"),
    ("--d 2.5 --R 1 --delta .1 --schedule 256", "2.5"),
    ("--d 64.0 --R 1 --delta .1 --schedule 256", "64.0"),
    ("--d ٣ --R 1 --delta .1 --schedule 256", "٣"),
    ("--d '' --R 1 --delta .1 --schedule 256", ""),
    ("--d 1000000001 --R 1 --delta .1 --schedule 256", "1000000001"),
    (f"--d {'9' * 5000} --R 1 --delta .1 --schedule 256", "999"),
    ("--d 64 --R 1 --schedule 256", "--d 64 --R 1"),
    ("--R 1 --delta .1 --schedule 256", "--R 1"),
]


@pytest.mark.parametrize(("options", "got"), BAD_SIZES)
def test_bad_input_at_one_size(options, got, capsys):
    assert got in refused(shlex.split(f"regime {options}"), capsys)["got"]


@pytest.mark.parametrize(
    ("option", "text"), [("--d", "log(n)"), ("--R", "C"), ("--delta", "1/poly(n)"), ("--R", "2*n")]
)
def test_a_growth_at_one_size_names_the_forgotten_option(option, text, capsys):
    given = {"--d": "64", "--R": "1", "--delta": ".1", "--schedule": "256"} | {option: text}
    error = refused(["regime", *(word for pair in given.items() for word in pair)], capsys)
    assert error["got"] == text
    assert "--asymptotic" in error["hint"]


def test_sides_that_do_not_fit_are_short_and_speak_of_options(capsys):
    long = "1" * 301
    given = ["--d", "3", "--R", "1", "--delta", "1"]
    error = refused(["regime", *given, "--n", long], capsys, starts="doubling needs")
    assert error["allowed"] == "2^996 or 2^997"
    assert refused(["regime", *given, "--n", "12"], capsys)["allowed"] == "8 or 16"
    error = refused(["regime", *given, "--n", "7", "--schedule", f"1,{long}"], capsys, starts="n differs")
    assert len(error["allowed"]) < 200
    error = refused(["regime", *given, "--n", "1000000", "--schedule", "linear"], capsys, starts="too many scales")
    assert "--asymptotic" in error["hint"]
    assert "growth." not in error["hint"]
