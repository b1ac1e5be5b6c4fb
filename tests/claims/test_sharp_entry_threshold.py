"""S3: the exponents of R are read off exactly and differ by score scale; what is missing is named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import sharp_entry_threshold as claim_file
from varproof.claims.sharp_entry_threshold import CLAIM


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


def test_the_half_below_is_proved_and_the_half_above_waits_for_reductions():
    parts = {part.name: part for part in CLAIM.check(CLAIM.case()).parts}
    assert parts["below is easy"].verdict is Verdict.PROVED
    assert parts["d = o(log N)"].verdict is Verdict.PROVED
    unknown = [name for name, part in parts.items() if part.verdict is Verdict.UNKNOWN]
    assert unknown == ["above is hard"]
    assert "reductions" in parts["above is hard"].because


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
