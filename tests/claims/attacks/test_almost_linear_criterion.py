"""S6: drawn ratios and powers show the contradiction; the corrected form survives."""

from __future__ import annotations

from typing import Any

import pytest

from varproof.claims.registry import load_claim

VARIANTS = [variant.name for variant in load_claim("S6").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("S6", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("S6", "corrected", 2)
    assert not found.violated
    assert not found.rejected
    assert len(found.ratios) >= 2


def test_the_facts_behind_the_contradiction_survive(draw: Any) -> None:
    found = draw("S6", "statement", 20)
    assert not found.violated
    assert len(found.ratios) == 20
