"""Counting executed on drawn lists: exact counts within delta, lost just beyond, and near the bound on the way."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from varproof.claims.attack import Instance, Judgement
from varproof.claims.attacks.counting_reduction import COUNTS
from varproof.claims.registry import load_claim

CLAIM = load_claim("counting_reduction")

VARIANTS = [variant.name for variant in load_claim("counting_reduction").falsified]


@pytest.mark.parametrize("name", VARIANTS)
def test_drawn_cases_kill_the_variant(draw: Any, name: str) -> None:
    assert draw("counting_reduction", name, 300).violated


def test_the_statement_survives(draw: Any) -> None:
    found = draw("counting_reduction", "statement", 250)
    assert not found.violated
    assert not found.rejected
    assert len(found.ratios) >= 250


def one_against_all(move: float) -> Instance:
    """S is nearly n at every point: where the bound on the noise is nearly attained."""
    left, right = np.ones((1, 1), np.uint8), np.ones((40, 1), np.uint8)
    right[0] = 0
    return Instance({"left": left, "right": right, "noise": np.full((1, 1), move)}, {"kappa": 2.0**-8, "scale": "d"})


def test_the_ratio_grows_with_the_noise_and_passes_one_beyond_delta() -> None:
    case = CLAIM.case()
    ratios = []
    for move in (0.0, 0.5, 1.0, 1.03):
        found = COUNTS.measure(one_against_all(move), case)
        assert found is not None
        ratios.append(found.ratio)
    assert ratios[0] < 0.6 < ratios[1] < 0.8 < ratios[2] < 1 < ratios[3]
    assert COUNTS.judge(one_against_all(1.0), case) is Judgement.PASS
    assert COUNTS.judge(one_against_all(1.03), case) is Judgement.VIOLATED


def test_a_share_of_the_noise_is_a_share_of_delta() -> None:
    case = CLAIM.case()
    louder = replace(case, constants={**case.constants, "noise": Fraction(103, 100)})
    assert COUNTS.judge(one_against_all(1.0), louder) is Judgement.VIOLATED
    assert COUNTS.judge(one_against_all(0.9), louder) is Judgement.PASS


def test_noise_of_one_direction_hurts_more_than_noise_that_cancels() -> None:
    """The weights of two calls have different signs, and a move is against the count in both."""
    case, bits = CLAIM.case(), {"left": np.ones((1, 2), np.uint8), "right": np.ones((9, 2), np.uint8)}
    ratios = []
    for moves in ([[1.0], [1.0]], [[1.0], [-1.0]]):
        made = Instance({**bits, "noise": np.array(moves)}, {"kappa": 2.0**-8, "scale": "d"})
        found = COUNTS.measure(made, case)
        assert found is not None
        ratios.append(found.ratio)
    assert ratios[0] > 0.95
    assert ratios[1] < 0.9
