"""S3: the exponents of R are read off exactly and differ by score scale; both halves of the threshold can fail."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import sharp_entry_threshold as claim_file
from varproof.claims.regime_cases import expect
from varproof.claims.sharp_entry_threshold import CLAIM
from varproof.claims.tally import Tally


@pytest.mark.parametrize("constant", ["exponent_d", "exponent_sqrt"])
@pytest.mark.parametrize("shift", [Fraction(1, 1000), Fraction(-1, 1000)])
def test_a_shift_of_a_thousandth_in_an_exponent_is_refuted(constant, shift):
    case = replace(CLAIM.case(), constants={**CLAIM.constants, constant: CLAIM.constants[constant] + shift})
    found = CLAIM.check(case)
    assert found.verdict is Verdict.REFUTED
    seen = [one for one in found.evidence["counterexamples"] if one["part"] == "where gamma d R^2 = kappa ln N puts R"]
    assert {one["scale"] for one in seen} == {constant.removeprefix("exponent_")}


def test_dropping_d_proportional_to_log_moves_the_scales_one_and_sqrt_but_not_d():
    (variant,) = (v for v in CLAIM.falsified if v.dropped)
    found = CLAIM.check(CLAIM.case(variant)).evidence["counterexamples"]
    exponents = {one["scale"] for one in found if one["part"].startswith("where")}
    assert exponents == {"sqrt", "one"}


def test_both_halves_are_proved_the_upper_one_under_ovh():
    parts = {part.name: part for part in CLAIM.check(CLAIM.case()).parts}
    assert all(part.verdict is Verdict.PROVED for part in parts.values())
    above = [part for name, part in parts.items() if name.startswith("above is hard")]
    assert len(above) == 2
    assert "OVH" in above[0].because
    assert "OVH" in CLAIM.statement
    assert "ovh" in CLAIM.hypotheses


def test_above_notices_a_threshold_that_is_too_low():
    for constant in ("exponent_d", "exponent_sqrt"):
        lower = {**CLAIM.constants, constant: CLAIM.constants[constant] - Fraction(1, 100)}
        found = claim_file._above(replace(CLAIM.case(), constants=lower))
        assert found.verdict is Verdict.REFUTED
        assert {one["got"] for one in found.evidence["counterexamples"]} == {"easy"}


@pytest.mark.parametrize("d", ["2*log(n)", "log(n)"])
def test_nothing_is_decided_for_a_given_constant_of_the_dimension(d):
    tally = Tally()
    expect(tally, "undecided", d=d, entry_bound="Theta(sqrt(log(n)))", delta="1/poly(n)")
    assert tally.finding("").verdict is Verdict.PROVED


def test_the_executed_half_counts_right_and_notices_a_wrong_count(monkeypatch):
    right = claim_file.counts
    assert claim_file._executed(CLAIM.case()).verdict is Verdict.PROVED
    wrong = [(pairs, pairs + 1, keys) for pairs, _, keys in right(1, "d", Fraction(1), Fraction(99, 100))]
    monkeypatch.setattr(claim_file, "counts", lambda *given: wrong)
    found = claim_file._executed(replace(CLAIM.case(), cells={**CLAIM.cells, "dim": (1,)}))
    assert found.verdict is Verdict.REFUTED
    assert {one["scale"] for one in found.evidence["counterexamples"]} <= {"d", "sqrt", "one"}


def test_the_executed_half_notices_other_entries(monkeypatch):
    right = claim_file.largest_entry
    for factor in (Fraction(999, 1000), Fraction(1001, 1000)):
        monkeypatch.setattr(claim_file, "largest_entry", lambda call, factor=factor: factor * right(call))
        assert claim_file._executed(CLAIM.case()).verdict is Verdict.REFUTED


def test_below_notices_a_threshold_that_is_too_high():
    for constant, shift in (("exponent_d", Fraction(1, 100)), ("exponent_sqrt", Fraction(1, 100))):
        case = replace(CLAIM.case(), constants={**CLAIM.constants, constant: CLAIM.constants[constant] + shift})
        found = claim_file._below(case)
        assert found.verdict is Verdict.REFUTED
        assert {one["got"] for one in found.evidence["counterexamples"]} <= {"hard", "undecided"}


@pytest.mark.parametrize("shift", [Fraction(1, 10**12), -Fraction(1, 10**12)])
def test_the_score_bound_can_move_neither_way(shift):
    case = replace(CLAIM.case(), constants={**CLAIM.constants, "attained": 1 + shift})
    assert CLAIM.check(case).verdict is Verdict.REFUTED


def test_the_corners_are_visited_and_reach_d_times_the_square(monkeypatch):
    assert claim_file._largest_at_corners(3, Fraction(1, 2)) == Fraction(3, 4)
    for wrong in (Fraction(1), Fraction(10**6)):  # too small and too large a maximum
        monkeypatch.setattr(claim_file, "_largest_at_corners", lambda head_dim, entry, wrong=wrong: wrong)
        found = CLAIM.check(CLAIM.case())
        assert found.verdict is Verdict.REFUTED
        assert all(one["at"] == "corner" for one in found.evidence["counterexamples"])


@pytest.mark.parametrize("cells", [{"root": (1,)}, {"kappa": (0,)}, {"c_root": (Fraction(1, 2),)}, {"root": (10**6,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
