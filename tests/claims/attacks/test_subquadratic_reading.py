"""S2: every drawn constant and exponent refutes the literal reading; the corrected one survives."""

from __future__ import annotations

from typing import Any

import pytest

from varproof.claims.registry import load_claim

VARIANTS = [variant.name for variant in load_claim("S2").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("S2", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("S2", "corrected", 200)
    assert not found.violated
    assert not found.rejected
    assert len(found.ratios) >= 200


def test_the_literal_reading_fails_everywhere(draw: Any) -> None:
    for seed in range(20):
        found = draw("S2", "statement", 1, seed)
        assert found.violated
        assert found.ratios == (2.0,)
