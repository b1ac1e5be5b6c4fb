"""Exponents of reductions at drawn eps, gamma and delta_R; eps beyond its range is no case."""

from __future__ import annotations

from typing import Any

import pytest

from varproof.claims.registry import load_claim

VARIANTS = [variant.name for variant in load_claim("reduction_exponents").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("reduction_exponents", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("reduction_exponents", "statement", 60)
    assert not found.violated
    assert found.rejected <= 25
    assert len(found.ratios) >= 35
