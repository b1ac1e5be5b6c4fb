"""Drawn layouts of free maps: counts, pairs and suppression hold, wrong forms die."""

from __future__ import annotations

from typing import Any

import pytest

from varproof.claims.attacks.embedding_free_maps import axes
from varproof.claims.registry import load_claim

VARIANTS = [variant.name for variant in load_claim("embedding_free_maps").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("embedding_free_maps", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("embedding_free_maps", "statement", 20)
    assert not found.violated
    assert not found.rejected
    assert len(found.ratios) >= 20


def test_a_case_is_about_one_layout() -> None:
    assert axes({"layout": "linear 7", "head_dim": 3}) == {"doubling": 2, "linear": 7, "head_dim": 3}
    assert axes({"layout": "doubling 8", "head_dim": 1}) == {"doubling": 8, "linear": 2, "head_dim": 1}
