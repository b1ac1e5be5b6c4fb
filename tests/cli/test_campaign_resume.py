"""`varproof campaign resume`: edits, extensions, given-up chunks, and what cannot be gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from varproof.campaign import revision
from varproof.campaign.store import Store
from varproof.claims.attack_registry import attack_module

Bench = Any  # of conftest.py
RUN = "run --claims my_lemma.py --executor inline"
TWICE = (
    "cost=3e-5),\n)",
    'cost=3e-5),\n)\nSECOND = "{}"\n{}\nCLAIMS = (CLAIM, replace(CLAIM, id="second", statement=SECOND))',
)


def two(bench: Bench, statement: str) -> None:
    new = TWICE[1].format(statement, "from dataclasses import replace")
    bench.lemma((TWICE[0], new))


def test_an_edit_of_a_file_of_claims_runs_all_of_its_claims_again(bench: Bench) -> None:
    two(bench, "as it was")
    first = bench.asked(f"{RUN} --cases 10 --store c.db")
    assert [claim["id"] for claim in first["claims"]] == ["my_lemma", "second"]
    assert bench.asked("resume --store c.db")["run"]["ran"] == 0
    two(bench, "as it is")
    again = bench.asked("resume --store c.db")
    assert again["run"]["ran"] == again["counts"]["planned"] == first["counts"]["planned"]
    two(bench, "as it was")  # what ran at this revision is still there
    back = bench.asked("resume --store c.db")
    assert (back["run"]["ran"], back["digest"]) == (0, first["digest"])


def test_of_the_ledger_only_the_edited_claim_runs_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = bench.folder / "copied_attack.py"
    copied.write_text(Path(__import__(attack_module("score_perturbation") or "", fromlist=["x"]).__file__).read_text())
    monkeypatch.syspath_prepend(str(bench.folder))

    def module(name: str) -> str | None:
        return "copied_attack" if name == "score_perturbation" else attack_module(name)

    monkeypatch.setattr(revision, "attack_module", module)
    line = "run score_perturbation softmax_perturbation --cases 10 --executor inline --store c.db"
    first = bench.asked(line)
    copied.write_text(copied.read_text() + "# edited\n")
    again = bench.asked("resume --store c.db")
    plan = {row["claim"]: row["chunks"] for row in bench.asked("plan score_perturbation --cases 10")["claims"]}
    assert again["run"]["ran"] == plan["score_perturbation"] < first["counts"]["planned"]
    assert bench.asked("resume --store c.db")["run"]["ran"] == 0


def test_more_cases_end_as_a_fresh_campaign_of_as_many(bench: Bench) -> None:
    bench.lemma()
    bench.asked(f"{RUN} --cases 10 --store c.db")
    more = bench.asked("resume --store c.db --cases 700")
    fresh = bench.asked(f"{RUN} --cases 700 --store fresh.db")
    assert more["digest"] == fresh["digest"]
    assert more["counts"] == fresh["counts"]
    assert 0 < more["run"]["ran"] <= fresh["run"]["ran"]
    assert bench.asked("status --store c.db")["settings"]["cases"] == 700
    assert bench.asked("resume --store c.db --cases 700")["run"]["ran"] == 0
    bench.said("diff c.db fresh.db", 0)


def test_another_executor_is_remembered_a_wrong_one_is_not(bench: Bench) -> None:
    bench.lemma()
    digest = bench.asked(f"{RUN} --cases 10 --store c.db")["digest"]
    bench.refused("resume --store c.db --executor nobody")
    bench.refused("resume --store c.db --executor nobody --cases 99")
    settings = bench.asked("status --store c.db")["settings"]
    assert (settings["executor"], settings["cases"]) == ("inline", 10)
    assert bench.asked("resume --store c.db --workers 2")["digest"] == digest
    assert bench.asked("status --store c.db")["settings"]["executor"] == "local:2"


def test_chunks_that_were_given_up_are_tried_again_when_asked(bench: Bench) -> None:
    """The case ends its process as long as there is a file."""
    (bench.folder / "bad").touch()
    there = f"__import__('os').path.exists({str(bench.folder / 'bad')!r})"
    bad = f"    if point['n'] > 9 and {there}:\n        __import__('os')._exit(3)\n"
    bench.lemma(
        ("    n, b = int(point", f"{bad}    n, b = int(point"), ('cells=("n", "kind"),', 'cells=("n",), arms=("iid",),')
    )
    lost = bench.asked("run --claims my_lemma.py --workers 2 --cases 40 --store c.db", 5)["counts"]["lost"]
    assert lost > 0
    (bench.folder / "bad").unlink()
    assert bench.asked("resume --store c.db", 5)["run"]["ran"] == 0
    again = bench.asked("resume --store c.db --retry", 0)
    assert (again["run"]["ran"], again["counts"]["lost"]) == (lost, 0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("resume --store nowhere.db", "nowhere.db"),
        ("resume --store my_lemma.py", "my_lemma.py"),
        ("resume --store .", "directory"),
        ("resume --store c.db --cases 9", "10 or more"),
        ("resume --store c.db --time -1", "positive"),
        ("resume --store c.db --workers 2 --executor inline", "--workers 2 --executor inline"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(bench: Bench, line: str, said: str) -> None:
    bench.lemma()
    digest = bench.asked(f"{RUN} --cases 10 --store c.db")["digest"]
    error = bench.refused(line)
    assert said in " ".join(str(part) for part in error.values())
    assert sorted(path.name for path in bench.folder.iterdir()) == ["c.db", "my_lemma.py"]
    assert bench.asked("status --store c.db")["digest"] == digest


def test_a_store_that_is_being_written_and_a_file_of_claims_that_is_gone(bench: Bench) -> None:
    file = bench.lemma()
    bench.asked(f"{RUN} --cases 10 --store c.db")
    with Store.open(bench.folder / "c.db", write=True):
        assert "c.db" in " ".join(str(part) for part in bench.refused("resume --store c.db").values())
        assert bench.asked("status --store c.db")["pending"] == 0
    file.unlink()
    assert "my_lemma.py" in bench.refused("resume --store c.db")["got"]
    assert "my_lemma.py" in bench.refused("report --store c.db")["got"]
    assert bench.asked("status --store c.db")["pending"] == 0
