"""Drawn powers of log n around the thresholds: decided as stated, and wrong powers noticed."""

from __future__ import annotations

from typing import Any

import pytest

from varproof.claims.registry import load_claim

VARIANTS = [variant.name for variant in load_claim("regime_thresholds").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("regime_thresholds", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("regime_thresholds", "statement", 24)
    assert not found.violated
    assert not found.rejected
    assert len(found.ratios) >= 48
