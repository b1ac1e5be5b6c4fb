"""Threshold instances of drawn lists decide under 99/100 of delta, and no longer under a little more than delta."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from varproof.claims.attack import Instance, Judgement
from varproof.claims.attacks.entry_bounds_of_reductions import DECIDED
from varproof.claims.registry import load_claim

CLAIM = load_claim("entry_bounds_of_reductions")

VARIANTS = [variant.name for variant in load_claim("entry_bounds_of_reductions").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("entry_bounds_of_reductions", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("entry_bounds_of_reductions", "statement", 200)
    assert not found.violated
    assert not found.rejected
    assert len(found.ratios) >= 200


@pytest.mark.parametrize("rule", ["scaling", "gap"])
def test_noise_beyond_delta_turns_a_row_at_the_level(rule: str) -> None:
    """One key at the low level: its output is at the level that delta is measured from."""
    case = CLAIM.case()
    bits = {"left": np.ones((1, 4), np.uint8), "right": np.array([[1, 0, 0, 0]], np.uint8)}
    numbers = {"rule": rule, "scale": "d", "near": 1, "far": 3}
    made = Instance({**bits, "noise": np.ones(1)}, numbers)
    found = DECIDED.measure(made, case)
    assert found is not None
    assert 0.98 < found.ratio <= 0.99
    assert DECIDED.judge(made, case) is Judgement.PASS
    louder = Instance({**bits, "noise": np.full(1, 1.02)}, numbers)
    again = DECIDED.measure(louder, case)
    assert again is not None
    assert again.ratio > 1
    assert DECIDED.judge(louder, case) is Judgement.VIOLATED


def test_rows_between_the_levels_are_outside_the_promise() -> None:
    case = CLAIM.case()
    bits = {"left": np.ones((1, 4), np.uint8), "right": np.array([[1, 1, 0, 0]], np.uint8), "noise": np.ones(1)}
    found = DECIDED.measure(Instance(bits, {"rule": "gap", "scale": "d", "near": 1, "far": 3}), case)
    assert found is not None
    assert found.ratio == 0.0
