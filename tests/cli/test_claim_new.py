"""`varproof claim new`: writes a claim that is true, tight and attacked; refuses names and places that cannot be."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from varproof.base.verdict import Verdict
from varproof.campaign.claim_modules import claims_for, load_claim_module
from varproof.campaign.subjects import subject_named, subjects_of
from varproof.claims.attack import Instance, Judgement
from varproof.claims.model import Claim
from varproof.cli.main import main
from varproof.examples.my_lemma import CLAIM

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys: Capture, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["claim", "new", *words, "--json"]) == 2
    error: dict[str, Any] = json.loads(capsys.readouterr().out)["error"]
    return error


def judged(claim: Claim, subject: str, x: list[float], b: float) -> Judgement:
    found = subject_named(claim, subject)
    return found.attack.judge(Instance({"x": np.array(x)}, {"b": b}), found.case)


def test_the_file_is_written_and_holds_the_claim(here: Path, capsys: Capture) -> None:
    assert main(["claim", "new", "my_bound"]) == 0
    out = capsys.readouterr().out
    assert out == "wrote my_bound.py; attack it: varproof campaign run --claims my_bound.py\n"
    (claim,) = load_claim_module(here / "my_bound.py")
    assert claim.id == "my_bound"
    assert [one.id for one in claims_for((), here / "my_bound.py")] == ["my_bound"]
    assert [one.name for one in subjects_of(claim)] == ["statement", "factor 9/10", "factor 11/10", "outside the box"]
    assert (here / "my_bound.py").read_text().count("\n") <= 80
    assert not (here / "__pycache__").exists()


def test_a_file_that_exists_is_kept(here: Path, capsys: Capture) -> None:
    (here / "my_bound.py").write_text("mine")
    assert "exists" in refused(capsys, "my_bound")["message"]
    assert (here / "my_bound.py").read_text() == "mine"
    assert main(["claim", "new", "my_bound", "--out", "other.py"]) == 0
    assert load_claim_module(here / "other.py")[0].id == "my_bound"
    assert main(["claim", "new", "my_bound", "--force"]) == 0
    assert (here / "my_bound.py").read_text() == (here / "other.py").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["my-bound"], "not a name"),
        (["2bounds"], "not a name"),
        (["../up"], "not a name"),
        ([""], "not a name"),
        (["class"], "not a name"),
        (["_hidden"], "not a name"),
        (["größe"], "not a name"),
        (["a" * 61], "not a name"),
        (["S3"], "the ledger has"),
        (["threshold_lemma"], "the ledger has"),
        (["my_bound", "--out", "my_bound.txt"], "unknown file type"),
        (["my_bound", "--out", "missing/my_bound.py"], "does not exist"),
        (["my_bound", "--out", "folder.py"], "directory"),
    ],
)
def test_names_and_places_that_cannot_be_are_refused(
    here: Path, capsys: Capture, words: list[str], message: str
) -> None:
    (here / "folder.py").mkdir()
    assert message in refused(capsys, *words)["message"]
    assert [path.name for path in here.iterdir()] == ["folder.py"]


def test_the_ending_is_not_part_of_the_name(here: Path, capsys: Capture) -> None:
    assert refused(capsys, "my_bound.py")["hint"] == "the name without .py: varproof claim new my_bound"


def test_the_lemma_is_true_and_every_variant_false() -> None:
    assert CLAIM.check(CLAIM.case()).verdict is Verdict.PROVED
    for variant in CLAIM.falsified:
        assert CLAIM.check(CLAIM.case(variant)).verdict is Verdict.REFUTED
        for name, value in variant.constants.items():
            assert abs(value / CLAIM.constants[name] - 1) <= Fraction(1, 10)


def test_its_judge_is_exact_at_the_bound() -> None:
    assert judged(CLAIM, "statement", [-0.7, 0.7], 0.7) is Judgement.PASS
    assert judged(CLAIM, "statement", [-0.7, np.nextafter(0.7, 1)], 0.7) is Judgement.VIOLATED
    assert judged(CLAIM, "factor 9/10", [-0.7, 0.7], 0.7) is Judgement.VIOLATED
    assert judged(CLAIM, "factor 11/10", [-0.7, 0.7], 0.7) is Judgement.PASS


def test_it_uses_nothing_but_the_library_and_numpy(here: Path) -> None:
    assert main(["claim", "new", "my_bound"]) == 0
    lines = (here / "my_bound.py").read_text().splitlines()
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= {"varproof", "numpy"} | set(sys.stdlib_module_names)
