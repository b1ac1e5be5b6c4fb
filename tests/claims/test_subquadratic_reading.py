"""S2: the literal reading fails on the size of the output, the corrected one is proved part by part."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import subquadratic_reading
from varproof.claims.model import Variant
from varproof.claims.subquadratic_reading import CLAIM

assert CLAIM.corrected is not None
CORRECTED = CLAIM.corrected
ROOT = Path(__file__).parents[2]


def test_the_literal_statement_is_refuted_for_every_exponent_saved() -> None:
    finding = CLAIM.check(CLAIM.case())
    assert finding.verdict is CLAIM.expected is Verdict.REFUTED
    assert finding.evidence["counterexamples_found"] == len(CLAIM.cells["factors"]) * len(CLAIM.cells["saved"])
    first = finding.evidence["counterexamples"][0]
    n, c = int(first["n"]), int(first["c"])
    assert first["exponent"] == "2 - 1/2"
    assert n**4 > c**2 * n**3  # n^2 > c n^{3/2}, squared


def test_the_correction_is_proved_in_all_parts() -> None:
    finding = CORRECTED.check(CLAIM.case())
    assert finding.verdict is CORRECTED.expected is Verdict.PROVED
    assert [part.verdict for part in finding.parts] == [Verdict.PROVED] * 7


@pytest.mark.parametrize("variant", CLAIM.falsified, ids=lambda variant: variant.name)
def test_wrong_variants_of_the_correction_are_refuted(variant: Variant) -> None:
    assert CLAIM.check(CLAIM.case(variant)).verdict is Verdict.REFUTED
    finding = CORRECTED.check(CLAIM.case(variant))
    assert finding.verdict is Verdict.REFUTED
    refuted = [part.name for part in finding.parts if part.verdict is Verdict.REFUTED]
    assert len(refuted) == (2 if "criterion" in variant.dropped else 1), refuted  # the decision notices it too


def test_the_share_of_the_error_is_needed() -> None:
    larger = {**CLAIM.constants, "eps_share": Fraction(11, 40)}
    assert CORRECTED.check(replace(CLAIM, constants=larger).case()).verdict is Verdict.REFUTED


def test_an_algorithm_that_forgets_a_scale_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = subquadratic_reading._features

    def clipped(row: list[Fraction], degree: int) -> list[tuple[Fraction, Fraction]]:
        features = honest(row, degree)
        return [*features[:-1], (features[-1][0], features[-1][1] * 2)]

    monkeypatch.setattr(subquadratic_reading, "_features", clipped)
    finding = CORRECTED.check(CLAIM.case())
    assert finding.verdict is Verdict.REFUTED
    assert "polynomial attention" in next(part.name for part in finding.parts if part.verdict is Verdict.REFUTED)


def test_the_rank_exponent_is_the_entropy_form() -> None:
    alpha, gamma = 2.0, 0.5
    share = alpha / (alpha + gamma)
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    value = subquadratic_reading._rho(subquadratic_reading.ball(2), subquadratic_reading.ball(Fraction(1, 2)))
    assert math.isclose(float(value.mid()), (alpha + gamma) * entropy)


def test_the_page_names_the_least_integer_that_reaches_a_tenth() -> None:
    """schedules.md: alpha = C = 1 and exponent 1/10 need a >= 99 in step 3."""
    tenth = subquadratic_reading.ball(Fraction(1, 10))
    one = subquadratic_reading.ball(1)
    assert subquadratic_reading._rho(one, subquadratic_reading.ball(Fraction(2, 98))) > tenth
    assert subquadratic_reading._rho(one, subquadratic_reading.ball(Fraction(2, 99))) < tenth
    assert "$a\\ge99$" in (ROOT / subquadratic_reading.PAGE).read_text(encoding="utf-8")


def test_the_criterion_is_the_logit_bound_that_the_uncentred_proof_needs() -> None:
    """A row of scores B + 1 with half-range 0 leaves [-B, B], so the hypothesis cannot be on the half-range."""
    assert "logit bound" in CLAIM.hypotheses["criterion"]
    assert "half-range" not in CLAIM.hypotheses["criterion"]
    assert "[-1, 1]" in CLAIM.hypotheses["values"]


def test_without_the_criterion_the_counterexample_is_concrete() -> None:
    variant = next(v for v in CLAIM.falsified if v.dropped == {"criterion"})
    finding = CORRECTED.check(CLAIM.case(variant))
    part = next(part for part in finding.parts if part.verdict is Verdict.REFUTED)
    assert "'degree': '56'" in part.because
    assert math.log(math.comb(50 + 56, 56)) / 100 > 0.5


@pytest.mark.parametrize(
    "cells",
    [{"ratios": (1,)}, {"sides": (0,)}, {"alphas": (0,)}, {"targets": (2,)}, {"factors": (0,)}, {"saved": (0,)}],
)
def test_cells_outside_the_domain_are_refused(cells: dict[str, tuple[int | str, ...]]) -> None:
    changed = replace(CLAIM, cells={**CLAIM.cells, **cells})
    with pytest.raises(InputError):
        (CLAIM.check if {"factors", "saved"} & set(cells) else CORRECTED.check)(changed.case())
