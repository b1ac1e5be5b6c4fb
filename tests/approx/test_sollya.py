"""Sollya as a process: what it is asked, how its answer is read, and every way in which a run can go wrong."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import pytest

from varproof.approx.sollya import find_sollya, parse_answer, run_sollya, script, working_precision

FOUR, EPS = Fraction(4), Fraction(1, 10**8)
ANSWER = "varproof-answer 0.0625 0.03125 5.01e-9 5.02e-9"


def stub(folder: Path, body: str) -> Path:
    """A shell script that stands in for Sollya: $1 is --warnonstderr, $2 the program; each start is a line in `log`."""
    path = folder / "sollya"
    path.write_text(f"#!/bin/sh\ngrep '^prec' \"$2\" >> '{folder}/log'\n{body}\n")
    path.chmod(0o755)
    return path


def starts(folder: Path) -> list[str]:
    return (folder / "log").read_text().split("\n")[:-1]


def run(executable: Path, *, timeout: float = 20.0, precision: int = 80):
    return run_sollya(15, FOUR, EPS, executable=executable, timeout=timeout, precision=precision)


def test_an_answer_with_warnings_around_it(tmp_path):
    body = f"echo 'Warning: rounding' >&2; echo 'Warning: rounding'; echo '{ANSWER}'; echo done"
    found = run(stub(tmp_path, body))
    assert (found.outcome, found.precision, found.message) == ("answered", 80, "")
    assert (found.remez_seconds, found.supnorm_seconds, found.seconds) == (0.0625, 0.03125, 0.09375)
    assert found.sup == (Fraction(501, 10**11), Fraction(502, 10**11))


def test_many_digits_are_read_exactly():
    digits = "3.281219284210908973328378775147218249230718356557190418243408"
    found = parse_answer(f"varproof-answer 4.36312775400000000000000000000006 1 {digits}e-17 4e-17\n", 200)
    assert found.seconds == pytest.approx(5.363127754, rel=1e-15)
    assert found.sup == (Fraction(f"{digits}e-17"), Fraction(4, 10**17))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Error in Remez: the algorithm does not converge.",
        "varproof-answer 12.18 3.2e-5 error error",
        "varproof-answer 1 1 NaN NaN",
        "varproof-answer 1 1 1e-9",
        "varproof-answer 1 1 1e-9 2e-9 3e-9",
        f"{ANSWER}\n{ANSWER}",
        f"x {ANSWER}",
        "varproof-answer 1 1 2e-9 1e-9",  # an interval of the wrong order
        "varproof-answer 1 1 -1e-9 1e-9",
        "varproof-answer 1 1 0 1e-9",
        "varproof-answer -1 2 1e-9 2e-9",
        "varproof-answer 0 0 1e-9 2e-9",  # no time at all: a ratio would divide by it
        "varproof-answer 1e99999 1 1e-9 2e-9",  # infinite as a float
        "varproof-answer 1 1 1e-9999999999 2e-9",  # a number nobody should expand
    ],
)
def test_garbage_is_a_failure_not_an_answer(text):
    found = parse_answer(text, 80)
    assert (found.outcome, found.seconds, found.sup) == ("failed", None, None)
    assert found.message


def test_what_sollya_is_asked(tmp_path):
    executable = stub(tmp_path, f"cat \"$2\" > '{tmp_path}/asked'; echo \"$1\" > '{tmp_path}/option'; echo '{ANSWER}'")
    run_sollya(7, Fraction(1, 3), EPS, executable=executable, timeout=20)
    asked = (tmp_path / "asked").read_text()
    assert asked == script(7, Fraction(1, 3), working_precision(Fraction(1, 3), EPS))
    assert "p = remez(1, 7, [-(1/3); 1/3], exp(-x));" in asked
    assert "s = supnorm(p, exp(x), [-(1/3); 1/3], relative, 2^(-10));" in asked
    assert (tmp_path / "option").read_text() == "--warnonstderr\n"


def test_stdin_is_closed(tmp_path):
    assert run(stub(tmp_path, f"if read line; then exit 9; fi; echo '{ANSWER}'")).outcome == "answered"


def test_a_failure_is_retried_at_higher_precision(tmp_path):
    found = run(stub(tmp_path, f"if grep -q 'prec = 80!' \"$2\"; then echo error; else echo '{ANSWER}'; fi"))
    assert (found.outcome, found.precision, found.message) == ("answered", 120, "")
    assert starts(tmp_path) == ["prec = 80!;", "prec = 120!;"]


def test_a_lasting_failure_says_what_stderr_said(tmp_path):
    found = run(stub(tmp_path, f"echo '{ANSWER}'; echo 'cannot  open display' >&2; exit 3"))
    assert (found.outcome, found.sup, found.precision) == ("failed", None, 180)
    assert "exit code 3: cannot open display" in found.message
    assert starts(tmp_path) == ["prec = 80!;", "prec = 120!;", "prec = 180!;"]


def test_a_flood_of_output_is_not_swallowed_whole(tmp_path):
    found = run(stub(tmp_path, f"yes nonsense | head -c 3000000; echo; echo '{ANSWER}'"))
    assert found.outcome == "failed"
    assert len(found.message) < 400


def test_a_time_out_kills_the_whole_group_and_is_not_retried(tmp_path):
    survivor = tmp_path / "survivor"
    begun = time.monotonic()
    found = run(stub(tmp_path, f"(sleep 0.7; echo alive > '{survivor}') & sleep 60"), timeout=0.2)
    assert time.monotonic() - begun < 30
    assert (found.outcome, found.seconds, found.sup) == ("timed out", None, None)
    assert "0.2 s" in found.message
    assert starts(tmp_path) == ["prec = 80!;"]
    time.sleep(1.0)
    assert not survivor.exists()


def test_what_cannot_be_started_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(tmp_path / "nothing")


def test_sollya_is_found_on_path_only(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_sollya() is None
    executable = stub(tmp_path, "")
    assert find_sollya() == executable
    executable.chmod(0o644)
    assert find_sollya() is None


def test_precision_grows_with_digits_and_with_the_bound():
    assert working_precision(FOUR, EPS) < working_precision(FOUR, EPS**2) < working_precision(4 * FOUR, EPS**2)
    assert working_precision(FOUR, Fraction(1, 10**600)) == 10 + 3987 + 17  # beyond floats


def test_the_real_sollya():
    executable = find_sollya()
    if executable is None:
        pytest.skip("sollya is not installed (Debian, Ubuntu: apt-get install sollya)")
    found = run_sollya(15, FOUR, EPS, executable=executable, timeout=60)
    assert found.outcome == "answered", found.message
    assert found.sup is not None
    low, high = found.sup
    assert Fraction("5.0144e-9") < low < Fraction("5.0146e-9") < high < EPS
    assert high <= low * (1 + Fraction(1, 1000))
    assert run_sollya(14, FOUR, EPS, executable=executable, timeout=60).sup[0] > EPS
