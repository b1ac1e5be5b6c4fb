"""Extrapolation: alternating noise and extremal nodes attain the bound, what lies beyond the hypotheses breaks it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from varproof.claims.attack import Instance, Judgement
from varproof.claims.attacks.extrapolation_weights import COUNT, NODES, OUTPUT, POLYNOMIAL
from varproof.claims.registry import load_claim

CLAIM = load_claim("extrapolation_weights")

VARIANTS = [variant.name for variant in load_claim("extrapolation_weights").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("extrapolation_weights", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("extrapolation_weights", "statement", 800)
    assert not found.violated
    assert not found.rejected
    assert len(found.ratios) >= 800
    assert max(found.ratios) > 0.999


@pytest.mark.parametrize("degree", [1, 3, 7, 33])
def test_alternating_noise_attains_the_sum(degree: int) -> None:
    case = CLAIM.case()
    noise = (-1.0) ** np.arange(degree, -1, -1)
    numbers = {"half_decay": 0.7}
    made = Instance({"coefficients": np.linspace(-9, 8, degree + 1), "noise": noise}, numbers)
    found = POLYNOMIAL.measure(made, case)
    assert found is not None
    assert abs(found.ratio - 1) < 1e-9
    assert POLYNOMIAL.judge(made, case) is Judgement.PASS
    louder = Instance({**made.arrays, "noise": noise * (1 + 1e-9)}, numbers)
    assert POLYNOMIAL.judge(louder, case) is Judgement.VIOLATED


def test_extremal_nodes_have_the_least_sum() -> None:
    case = CLAIM.case()
    ratios = []
    for places in ([0.0, 0.25, 0.75, 1.0], [0.0, 0.3, 0.75, 1.0], [0.0, 1 / 3, 2 / 3, 1.0]):
        made = Instance({"places": np.array(places)}, {"half_decay": 0.5})
        found = NODES.measure(made, case)
        assert found is not None
        assert NODES.judge(made, case) is Judgement.PASS
        ratios.append(found.ratio)
    assert abs(ratios[0] - 1) < 1e-12
    assert ratios[1] < 0.999
    assert ratios[2] < 0.999
    assert NODES.measure(Instance({"places": np.array([0.5, 0.5])}, {"half_decay": 0.5}), case) is None


def test_a_count_is_lost_just_beyond_the_noise() -> None:
    case = CLAIM.case()
    for degree in (1, 2, 5):
        counts = np.zeros(degree + 1, dtype=np.int64)
        counts[0] = 9
        noise = -((-1.0) ** np.arange(degree - 1, -1, -1))
        made = Instance({"counts": counts, "noise": noise}, {"half_decay": 0.6})
        found = COUNT.measure(made, case)
        assert found is not None
        assert COUNT.judge(made, case) is Judgement.PASS
        assert 0.95 < found.ratio < 1 + 1e-9
        assert (
            COUNT.judge(Instance({"counts": counts, "noise": 1.05 * noise}, made.numbers), case) is Judgement.VIOLATED
        )


def test_one_output_attains_its_bound_at_the_largest_sum() -> None:
    case = CLAIM.case()
    made = Instance({"share": np.ones(1), "noise": -np.ones(1)}, {"keys": 12, "delta": 0.5})
    found = OUTPUT.measure(made, case)
    assert found is not None
    assert found.ratio == 1.0
    assert OUTPUT.judge(made, case) is Judgement.PASS
    half = OUTPUT.measure(Instance({"share": np.ones(1) / 2, "noise": -np.ones(1)}, made.numbers), case)
    assert half is not None
    assert half.ratio < Fraction(1, 2)
