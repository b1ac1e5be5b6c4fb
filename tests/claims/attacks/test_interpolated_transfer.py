"""Drawn token maps through interpolation: outputs change by less than the bound, and come near it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from varproof.claims.attack import Instance, Judgement
from varproof.claims.attacks.interpolated_transfer import CHANGE
from varproof.claims.registry import load_claim

CLAIM = load_claim("interpolated_transfer")

VARIANTS = [variant.name for variant in load_claim("interpolated_transfer").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("interpolated_transfer", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("interpolated_transfer", "statement", 60)
    assert not found.violated
    assert found.rejected <= 15
    assert len(found.ratios) >= 45


def test_changes_come_within_a_factor_of_ten_of_the_bound() -> None:
    case, rng = CLAIM.case(), np.random.default_rng(5)
    found = [CHANGE.measure(CHANGE.build(CHANGE.space.sample(rng), case), case) for _ in range(100)]
    ratios = [each.ratio for each in found if each is not None]
    assert len(ratios) > 60
    assert 0.1 < max(ratios) <= 1


def test_values_of_zero_are_no_case_and_one_value_is() -> None:
    case, zero = CLAIM.case(), np.zeros((2, 1))
    numbers = {"sides": "7,3: 14 to 28", "kernel": "bicubic", "scale": "d", "digits": 4}
    arrays = {"queries": np.ones((1, 1)), "keys": np.ones((2, 1)), "values": zero}
    assert CHANGE.measure(Instance(arrays, numbers), case) is None
    made = Instance({**arrays, "values": np.array([[1.0], [0.0]])}, numbers)
    assert CHANGE.measure(made, case) is not None
    assert CHANGE.judge(made, case) is Judgement.PASS
