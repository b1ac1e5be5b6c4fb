"""Verdicts: which one wins, and what a finding keeps of its parts."""

from itertools import combinations

import pytest

from varproof.base.verdict import SEVERITY, Finding, Part, Verdict, combine, from_parts


def test_every_verdict_has_a_place() -> None:
    assert set(SEVERITY) == set(Verdict)
    assert len(SEVERITY) == len(Verdict)


@pytest.mark.parametrize(("worse", "better"), list(combinations(SEVERITY, 2)))
def test_the_more_severe_verdict_wins_in_any_order(worse: Verdict, better: Verdict) -> None:
    assert combine([better, worse]) is worse
    assert combine([worse, better, better]) is worse


def test_the_order_of_severity() -> None:
    names = "ERROR REFUTED UNKNOWN VACUOUS TESTED PROVED NOT_APPLICABLE"
    assert [verdict.name for verdict in SEVERITY] == names.split()


def test_nothing_checked_is_unknown() -> None:
    assert combine([]) is Verdict.UNKNOWN
    assert from_parts([]).verdict is Verdict.UNKNOWN


def test_one_refuted_part_refutes_and_all_reasons_are_kept() -> None:
    parts = [Part("first", Verdict.PROVED, "exact"), Part("second", Verdict.REFUTED, "at n = 3")]
    finding = from_parts(parts, measured=3.0, bound=2.0, evidence={"n": 3})
    assert finding.verdict is Verdict.REFUTED
    assert finding.because == "first: PROVED (exact); second: REFUTED (at n = 3)"
    assert finding.parts == tuple(parts)
    assert finding.ratio == 1.5
    assert finding.evidence == {"n": 3}


@pytest.mark.parametrize(("measured", "bound"), [(None, 1.0), (1.0, None), (1.0, 0.0), (None, None)])
def test_a_ratio_needs_both_numbers(measured: float | None, bound: float | None) -> None:
    assert Finding(Verdict.PROVED, measured, bound).ratio is None


def test_a_measured_zero_is_a_number() -> None:
    assert Finding(Verdict.PROVED, 0.0, 2.0).ratio == 0.0
