"""`varproof campaign run`: an exit code for every end, files that are named, and refusals that leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from varproof.campaign.replays import load_replay

Bench = Any  # of conftest.py
MINE = "run --claims my_lemma.py --executor inline --cases 20"
FALSE = ('constants={"factor": Fraction(1)}', 'constants={"factor": Fraction(19, 20)}')
LOOSE = ('constants={"factor": Fraction(1)}', 'constants={"factor": Fraction(21, 20)}')
HARMLESS = ('"nothing attains it", {"factor": Fraction(11, 10)}', '"harmless", {"factor": Fraction(2)}')
REJECTS = ('    x, b = instance.arrays["x"]', '    return None\n    x, b = instance.arrays["x"]')
RAISES = ('    x, b = instance.arrays["x"]', '    raise ArithmeticError("no")\n    x, b = instance.arrays["x"]')
DIES = ("    n, b = int(point", "    if point['n'] == 5:\n        __import__('os')._exit(3)\n    n, b = int(point")
SLOWER = ("    n, b = int(point", "    __import__('time').sleep(0.002)\n    n, b = int(point")
ONE_ARM = ('cells=("n", "kind"), attains', 'cells=("n",), arms=("iid",), attains')


def test_goals_met(bench: Bench) -> None:
    bench.lemma()
    answer = bench.asked(f"{MINE} --store c.db")
    assert (answer["exit_code"], answer["missed"]) == (0, [])
    assert answer["counts"]["done"] == answer["counts"]["planned"] == answer["run"]["ran"]
    assert answer["run"] == {"ran": answer["run"]["ran"], "stopped": "", "replays": [], "failures": []}
    (claim,) = answer["claims"]
    assert (claim["id"], claim["outcome"]) == ("my_lemma", "HOLDS")
    assert [form["killed"] for form in claim["variants"]] == ["violation", "tightness", "violation"]
    assert sorted(path.name for path in bench.folder.iterdir()) == ["c.db", "my_lemma.py"]
    out, err = bench.said(f"{MINE} --store d.db", 0)
    assert "3 of 3 wrong variants killed; goals met" in out
    assert "replay" not in out + err
    assert bench.asked("status --store d.db")["digest"] == answer["digest"]


def test_a_false_lemma_is_caught_saved_named_and_judged_first_from_then_on(bench: Bench) -> None:
    bench.lemma(FALSE)
    out, err = bench.said(f"{MINE} --store c.db", 1)
    (file,) = (bench.folder / "c.db.replays").glob("*.json")
    assert "confirmed violation" in out
    assert f"varproof campaign replay c.db.replays/{file.name}" in out.replace(f"{bench.folder}/", "")
    assert file.name in err
    assert load_replay(file).claim == "my_lemma"
    assert len(load_replay(file).instance.arrays["x"]) == 2  # one number has no variance
    again = bench.asked("resume --store c.db", 1)
    assert [one["status"] for one in again["run"]["replays"]] == ["STILL-FAILS"]
    assert (again["run"]["ran"], again["claims"][0]["outcome"]) == (0, "VIOLATED")
    bench.lemma(FALSE, ("    cells={", "    # edited\n    cells={"))
    first = bench.asked("resume --store c.db --time 1e-6", 1)  # no chunk, but the replay
    assert ([one["status"] for one in first["run"]["replays"]], first["run"]["ran"]) == (["STILL-FAILS"], 0)
    assert first["claims"][0]["outcome"] == "INCOMPLETE"
    bench.lemma()
    fixed = bench.asked("resume --store c.db", 0)
    assert [one["status"] for one in fixed["run"]["replays"]] == ["FIXED"]
    assert fixed["run"]["ran"] == fixed["counts"]["planned"]
    _, err = bench.said("resume --store c.db", 0)
    assert f"replayed first: FIXED: {file.name}" in err


def test_time_that_is_too_short_is_said_and_resume_ends_as_an_undisturbed_run(bench: Bench) -> None:
    bench.lemma(SLOWER)
    line = "run --claims my_lemma.py --cases 20 --executor inline"
    whole = bench.asked(f"{line} --store whole.db")
    out, _ = bench.said(f"{line} --store c.db --time 0.3", 3)
    assert "go on with: varproof campaign resume --store c.db" in out
    part = bench.asked("status --store c.db")
    assert 0 < part["pending"] < part["planned"]
    stopped = bench.asked("resume --store c.db --time 1e-9", 3)
    assert (stopped["run"]["stopped"], stopped["run"]["ran"]) == ("time limit", 0)
    assert "INCOMPLETE" in {claim["outcome"] for claim in stopped["claims"]}
    assert stopped["digest"] == part["digest"] != whole["digest"]
    rest = bench.asked("resume --store c.db", 0)
    assert rest["run"]["ran"] == part["pending"]
    assert rest["digest"] == whole["digest"]


@pytest.mark.parametrize(
    ("edits", "cases", "outcome", "said"),
    [
        ((ONE_ARM, ('cells=("n",)', "cells=()")), 3, "UNDER-COVERED", "at least 20 are needed"),
        (
            (HARMLESS, ('kind="tight"', 'kind="upper"')),
            20,
            "LOW-POWER",
            "2 of 3 wrong variants were killed, 95% is the goal: my_lemma / factor 11/10",
        ),
        ((LOOSE,), 20, "LOOSE", "the largest ratio is 0.9"),
        ((REJECTS,), 20, "UNDER-COVERED", "is inside the hypotheses"),
    ],
)
def test_what_shows_too_little_does_not_pass(
    bench: Bench, edits: tuple[tuple[str, str], ...], cases: int, outcome: str, said: str
) -> None:
    bench.lemma(*edits)
    answer = bench.asked(f"run --claims my_lemma.py --executor inline --cases {cases} --store c.db", 4)
    assert (answer["exit_code"], answer["claims"][0]["outcome"]) == (4, outcome)
    assert any(said in reason for reason in answer["missed"]), answer["missed"]
    assert bench.asked("report --store c.db")["exit_code"] == 4
    out, _ = bench.said("report --store c.db", 0)
    assert said in out
    assert "goals missed" in out


def test_a_claim_that_raises_is_infrastructure_and_names_the_exception(bench: Bench) -> None:
    bench.lemma(RAISES)
    answer = bench.asked(f"{MINE} --store c.db", 5)
    (claim,) = answer["claims"]
    assert claim["outcome"] == "ERROR"
    assert any("ArithmeticError: no" in reason for reason in answer["missed"])
    assert claim["forms"][0]["error"]["type"] == "ArithmeticError"
    assert all(variant["killed"] == "" for variant in claim["variants"])


def test_a_case_that_kills_its_process_is_named_and_its_chunk_given_up(bench: Bench) -> None:
    bench.lemma(DIES, ONE_ARM)
    answer = bench.asked("run --claims my_lemma.py --workers 2 --cases 100 --store c.db", 5)
    (form,) = answer["claims"][0]["forms"]
    (lost,) = [one for one in form["lost"] if one["chunk"] == "my_lemma|statement|iid|n=3..7|0|25"]
    assert lost["case"]["point"]["n"] == 5
    assert lost["reason"] == "worker ended with exit code 3"
    assert any(lost["chunk"] in reason for reason in answer["missed"])
    assert answer["claims"][0]["outcome"] == "LOST"
    assert 0 < answer["counts"]["lost"] < answer["counts"]["planned"]
    assert bench.asked("resume --store c.db", 5)["run"]["ran"] == 0
    bench.lemma(ONE_ARM)
    assert bench.asked("resume --store c.db", 0)["counts"]["lost"] == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run rank_cout", "did you mean rank_count"),
        ("run --claims nowhere.py", "no such file"),
        ("run --claims empty.py", "defines no claim"),
        ("run --claims broken.py", "broken.py:2"),
        ("run --claims taken.py", "already"),
        ("run my_lema --claims my_lemma.py", "did you mean my_lemma?"),
        ("run --claims idle.py", "attack"),
        ("run --claims my_lemma.py --workers 2 --executor inline", "--workers 2 --executor inline"),
        ("run --claims my_lemma.py --executor locl:2", "local:N"),
        ("run --claims my_lemma.py --executor local:0", "1 to 256"),
        ("run --claims my_lemma.py --executor local:257", "1 to 256"),
        ("run --claims my_lemma.py --workers 257", "256"),
        ("run --claims my_lemma.py --executor dask://127.0.0.1:0", "1 to 65535"),
        ("run --claims my_lemma.py --executor ''", "unknown executor"),
        ("run --claims my_lemma.py --workers 0", "1"),
        ("run --claims my_lemma.py --cases 0", "1"),
        ("run --claims my_lemma.py --cases many", "many"),
        ("run --claims my_lemma.py --seed -1", "-1"),
        ("run --claims my_lemma.py --time 0", "positive"),
        ("run --claims my_lemma.py --time nan", "positive"),
        ("run --claims my_lemma.py --time inf", "positive"),
        ("run --claims my_lemma.py --store nowhere/c.db", "folder"),
        ("run --claims my_lemma.py --store .", "directory"),
        ("run --claims my_lemma.py --store notes.txt", "already"),
    ],
)
def test_what_is_refused_says_why_and_leaves_nothing_behind(bench: Bench, line: str, said: str) -> None:
    bench.lemma()
    bench.lemma(("    attack=Attack(", "    attack=None and Attack("), name="idle")
    bench.lemma(('id="taken"', 'id="rank_count"'), name="taken")
    (bench.folder / "empty.py").write_text("x = 1\n")
    (bench.folder / "broken.py").write_text("x = 1\n1 / 0\n")
    (bench.folder / "notes.txt").write_text("mine")
    before = sorted(bench.folder.iterdir())
    error = bench.refused(line)
    assert said in " ".join(str(part) for part in error.values())
    assert sorted(bench.folder.iterdir()) == before
    assert (bench.folder / "notes.txt").read_text() == "mine"


def test_a_store_is_never_begun_anew(bench: Bench) -> None:
    bench.lemma()
    digest = bench.asked(f"{MINE} --store c.db")["digest"]
    error = bench.refused(f"{MINE} --store c.db --seed 3")
    assert "varproof campaign resume --store" in error["hint"]
    assert bench.asked("status --store c.db")["digest"] == digest


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(bench: Bench) -> None:
    bench.lemma(SLOWER)
    words = ["--claims", "my_lemma.py", "--cases", "400", "--seed", "3"]
    command = [sys.executable, "-m", "varproof", "campaign"]
    run = [*command, "run", *words, "--workers", "2", "--store", "c.db"]
    process = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (Path("c.db").exists() and Path("c.db").stat().st_size and bench.asked("status --store c.db")["done"]):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "stopped; varproof campaign resume --store c.db goes on" in err
    assert "Traceback" not in err
    assert _members(process.pid) == []
    part = bench.asked("status --store c.db")
    assert 0 < part["done"] < part["planned"]
    rest = bench.asked("resume --store c.db --executor inline")
    assert rest["run"]["ran"] == part["pending"]
    bench.said(f"run {' '.join(words)} --executor inline --store whole.db", 0)
    assert rest["digest"] == bench.asked("status --store whole.db")["digest"]


def _members(group: int) -> list[int]:
    """The processes of a group that run; none soon after its end."""
    deadline = time.monotonic() + 5
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return []
        if time.monotonic() > deadline:
            return [group]
        time.sleep(0.05)
