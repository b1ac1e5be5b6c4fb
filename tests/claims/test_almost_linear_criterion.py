"""S6: a fixed ratio and K = O(1) exclude each other; the repaired statement has its exponent and its errors."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.almost_linear_criterion import CLAIM


def test_the_fixed_ratio_reading_is_vacuous():
    found = CLAIM.check(CLAIM.case())
    verdicts = {part.name: part.verdict for part in found.parts}
    assert verdicts["the criterion with a fixed ratio"] is Verdict.VACUOUS
    assert verdicts["K = O(1) is inconsistent"] is Verdict.PROVED
    assert found.verdict is Verdict.VACUOUS


def test_the_correction_is_tested_and_only_its_runs_are_not_proved():
    assert CLAIM.corrected is not None
    found = CLAIM.corrected.check(CLAIM.case())
    verdicts = {part.name: part.verdict for part in found.parts}
    assert found.verdict is CLAIM.corrected.expected is Verdict.TESTED
    assert verdicts["exponent 2 + o(1) for one layer"] is Verdict.PROVED
    assert verdicts["error through scales and layers: K G^(K-1)"] is Verdict.PROVED
    assert [name for name, verdict in verdicts.items() if verdict is Verdict.TESTED] == [
        "chained models, executed",
        "entries that grow are not enough",
    ]
    assert not any("not built yet" in part.because for part in found.parts)


def test_the_correction_says_where_its_proof_stops():
    assert CLAIM.corrected is not None
    assert "d = Theta(log n) this proof stops" in CLAIM.corrected.statement


def test_a_decision_that_finds_no_contradiction_refutes_the_claim(monkeypatch):
    from varproof.regimes import decide as module

    monkeypatch.setattr(module, "contradictions", lambda problem: ())
    found = CLAIM.check(CLAIM.case())
    assert found.verdict is Verdict.REFUTED
    assert all(one["expected"] == "inconsistent" for one in found.evidence["counterexamples"])


@pytest.mark.parametrize("constant", list(CLAIM.constants))
def test_a_change_of_a_ten_thousandth_downwards_is_refuted(constant):
    value = CLAIM.constants[constant] - Fraction(1, 10_000)
    found = CLAIM.check(replace(CLAIM.case(), constants={**CLAIM.constants, constant: value}))
    assert found.verdict is Verdict.REFUTED


@pytest.mark.parametrize("cells", [{"ratio": (1,)}, {"ratio": (Fraction(3, 2),)}, {"log_side": (10**6,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
