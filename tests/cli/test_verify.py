"""`varproof verify`: answers, exit codes, saved evidence, bad input, and a screen that is readable at any width."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from varproof.base.verdict import Finding, Part, Verdict
from varproof.claims import ledger
from varproof.claims.ledger import ClaimRecord, run_claim
from varproof.claims.model import Case, Claim
from varproof.claims.parts import assemble, waits_for
from varproof.claims.registry import claim_ids, load_claim
from varproof.cli import verify as command
from varproof.cli.main import main
from varproof.cli.verify_view import show_records, summary

Capture = pytest.CaptureFixture[str]
Pretend = Callable[..., None]
SCHEMA = json.loads((resources.files("varproof.cli.schemas") / "verify.json").read_text(encoding="utf-8"))


@cache
def recorded(name: str) -> ClaimRecord:
    """Some claims take seconds; their records do not change."""
    return run_claim(load_claim(name))


def answer(capture: Capture) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(capture.readouterr().out)
    jsonschema.validate(shown, SCHEMA, cls=jsonschema.Draft202012Validator)
    return shown


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Replace the ledger by the given claims."""

    def install(*claims: Claim) -> None:
        monkeypatch.setattr(ledger, "load_claims", lambda ids=(): claims)
        monkeypatch.setattr(command, "load_claims", lambda ids=(): claims)

    return install


def test_a_claim_as_expected_exits_0(capsys: Capture) -> None:
    assert main(["verify", "threshold_lemma", "--json"]) == 0
    shown = answer(capsys)
    (claim,) = shown["claims"]
    assert shown["ok"] is True
    assert (claim["id"], claim["verdict"], claim["expected"]) == ("threshold_lemma", "PROVED", "PROVED")
    assert claim["falsified"]["killed"] == claim["falsified"]["total"] == 5
    assert all(variant["counterexample"] for variant in claim["falsified"]["variants"])


def waiting_claim() -> Claim:
    """A claim of which one part waits for a module that does not exist: expected to be UNKNOWN."""
    claim = load_claim("threshold_lemma")

    def check(case: Case) -> Finding:
        return assemble([("here", claim.check(case))], [waits_for("there", "varproof.nowhere", "a run of it")])

    because = "needs varproof.nowhere"
    return replace(claim, id="waiting", check=check, expected=Verdict.UNKNOWN, because=because)


def test_an_expected_unknown_and_a_refuted_statement_exit_0(pretend: Pretend, capsys: Capture) -> None:
    pretend(waiting_claim(), load_claim("S7"))
    assert main(["verify", "--json"]) == 0
    unknown, refuted = answer(capsys)["claims"]
    assert (unknown["id"], unknown["verdict"]) == ("waiting", "UNKNOWN")
    assert "varproof.nowhere" in unknown["expected_because"]
    assert {part["verdict"] for part in unknown["parts"]} == {"PROVED", "UNKNOWN"}
    assert refuted["corrected"]["verdict"] == "PROVED"
    assert refuted["evidence"]["counterexamples"]


def test_an_unexpected_verdict_exits_1(pretend: Pretend, capsys: Capture) -> None:
    pretend(replace(load_claim("threshold_lemma"), expected=Verdict.REFUTED))
    assert main(["verify", "--json"]) == 1
    assert answer(capsys)["ok"] is False


def test_an_unkilled_variant_exits_1_and_is_named(pretend: Pretend, capsys: Capture) -> None:
    claim = load_claim("threshold_lemma")
    harmless = replace(claim.falsified[0], name="no change at all", constants=dict(claim.constants))
    pretend(replace(claim, falsified=(harmless,)))
    assert main(["verify"]) == 1
    shown = capsys.readouterr().out
    assert "no change at all: PROVED" in shown
    assert "NOT OK: threshold_lemma" in shown


def test_a_check_that_raises_is_reported_not_hidden(pretend: Pretend, capsys: Capture) -> None:
    def broken(case: Case) -> Finding:
        raise RuntimeError("no such root")

    pretend(replace(load_claim("threshold_lemma"), check=broken))
    assert main(["verify"]) == 1
    shown = capsys.readouterr().out
    assert "ERROR" in shown
    assert "RuntimeError: no such root" in shown


def test_settings_replace_an_axis_exactly(capsys: Capture) -> None:
    assert main(["verify", "softmax_perturbation", "--set", "root=1.1", "--set", "keys=2", "--json"]) == 0
    (claim,) = answer(capsys)["claims"]
    assert claim["evidence"]["worst_cell"]["rho"] == "121/100"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["softmax_pertubation"], "softmax_perturbation"),
        (["s3"], "S3"),
        (["threshold_lemma", "--set", "rots=2"], "keys, root"),
        (["threshold_lemma", "--set", "root"], "KEY=VALUE"),
        (["threshold_lemma", "--set", "root=nan"], "decimal"),
        (["threshold_lemma", "--set", "root=1"], "above 1"),
        (["threshold_lemma", "S3", "--set", "root=3/2"], "S3: cell axis root"),
        (["threshold_lemma", "--set", "root=1e4000"], "60 digits"),
        (["threshold_lemma", "--set", "keys=1000000"], "from 1 to 5"),
        (["threshold_lemma", "--set", "keys=3/2"], "integers"),
        (["threshold_lemma", "--out", "a/b/c"], "create"),
        (["threshold_lemma", "--out", "plain.txt"], "directory"),
        (["threshold_lemma", "--seed", "-1"], "seed"),
    ],
)
def test_bad_input_exits_2_and_says_what_is_allowed(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plain.txt").write_text("kept", encoding="utf-8")
    assert main(["verify", *arguments, "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert words in " ".join(map(str, error.values()))
    assert Path("plain.txt").read_text(encoding="utf-8") == "kept"


def test_out_saves_evidence_and_certificates(tmp_path: Path, pretend: Pretend, capsys: Capture) -> None:
    claim = load_claim("threshold_lemma")
    certificate = {"format": "toy/1", "degree": "3"}
    found = Finding(Verdict.PROVED, evidence={"certificates": {"B=1/2 rel": certificate}}, because="see the file")
    pretend(replace(claim, check=lambda case: found, falsified=()), load_claim("S7"))
    assert main(["verify", "--out", str(tmp_path / "new")]) == 0
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["S7.json", "threshold_lemma.B=1_2_rel.json", "threshold_lemma.json"]
    assert json.loads((tmp_path / "new" / "threshold_lemma.B=1_2_rel.json").read_text()) == certificate
    saved = json.loads((tmp_path / "new" / "S7.json").read_text())
    assert saved["format"] == "varproof/claim/1"
    assert saved["evidence"]["counterexamples"][0]["W"] == "-1/9"
    assert all(variant["counterexample"] for variant in saved["falsified"]["variants"])
    assert "wrote 3 files" in capsys.readouterr().out


def test_list_shows_every_claim_without_running_it(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "run_ledger", None)
    assert main(["verify", "--list", "--json"]) == 0
    shown = answer(capsys)
    assert tuple(claim["id"] for claim in shown["claims"]) == claim_ids()
    assert main(["verify", "--list", "threshold_lemma"]) == 0
    text = capsys.readouterr().out
    assert "--set root=11/10,3/2,3,20" in text


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_screen_fits_and_keeps_every_word(width: int) -> None:
    records = [recorded(name) for name in ("threshold_lemma", "S3", "S6", "S7")]
    stream = io.StringIO()
    show_records(Console(file=stream, width=width, highlight=False, markup=False, emoji=False), records)
    text = stream.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    flat = " ".join(text.split())
    for record in records:
        assert " ".join(record.claim.statement.split()) in flat
        for part in record.finding.parts:
            assert part.verdict.value in flat
    assert text.index("Lemmas and constants") < text.index("The subject's own statements")
    assert "x = 4/3, W = -1/9" in flat
    assert "…" not in text
    assert ("measured" in text.split("Lemmas and constants")[0]) is (width >= 140)


def test_the_summary_counts_expected_unknowns_apart() -> None:
    records = [run_claim(load_claim("threshold_lemma")), run_claim(waiting_claim())]
    assert summary(records).plain == (
        "2 claims; as expected: 1 PROVED; 1 expected UNKNOWN, counted apart; 10 of 10 wrong variants killed; ok"
    )


def test_an_unexpected_verdict_shows_what_was_expected() -> None:
    claim = replace(load_claim("threshold_lemma"), falsified=(), constants={"x": Fraction(1)})
    wrong = run_claim(replace(claim, check=lambda case: Finding(Verdict.UNKNOWN, parts=(Part("p", Verdict.UNKNOWN),))))
    stream = io.StringIO()
    show_records(Console(file=stream, width=90), [wrong])
    assert "UNKNOWN, not PROVED" in stream.getvalue()
    assert "NOT OK: threshold_lemma" in stream.getvalue()


def test_claims_of_a_file_are_run_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["claim", "new", "mine"]) == 0
    capsys.readouterr()
    assert main(["verify", "--claims", "mine.py", "--json"]) == 0
    assert [claim["id"] for claim in answer(capsys)["claims"]] == ["mine"]
    mine = tmp_path / "mine.py"
    mine.write_text(mine.read_text().replace('"factor": Fraction(1)', '"factor": Fraction(24, 25)'))
    assert main(["verify", "--claims", "mine.py", "--json"]) == 1
    assert answer(capsys)["claims"][0]["verdict"] == "REFUTED"
    assert main(["verify", "--claims", "missing.py"]) == 2
