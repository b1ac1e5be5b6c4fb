"""S1: the literal statement is refuted by a concrete schedule, the corrected one is proved and its variants die."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import exact_cost_quartic
from varproof.claims.exact_cost_quartic import CLAIM, PRESET_RATIOS
from varproof.claims.ledger import counterexample
from varproof.claims.model import Variant
from varproof.growth.schedules import parse_schedule

assert CLAIM.corrected is not None
CORRECTED = CLAIM.corrected


def test_the_literal_statement_is_refuted_for_every_constant_offered() -> None:
    finding = CLAIM.check(CLAIM.case())
    assert finding.verdict is CLAIM.expected is Verdict.REFUTED
    assert finding.evidence["counterexamples_found"] == len(CLAIM.cells["offered"])
    first = finding.evidence["counterexamples"][0]
    n, offered = int(first["n"]), int(first["C"])
    sides = range(1, n + 1)
    assert sum(k * k * sum(j * j for j in range(1, k + 1)) for k in sides) > offered * n**4


def test_the_correction_is_proved_in_all_parts() -> None:
    finding = CORRECTED.check(CLAIM.case())
    assert finding.verdict is CORRECTED.expected is Verdict.PROVED
    assert len(finding.parts) == 8
    assert finding.evidence["constants"]["2"] == "64/45"


@pytest.mark.parametrize("variant", CLAIM.falsified, ids=lambda variant: variant.name)
def test_wrong_variants_of_the_correction_are_refuted(variant: Variant) -> None:
    assert CLAIM.check(CLAIM.case(variant)).verdict is Verdict.REFUTED
    finding = CORRECTED.check(CLAIM.case(variant))
    assert finding.verdict is Verdict.REFUTED
    assert "fails at" in finding.because


def test_without_the_cache_the_bound_fails_and_the_counts_stay_exact() -> None:
    (variant,) = (variant for variant in CLAIM.falsified if variant.name == "no cache")
    finding = CORRECTED.check(CLAIM.case(variant))
    refuted = [part for part in finding.parts if part.verdict is Verdict.REFUTED]
    assert [part.name for part in refuted] == ["upper bound c(a) n^4"]
    dense = sum(((4**k - 1) // 3) ** 2 for k in range(1, 5))  # doubling to n = 8
    assert f"'n': '8', 'a': '2', 'measured': '{dense}" in refuted[0].because
    assert 64 * 8**4 < 45 * dense <= 256 * 45 * 8**4 // 135
    assert "256/135" in variant.because
    shown = counterexample(finding)
    assert "upper bound" in shown
    assert str(dense) in shown


@pytest.mark.parametrize("shift", [Fraction(1, 10**12), -Fraction(1, 10**12)])
def test_the_flops_are_counted_and_not_assumed(shift: Fraction, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {**CLAIM.constants, "flops": CLAIM.constants["flops"] + shift}
    assert CORRECTED.check(replace(CLAIM, constants=changed).case()).verdict is Verdict.REFUTED
    honest = exact_cost_quartic._counted_product
    monkeypatch.setattr(exact_cost_quartic, "_counted_product", lambda a, b: (honest(a, b)[0], (1, 1)))
    finding = CORRECTED.check(CLAIM.case())
    assert [part.name for part in finding.parts if part.verdict is Verdict.REFUTED] == ["4 C sum_k N_k S_k flops"]


def test_the_counted_product_is_the_matrix_product() -> None:
    product = exact_cost_quartic._counted_product([[1, 2, 3], [4, 5, 6]], [[1, 0], [2, -1], [3, 7]])
    assert product == ([[14, 19], [32, 37]], (12, 12))


def test_preset_ratios_are_the_best_of_one_digit_or_exact() -> None:
    for preset, text in PRESET_RATIOS.items():
        schedule, ratio = parse_schedule(preset), Fraction(text)
        assert schedule.shrinks_by(ratio)
        assert not schedule.shrinks_by(ratio + Fraction(1, 50))


@pytest.mark.parametrize(
    "cells", [{"ratios": (1,)}, {"ratios": ("2",)}, {"sides": (0,)}, {"offered": (0,)}, {"integer_ratios": (1,)}]
)
def test_cells_outside_the_domain_are_refused(cells: dict[str, tuple[int | str, ...]]) -> None:
    changed = replace(CLAIM, cells={**CLAIM.cells, **cells})
    with pytest.raises(InputError):
        (CLAIM.check if "offered" in cells else CORRECTED.check)(changed.case())
