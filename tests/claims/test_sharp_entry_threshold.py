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
    assert found.evidence["counterexamples"][0]["scale"] == constant.removeprefix("exponent_")


def test_dropping_d_proportional_to_log_moves_the_scales_one_and_sqrt_but_not_d():
    (variant,) = (v for v in CLAIM.falsified if v.dropped)
    scales = {found["scale"] for found in CLAIM.check(CLAIM.case(variant)).evidence["counterexamples"]}
    assert scales == {"sqrt", "one"}


def test_the_open_parts_name_their_modules():
    unknown = {part.name: part.because for part in CLAIM.check(CLAIM.case()).parts if part.verdict is Verdict.UNKNOWN}
    assert "varproof.growth.regime" in unknown["below is easy"]
    assert "reductions" in unknown["above is hard"]
    assert len(unknown) == 3
    assert "S2 (corrected)" in unknown["below is easy"]
    assert "S2" in CLAIM.derived_from
    assert all(missing in unknown["below is easy"] for missing in ("two independent routes", "all layers", "rounding"))


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
