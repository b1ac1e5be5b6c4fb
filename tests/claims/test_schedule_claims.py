"""The two claims on schedules: verdicts, wrong variants, every constant, and cells outside the domain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.model import Claim, Variant
from varproof.claims.schedule_attention_constants import CLAIM as ATTENTION_CONSTANTS
from varproof.claims.schedule_token_counts import CLAIM as TOKEN_COUNTS

CLAIMS = (TOKEN_COUNTS, ATTENTION_CONSTANTS)
VARIANTS = [pytest.param(claim, wrong, id=f"{claim.id}-{wrong.name}") for claim in CLAIMS for wrong in claim.falsified]
CONSTANTS = [pytest.param(claim, name, id=f"{claim.id}-{name}") for claim in CLAIMS for name in claim.constants]
OUTSIDE: list[dict[str, tuple[int | str, ...]]] = [
    {"linear": (0,)},
    {"linear": (10**9,)},
    {"powers": (-1,)},
    {"presets": ("300",)},
]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_statement_is_proved(claim: Claim) -> None:
    finding = claim.check(claim.case())
    assert finding.verdict is claim.expected is Verdict.PROVED
    assert finding.evidence["cells"] > 50


@pytest.mark.parametrize(("claim", "variant"), VARIANTS)
def test_wrong_variants_are_refuted_with_a_counterexample(claim: Claim, variant: Variant) -> None:
    finding = claim.check(claim.case(variant))
    assert finding.verdict is Verdict.REFUTED
    assert finding.evidence["counterexamples"]


@pytest.mark.parametrize(("claim", "name"), CONSTANTS)
def test_every_constant_matters(claim: Claim, name: str) -> None:
    moved = {**claim.constants, name: claim.constants[name] * 101 / 100}
    assert claim.check(replace(claim, constants=moved).case()).verdict is Verdict.REFUTED


@pytest.mark.parametrize("cells", OUTSIDE, ids=str)
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_cells_outside_the_domain_are_refused(claim: Claim, cells: dict[str, tuple[int | str, ...]]) -> None:
    with pytest.raises(InputError):
        claim.check(replace(claim, cells={**claim.cells, **cells}).case())
