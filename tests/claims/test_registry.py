"""For every claim of the ledger and the shipped example: expected verdicts, killed variants, a complete description."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.ledger import ClaimRecord, run_claim
from varproof.claims.model import Claim
from varproof.claims.registry import CLAIMS, claim_ids, is_subject_statement, load_claim, load_claims
from varproof.examples import first_claim

ROOT = Path(__file__).parents[2]
NOT_CLAIMS = {
    "attack",
    "attack_registry",
    "__init__",
    "cells",
    "ledger",
    "model",
    "parts",
    "regime_cases",
    "registry",
    "settings",
    "tally",
}
NOT_CLAIMS |= {
    "attention_cases",
    "attention_runs",
    "chained_errors",
    "ledger_cases",
    "counted_numbers",
    "exact_maps",
    "exact_passes",
    "metered_arrays",
    "reconstruction_bound",
    "reduction_chain",
    "var_passes",
    "whole_model_phases",
}
SOURCE = re.compile(r"arXiv:\d{4}\.\d{4,5}|docs/[\w/-]+\.md")
EXAMPLE = first_claim.CLAIM  # what `varproof example claim` writes must pass once it is registered
each_claim = pytest.mark.parametrize("claim_id", [*claim_ids(), EXAMPLE.id])


def described(claim_id: str) -> Claim:
    return EXAMPLE if claim_id == EXAMPLE.id else load_claim(claim_id)


@cache
def record(claim_id: str) -> ClaimRecord:
    return run_claim(described(claim_id))


@each_claim
def test_verdict_correction_and_wrong_variants_are_the_expected_ones(claim_id):
    """One test a claim, since a record takes seconds and workers do not share it."""
    found = record(claim_id)
    check_verdict(found)
    check_corrected(found)
    check_variants(found)


def check_verdict(found):
    assert found.finding.verdict is found.claim.expected, found.finding.because
    assert found.finding.because
    assert found.finding.verdict is not Verdict.ERROR
    if found.finding.verdict is Verdict.REFUTED:
        assert found.finding.evidence["counterexamples"]
        assert found.claim.corrected is not None
    if found.finding.verdict is Verdict.UNKNOWN:  # it says what is missing
        assert found.claim.because
        unknown = [part for part in found.finding.parts if part.verdict is Verdict.UNKNOWN]
        assert unknown
        assert all(re.search(r"varproof\.\w+|reductions", part.because) for part in unknown)
        assert any(part.verdict is Verdict.PROVED for part in found.finding.parts)


def check_corrected(found):
    assert (found.corrected is None) is (found.claim.corrected is None)
    if found.corrected is not None and found.claim.corrected is not None:
        assert found.corrected.verdict is found.claim.corrected.expected, found.corrected.because
        assert found.claim.corrected.statement


def check_variants(found):
    assert len(found.variants) >= 2
    for variant in found.variants:
        assert variant.verdict is Verdict.REFUTED, variant
        assert variant.killed, variant


@each_claim
def test_a_wrong_variant_changes_exactly_one_thing_by_at_most_a_tenth(claim_id):
    claim = described(claim_id)
    assert len({variant.name for variant in claim.falsified}) == len(claim.falsified)
    for variant in claim.falsified:
        assert len(variant.constants) + len(variant.dropped) == 1, variant.name
        assert variant.dropped <= claim.hypotheses.keys(), variant.name
        assert variant.because
        for name, value in variant.constants.items():
            original = claim.constants[name]
            assert value != original, variant.name
            assert abs(value - original) <= Fraction(1, 10) * abs(original), variant.name


@each_claim
def test_the_description_is_complete(claim_id):
    claim = described(claim_id)
    assert claim.id == claim_id
    assert claim.statement
    assert all(name and text for name, text in claim.hypotheses.items())
    assert claim.cells
    assert claim.sources
    for source in claim.sources:
        assert SOURCE.fullmatch(source), source
    for parent in claim.derived_from:
        assert parent in claim_ids() or (ROOT / parent).is_file(), parent


@each_claim
def test_the_pages_a_finding_names_exist(claim_id):
    found = record(claim_id)
    texts = [found.finding.because, *found.claim.sources, *found.claim.derived_from]
    texts += [found.corrected.because] if found.corrected else []
    for page in re.findall(r"docs/[\w/-]+\.md", " ".join(texts)):
        assert (ROOT / page).is_file(), page


def test_ids_are_unique_and_every_claim_file_is_registered():
    assert len(set(claim_ids())) == len(CLAIMS)
    assert all(name == module or is_subject_statement(name) for name, module in CLAIMS)
    files = {path.stem for path in (ROOT / "varproof" / "claims").glob("*.py")} - NOT_CLAIMS
    assert files == {module for _, module in CLAIMS}


def test_the_subjects_statements_come_last_and_in_order():
    subject = [name for name in claim_ids() if is_subject_statement(name)]
    assert subject == [f"S{k}" for k in range(1, 8)]
    assert claim_ids()[-7:] == tuple(subject)


@pytest.mark.parametrize(
    ("typed", "nearest"), [("softmax_pertubation", "softmax_perturbation"), ("s3", "S3"), ("threshold", "threshold_le")]
)
def test_an_unknown_id_suggests_the_nearest(typed, nearest):
    with pytest.raises(InputError) as caught:
        load_claims([typed])
    assert nearest in caught.value.hint
    assert "threshold_lemma" in caught.value.allowed


def test_an_id_like_nothing_points_to_the_list():
    with pytest.raises(InputError) as caught:
        load_claim("zzzz9")
    assert "--list" in caught.value.hint


def test_claims_come_once_and_in_the_order_of_the_ledger():
    names = ["threshold_lemma", "softmax_perturbation", "threshold_lemma"]
    assert [claim.id for claim in load_claims(names)] == ["softmax_perturbation", "threshold_lemma"]
