"""`varproof regime --asymptotic` and formulas that sympy takes minutes for: an answer all the same, and soon."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from varproof.cli.main import main

POWERS = "(n+1)**1000-n**1000"
ROOTS = "+".join(f"n**(1/{i})" for i in range(2, 40))
FACTORS = "*".join(f"(log(n)+{i})" for i in range(1, 30))
SECONDS = 20.0


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    start = time.monotonic()
    assert main(["regime", "--asymptotic", *words, "--json"]) == 0
    assert time.monotonic() - start < SECONDS
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    found: dict[str, Any] = json.loads(shown.out)
    return found


def test_a_difference_of_powers_as_head_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--d", POWERS, "--R", "1", "--delta", "1/poly(n)")
    assert found["verdict"] == "undecided"
    assert (found["exponent_text"], found["lower_exponent_text"]) == ("1003", "1001")  # d ~ 1000 n^999


def test_a_difference_of_powers_as_error(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--d", "2*log(n)", "--R", "1", "--delta", f"1/({POWERS})")
    assert (found["verdict"], found["exponent_text"]) == ("easy", "2")


def test_a_difference_of_powers_inside_a_logarithm(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--d", f"log({POWERS})", "--R", "1", "--delta", "n**-3")
    assert (found["verdict"], found["exponent_text"]) == ("easy", "2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "entries", "delta"),
    [
        ("2*log(n)", POWERS, "n**-3"),
        ("3", "(n+1)**1000-(n-1)**1000", "n**-3"),
        ("log(n)/2", ROOTS, f"1/({ROOTS})"),
        ("log(n)/2", FACTORS, f"1/({FACTORS})"),
        ("log(n)", f"n**({FACTORS})", "n**-3"),
        ("2*log(n)", "n**((log(n)+log(log(n))+log(log(log(n)))+sqrt(log(n))+1)**200)", "n**-3"),
        ("2*log(n)", "exp(exp(n-exp(-n)/(1-1/n)))-exp(exp(n))+exp(exp(n))*2", "n**-3"),
    ],
)
def test_entries_that_grow_too_fast_stay_undecided(
    capsys: pytest.CaptureFixture[str], d: str, entries: str, delta: str
) -> None:
    found = answer(capsys, "--d", d, "--R", entries, "--delta", delta)
    assert (found["verdict"], found["exponent_text"]) == ("undecided", "4")


@pytest.mark.slow
def test_many_roots_as_head_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--d", ROOTS, "--R", "1", "--delta", "1/poly(n)")
    # d ~ n^(1/2); where time was up the exponents are not known
    assert (found["verdict"], found["exponent_text"]) in (("undecided", "9/2"), ("undecided", None))


@pytest.mark.slow
def test_iterated_logarithms_in_exponents(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--d", "(log(n)+log(log(n)))**(1+1/log(log(log(n))))", "--R", "(log(n)+1)**(1/log(log(n)+1))"]
    words += ["--delta", "1/(n**(1/log(log(n)))+log(n)**5)", "--scale", "sqrt", "--schedule", "linear"]
    assert answer(capsys, *words)["verdict"] == "undecided"
