"""The claim schedule_attention_constants: its verdict, and that every wrong variant dies with a counterexample."""

from __future__ import annotations

from dataclasses import replace

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.model import Variant
from varproof.claims.schedule_attention_constants import CLAIM


def test_the_statement_is_proved() -> None:
    finding = CLAIM.check(CLAIM.case())
    assert finding.verdict is CLAIM.expected is Verdict.PROVED
    assert finding.evidence["cells"] > 50


@pytest.mark.parametrize("variant", CLAIM.falsified, ids=lambda variant: variant.name)
def test_wrong_variants_are_refuted_with_a_counterexample(variant: Variant) -> None:
    finding = CLAIM.check(CLAIM.case(variant))
    assert finding.verdict is Verdict.REFUTED
    assert finding.evidence["counterexamples"]


@pytest.mark.parametrize("variant", CLAIM.falsified, ids=lambda variant: variant.name)
def test_variants_move_one_constant_by_at_most_a_tenth(variant: Variant) -> None:
    (name,) = variant.constants
    assert 0 < abs(variant.constants[name] / CLAIM.constants[name] - 1) <= 0.1


@pytest.mark.parametrize("name", CLAIM.constants)
def test_every_constant_matters(name: str) -> None:
    moved = {**CLAIM.constants, name: CLAIM.constants[name] * 101 / 100}
    assert CLAIM.check(replace(CLAIM, constants=moved).case()).verdict is Verdict.REFUTED


@pytest.mark.parametrize("cells", [{"linear": (0,)}, {"linear": (10**9,)}, {"powers": (-1,)}, {"presets": ("300",)}])
def test_cells_outside_the_domain_are_refused(cells: dict[str, tuple[int | str, ...]]) -> None:
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM, cells={**CLAIM.cells, **cells}).case())
