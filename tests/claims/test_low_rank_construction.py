"""S5: the finite gauge against binomials computed here, the degrees against the proved bounds, runs with faults."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from varproof.attention.polynomial import certificate
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import low_rank_construction as claim_file
from varproof.claims.attention_runs import sharpest
from varproof.claims.low_rank_construction import CLAIM, GAUGE, constant_name

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("half_range", list(GAUGE))
@pytest.mark.parametrize(("preset", "tokens"), [("256", 680), ("512", 2240), ("1024", 9451)])
def test_the_largest_head_dimension_is_the_last_with_rank_below_the_tokens(preset, tokens, half_range):
    degree = GAUGE[half_range]
    largest = int(CLAIM.constants[constant_name(preset, half_range)])
    assert math.comb(largest + degree, degree) < tokens <= math.comb(largest + 1 + degree, degree)


@pytest.mark.parametrize("constant", list(claim_file.LARGEST))
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


def test_runs_are_tested_and_not_proved_and_what_is_left_to_other_claims_is_said():
    parts = {part.name: part for part in CLAIM.check(CLAIM.case()).parts}
    assert parts["the algorithm with certified error"].verdict is Verdict.TESTED
    exponent = parts["time N^(1 + o(1)) for one layer"]
    assert exponent.verdict is Verdict.PROVED
    assert all(text in exponent.because for text in ("S2 (corrected)", "exact arithmetic", "varproof regime", "S6"))
    assert "for one head" in CLAIM.statement
    assert "S2" in CLAIM.derived_from


def test_the_runs_cover_both_tables_and_ranks_below_the_tokens():
    runs = claim_file._executed()
    assert {run.tokens for run in runs} == {341, 680}
    for run in runs:
        assert run.rank == math.comb(run.head_dim + run.degree, run.degree) < run.tokens
        assert run.flops < run.exact_flops
        assert len(run.rows) >= claim_file.ROWS - 1
        assert max(bound for _, _, bound in run.rows) == run.largest_bound  # the worst row is among those judged
        assert all(error > 0 for _, error, _ in run.rows)
    assert any(len({bound for _, _, bound in run.rows}) == len(run.rows) for run in runs)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"largest_bound": Fraction(1)}, "row"),
        ({"rank": 1000}, "compared"),
        ({"flops": 10**12}, "flops"),
        ({"rows": ((3, Fraction(2, 100), Fraction(1, 100)),)}, "row"),
    ],
)
def test_a_run_that_breaks_its_promise_is_noticed(monkeypatch, fault, told):
    runs = claim_file._executed()
    monkeypatch.setattr(claim_file, "_executed", lambda: (*runs[:-1], replace(runs[-1], **fault)))
    found = CLAIM.check(CLAIM.case())
    assert found.verdict is Verdict.REFUTED
    first = found.evidence["counterexamples"][0]
    assert first["part"] == "the algorithm with certified error"
    assert told in first


def test_a_certificate_below_what_keys_attain_is_noticed(monkeypatch):
    l1_bound = certificate.l1_bound
    monkeypatch.setattr(certificate, "l1_bound", lambda error: 0.99 * l1_bound(error))
    sharpest.cache_clear()
    try:
        error, certified = sharpest(4.0, 9)
    finally:
        sharpest.cache_clear()
    assert error > certified


@pytest.mark.parametrize("share", [Fraction(999, 1000), Fraction(9, 10)])
def test_a_lower_certificate_is_refuted_by_the_sharp_rows(share):
    found = CLAIM.check(replace(CLAIM.case(), constants={**CLAIM.constants, "certificate": share}))
    assert {one["part"] for one in found.evidence["counterexamples"]} == {"how sharp the certificate is"}


@pytest.mark.parametrize("cells", [{"head_dim": (0,)}, {"degree": (40,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
