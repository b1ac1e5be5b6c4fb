"""Files of claims with the mistakes that people make: each is told in words, and none of them passes."""

from __future__ import annotations

import json
import shlex
from importlib import resources
from pathlib import Path

import pytest

from varproof.campaign.store import Store
from varproof.cli.main import main

TEXT = (resources.files("varproof.examples") / "my_lemma.py").read_text(encoding="utf-8")
ARRAYS = 'Instance({"x": x}'
RETURNED = "return Measurement(variance / bound, len(x), variance, bound)"
VERDICT = "return Judgement.VIOLATED if variance > bound else Judgement.PASS"
Capture = pytest.CaptureFixture[str]


def campaign(capsys: Capture, *edits: tuple[str, str], more: str = "") -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a short campaign on the scaffold with some edits, here."""
    text = TEXT
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    Path("mine.py").write_text(text)
    code = main(["campaign", "run", "--claims", "mine.py", "--executor", "inline", "--cases", "20", *shlex.split(more)])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


@pytest.fixture(autouse=True)
def here(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    from varproof.cli.campaign_run import THREADS

    monkeypatch.chdir(tmp_path)
    for name in THREADS:  # commands set them, and the next one, for their process
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(tmp_path_factory.mktemp("hypothesis")))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('cells=("n", "kind")', 'cells=("n", "size")', "cells of an attack, got size"),
        ('cells=("n", "kind")', 'cells=("n", "seed")', "allowed: n, b, kind"),
        ('cells=("n", "kind")', 'cells=("n")', "allowed: a tuple: ('n',)"),
        ("cost=3e-5", "cost=0", "cost of an attack, in seconds per case, got 0"),
        ("cost=3e-5", 'arms=("random",)', "arms of an attack, got random"),
        ('Choice(("ends", "uniform"))', 'Choice("ends")', "allowed: a tuple: ('ends',)"),
        ("Integer(1, 64, log=True)", "(1, 64)", "field n of a space, got (1, 64)"),
        ('kind="tight"', 'kind="strict"', "allowed: tight, upper, lower"),
        ('"factor 11/10"', '"factor 9/10"', "two variants of my_lemma have the same name"),
        ('{"factor": Fraction(9, 10)}', '{"faktor": Fraction(9, 10)}', "variant 'factor 9/10' of my_lemma: no such"),
        ('frozenset({"box"})', 'frozenset({"bax"})', "no such hypothesis\n  got:     bax\n  allowed: box"),
    ],
)
def test_what_can_be_seen_without_a_case_is_refused(capsys: Capture, old: str, new: str, told: str) -> None:
    code, out, err = campaign(capsys, (old, new))
    assert (code, out, told in err) == (2, "", True), err
    assert not Path("campaign.db").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (ARRAYS, 'dict(x=x) or Instance({"x": x}', "build must return an Instance or None, not dict"),
        (ARRAYS, 'Instance({"x": list(x)}', "arrays of an Instance are NumPy arrays, x is list"),
        (ARRAYS, 'Instance({"x": x.astype(object)}', "array x cannot be stored, got object"),
        ('(("x", 0),)', '(("y", 0),)', "dimension n is not of these arrays"),
        ('(("x", 0),)', '(("x", 1),)', "dimension n has no such axis"),
        ('boxes={"x": ', 'boxes={"y": ', "boxes of an Instance: got y"),
        ("(-reach, reach)", "(reach, -reach)", "allowed: low <= high"),
        ('default_rng(int(point["seed"]))', "default_rng()", "build gave two instances for one point"),
        (RETURNED, "return variance / bound, len(x)", "measure must return a Measurement(ratio, size) or None, not tu"),
        (RETURNED, "return variance / bound", "or None, not float"),
        (RETURNED, "return Measurement(np.ones(1), len(x))", "a number as ratio and an integer as size, not ndarray"),
        (RETURNED, "return Measurement(0.5, 2.5)", "an integer as size, not float 0.5 and float 2.5"),
        (VERDICT, "return variance > bound", "judge must return Judgement.VIOLATED, PASS or AMBIGUOUS, not bool"),
        (VERDICT, "variance > bound", "AMBIGUOUS, not NoneType None"),
        (RETURNED, "raise SystemExit(0)", "raised an exception, the first SystemExit: 0"),
        (VERDICT, "raise SystemExit(0)", "raised an exception, the first SystemExit: 0"),
    ],
)
def test_what_shows_only_in_a_case_is_an_error_of_the_claim(capsys: Capture, old: str, new: str, told: str) -> None:
    code, out, _ = campaign(capsys, (old, new))
    assert (code, told in out) == (5, True), out


def test_scalars_of_numpy_are_numbers(capsys: Capture) -> None:
    code, out, _ = campaign(
        capsys, (RETURNED, "return Measurement(np.float32(variance / bound), np.int64(len(x)), variance, bound)")
    )
    assert (code, "goals met" in out) == (0, True), out


def test_what_a_claim_prints_is_no_result(capsys: Capture) -> None:
    code, out, err = campaign(
        capsys, ("SPACE = ", "print('imported')\nSPACE = "), (RETURNED, f"print('seen'); {RETURNED}"), more="--json"
    )
    assert (code, json.loads(out)["exit_code"]) == (0, 0)
    assert "imported" in err
    assert "seen" in err


def test_commands_that_are_suggested_can_be_pasted(capsys: Capture) -> None:
    code, out, _ = campaign(capsys, more="--time 0.0001 --store 'a b.db'")
    line = next(line for line in out.splitlines() if line.startswith("go on with: "))
    assert (code, shlex.split(line)[-2:]) == (3, ["--store", "a b.db"])
    assert main(["claim", "new", "one", "--out", "my lemma.py"]) == 0
    assert shlex.split(capsys.readouterr().out)[-1] == "my lemma.py"


SWALLOWED = """
import gc, os, signal
ONCE = []
def collected(*_):
    if not ONCE:
        ONCE.append(1)
        gc.callbacks.remove(collected)
        os.kill(os.getpid(), signal.SIGINT)
def stop():
    if not ONCE and collected not in gc.callbacks:
        gc.callbacks.append(collected)
        gc.collect()
SPACE = """


def test_a_swallowed_ctrl_c_stops_the_campaign_after_its_chunk(capsys: Capture) -> None:
    code, out, err = campaign(capsys, ("SPACE = ", SWALLOWED), (RETURNED, f"stop(); {RETURNED}"))
    assert (code, out) == (130, "")
    assert "stopped; varproof campaign resume --store campaign.db goes on" in err
    with Store.open("campaign.db") as stored:
        assert (stored.counts().done, stored.counts().pending > 10) == (1, True)


def test_a_ctrl_c_swallowed_while_claims_are_imported_leaves_no_store(capsys: Capture) -> None:
    code, out, err = campaign(capsys, ("SPACE = ", SWALLOWED.replace("SPACE", "stop()\nSPACE")))
    assert (code, out, err) == (130, "", "interrupted\n")
    assert not Path("campaign.db").exists()


def test_ctrl_c_before_the_first_chunk_says_how_to_go_on(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Store, "begin", interrupted)
        code, _, err = campaign(capsys)
    assert (code, "stopped; varproof campaign resume --store campaign.db goes on" in err) == (130, True)
    assert main(["campaign", "resume"]) == 0


def test_a_claim_that_always_raises_is_told_once_for_each_form(capsys: Capture) -> None:
    code, out, _ = campaign(capsys, (RETURNED, 'raise ValueError("boom")'))
    told = [line for line in out.splitlines() if line.startswith("- ")]
    assert (code, len(told)) == (5, 4), out  # the statement and its three wrong variants
    assert all("raised an exception, the first ValueError: boom (mine.py:" in line for line in told)


def test_beside_a_confirmed_violation_nothing_is_called_unsettled(capsys: Capture) -> None:
    code, out, _ = campaign(capsys, ('constants={"factor": Fraction(1)}', 'constants={"factor": Fraction(24, 25)}'))
    assert (code, "VIOLATED" in out, "not settled" in out) == (1, True, False), out
