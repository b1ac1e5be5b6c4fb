"""S3 at drawn powers of log n, sizes and logit ratios: below easy, from the threshold on hard."""

from __future__ import annotations

from typing import Any

import pytest

from varproof.claims.attacks.sharp_entry_threshold import DECIDED
from varproof.claims.registry import load_claim

VARIANTS = [variant.name for variant in load_claim("S3").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("S3", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("S3", "statement", 40)
    assert not found.violated
    assert found.rejected <= 15
    assert len(found.ratios) >= 25


def test_classes_that_reach_over_the_threshold_are_no_cases() -> None:
    case = load_claim("S3").case()
    point = {"scale": "d", "schedule": "doubling", "steps": -1, "form": "omega"}
    assert DECIDED.measure(DECIDED.build(point, case), case) is None
    below = DECIDED.measure(DECIDED.build({**point, "form": "Theta"}, case), case)
    at = DECIDED.measure(DECIDED.build({**point, "steps": 0}, case), case)
    assert below is not None
    assert at is not None
    assert below.ratio == at.ratio == 0.0
