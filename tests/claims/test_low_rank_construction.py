"""S5: the finite gauge against binomials computed here, and the degrees against the proved bounds."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import low_rank_construction as claim_file
from varproof.claims.low_rank_construction import CLAIM, GAUGE, constant_name

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("half_range", list(GAUGE))
@pytest.mark.parametrize(("preset", "tokens"), [("256", 680), ("512", 2240), ("1024", 9451)])
def test_the_largest_head_dimension_is_the_last_with_rank_below_the_tokens(preset, tokens, half_range):
    degree = GAUGE[half_range]
    largest = int(CLAIM.constants[constant_name(preset, half_range)])
    assert math.comb(largest + degree, degree) < tokens <= math.comb(largest + 1 + degree, degree)


@pytest.mark.parametrize("constant", list(CLAIM.constants))
@pytest.mark.parametrize("step", [1, -1])
def test_a_head_dimension_off_by_one_is_refuted(constant, step):
    case = replace(CLAIM.case(), constants={**CLAIM.constants, constant: CLAIM.constants[constant] + step})
    found = CLAIM.check(case)
    assert found.verdict is Verdict.REFUTED
    first = found.evidence["counterexamples"][0]
    assert constant_name(first["preset"], Fraction(first["half_range"])) == constant


def test_a_degree_too_small_or_too_large_is_noticed(monkeypatch):
    for half_range, least in list(GAUGE.items()):
        for degree in (least - 1, least + 1):
            with monkeypatch.context() as patch:
                patch.setitem(GAUGE, half_range, degree)
                found = CLAIM.check(CLAIM.case())
            assert found.verdict is Verdict.REFUTED
            told = {"half_range": str(half_range), "side": "degree"}
            assert told.items() <= found.evidence["counterexamples"][0].items()


@pytest.mark.parametrize(("half_range", "degree"), [(2, 5), (8, 12), (16, 21)])
def test_the_degrees_come_from_certificates_and_not_from_the_table(half_range, degree):
    assert claim_file._least_degree(Fraction(half_range)) == degree


def test_at_a_scale_of_one_half_head_dimension_64_is_not_beyond_all_presets(monkeypatch):
    monkeypatch.setattr(claim_file, "REFERENCE_SCALE", Fraction(1, 2))
    found = CLAIM.check(CLAIM.case())
    assert {one["preset"] for one in found.evidence["counterexamples"]} == {"512", "1024"}  # rank 2145 < 2240, 9451


def test_the_page_shows_the_table_of_the_claim():
    page = (ROOT / claim_file.PAGE).read_text(encoding="utf-8")
    for half_range, degree in GAUGE.items():
        row = [int(CLAIM.constants[constant_name(preset, half_range)]) for preset in claim_file.PRESETS]
        cells = [half_range, degree, *row, math.comb(64 + degree, degree)]
        assert f"| {' | '.join(map(str, cells))} |" in page
    assert "middle one" not in page


def test_the_open_exponent_cites_what_is_proved_and_names_what_is_missing():
    unknown = {part.name: part.because for part in CLAIM.check(CLAIM.case()).parts if part.verdict is Verdict.UNKNOWN}
    reason = unknown["time N^(1 + o(1))"]
    assert all(text in reason for text in ("S2 (corrected)", "varproof regime", "rounding", "all layers"))
    assert "S2" in CLAIM.derived_from


@pytest.mark.parametrize("cells", [{"head_dim": (0,)}, {"degree": (40,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
