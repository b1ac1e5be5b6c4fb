"""`varproof campaign replay`: files, folders, stores, and the test that it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from varproof.campaign.claim_modules import load_claim_module
from varproof.campaign.replays import save_replay
from varproof.campaign.store import Store
from varproof.campaign.subjects import subject_named

Bench = Any  # of conftest.py
FALSE = ('constants={"factor": Fraction(1)}', 'constants={"factor": Fraction(19, 20)}')


@pytest.fixture
def saved(bench: Bench) -> Path:
    """The replay of a lemma that is false, as c.db has it."""
    bench.lemma(FALSE)
    bench.said("run --claims my_lemma.py --executor inline --cases 20 --store c.db", 1)
    (file,) = Path("c.db.replays").glob("*.json")
    return file


def test_files_folders_and_stores_say_the_same(bench: Bench, saved: Path) -> None:
    ways = (f"{saved} --claims my_lemma.py", "c.db.replays --claims my_lemma.py", "--store c.db")
    for way in ways:
        (one,) = bench.asked(f"replay {way}", 1)["replays"]
        assert (one["status"], one["claim"], one["subject"]) == ("STILL-FAILS", "my_lemma", "statement")
        assert one["ratio"] == pytest.approx(20 / 19)
        assert Path(one["file"]).name == saved.name
    out, _ = bench.said("replay --store c.db", 1)
    assert "STILL-FAILS" in out
    bench.lemma()
    for way in ways:
        (one,) = bench.asked(f"replay {way}", 0)["replays"]
        assert (one["status"], one["notes"]) == ("FIXED", ["what is claimed has changed since it was saved"])


def test_claims_that_are_gone_and_files_that_are_damaged_are_not_passed_over(bench: Bench, saved: Path) -> None:
    bench.lemma(name="other")
    (one,) = bench.asked(f"replay {saved} --claims other.py", 3)["replays"]
    assert (one["status"], one["ratio"]) == ("STALE", None)
    other = saved.with_name("damaged.json")
    other.write_text(saved.read_text()[:-9])
    both = bench.asked("replay c.db.replays --claims my_lemma.py", 1)["replays"]  # the violation counts for more
    assert {Path(one["file"]).name: one["status"] for one in both} == {
        saved.name: "STILL-FAILS",
        "damaged.json": "ERROR",
    }
    bench.lemma()
    assert len(bench.asked("replay c.db.replays --claims my_lemma.py", 3)["replays"]) == 2
    bench.lemma(('    x, b = instance.arrays["x"]', '    1 / 0\n    x, b = instance.arrays["x"]'))
    (one,) = bench.asked(f"replay {saved} --claims my_lemma.py", 3)["replays"]
    assert one["status"] == "ERROR"
    assert "ZeroDivisionError" in " ".join(one["notes"])


def test_no_failure_is_an_answer(bench: Bench) -> None:
    bench.lemma()
    bench.said("run --claims my_lemma.py --executor inline --cases 20 --store c.db", 0)
    assert bench.asked("replay --store c.db", 0)["replays"] == []
    assert bench.said("replay --store c.db", 0)[0] == "no failure was saved\n"


def test_the_exported_test_fails_until_the_lemma_is_true(bench: Bench, saved: Path) -> None:
    Path("tests").mkdir()
    answer = bench.asked("replay --store c.db --export tests/test_mine.py", 1)
    assert answer["exported"] == "tests/test_mine.py"
    assert sorted(path.name for path in Path("tests").iterdir()) == sorted(
        ["test_mine.py", saved.name, saved.with_suffix(".npz").name]
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_mine.py"]
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "STILL-FAILS" in failed.stdout
    bench.lemma()
    passed = subprocess.run(command, capture_output=True, text=True)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    error = bench.refused("replay --store c.db --export tests/test_mine.py")
    assert "exists" in error["message"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("replay", "--store"),
        ("replay {} --store c.db", "--store"),
        ("replay --store no.db", "no.db"),
        ("replay no.json --claims my_lemma.py", "no.json"),
        ("replay {} --claims no.py", "no.py"),
        ("replay {} {} --claims my_lemma.py --export test_a.py", "2 replay files"),
        ("replay empty --export test_a.py", "0 replay files"),
        ("replay {} --claims my_lemma.py --export mine.py", "test_NAME.py"),
        ("replay {} --claims my_lemma.py --export no/test_a.py", "does not exist"),
        ("replay {} --export test_a.py", "--claims"),
    ],
)
def test_what_is_refused_says_why_and_writes_nothing(bench: Bench, saved: Path, line: str, said: str) -> None:
    Path("empty").mkdir()
    before = sorted(bench.folder.rglob("*"))
    error = bench.refused(line.format(saved, saved))
    assert said in " ".join(str(part) for part in error.values())
    assert sorted(bench.folder.rglob("*")) == before


def test_a_wrong_variant_goes_on_failing_and_should(bench: Bench, saved: Path) -> None:
    (claim,) = load_claim_module("my_lemma.py")
    with Store.open("c.db") as store:
        failure = next(row.result.failure for row in store.failed() if row.result is not None)
    expected = save_replay(Path("expected"), claim, subject_named(claim, "factor 9/10"), failure)
    (one,) = bench.asked(f"replay {expected} --claims my_lemma.py", 0)["replays"]
    assert (one["status"], one["subject"]) == ("STILL-FAILS", "factor 9/10")
    bench.lemma(('{"factor": Fraction(9, 10)}', '{"factor": Fraction(2)}'))
    (one,) = bench.asked(f"replay {expected} --claims my_lemma.py", 3)["replays"]
    assert one["status"] == "FIXED"
