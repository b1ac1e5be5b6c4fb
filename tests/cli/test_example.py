"""`varproof example`: lists, writes, keeps what is there; and the example itself says the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from varproof.base.verdict import Verdict
from varproof.cli.main import main
from varproof.examples.first_claim import CLAIM

Capture = pytest.CaptureFixture[str]


def test_example_lists_writes_and_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["example"]) == 0
    assert "claim" in capsys.readouterr().out
    assert main(["example", "claim"]) == 0
    written = tmp_path / "first_claim.py"
    written.write_text("mine")
    assert main(["example", "claim"]) == 2
    assert written.read_text() == "mine"
    assert main(["example", "claim", "--force"]) == 0
    assert "CLAIM = Claim(" in written.read_text()
    assert main(["example", "clam"]) == 2
    assert "did you mean claim?" in capsys.readouterr().err
    assert main(["example", "claim", "--out", str(tmp_path)]) == 2


def test_the_example_claim_is_true_and_its_variant_false() -> None:
    assert CLAIM.check(CLAIM.case()).verdict is Verdict.PROVED
    for variant in CLAIM.falsified:
        assert CLAIM.check(CLAIM.case(variant)).verdict is Verdict.REFUTED
