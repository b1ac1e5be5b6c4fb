"""The bound on the feature map of the reference model, and the exact pass that it is held against."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import reconstruction_bound
from varproof.claims.kernel_values_in_unit_interval import CLAIM
from varproof.claims.reconstruction_bound import (
    drawn_weights,
    largest_entry,
    phi_norm,
    reconstruction,
    small_model,
)
from varproof.growth.schedules import Schedule
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.models.reference_tokens import feature_map


def case(*schedules: str, bound: Fraction = Fraction(121, 64)):
    return replace(CLAIM.case(), cells={"schedule": schedules}, constants={**CLAIM.constants, "bound": bound})


def test_the_bound_holds_and_is_attained_on_two_scales():
    assert reconstruction(case("4-5", "1-2-3-5")).verdict is Verdict.PROVED


@pytest.mark.parametrize("shift", [Fraction(1, 10**30), -Fraction(1, 10**30)])
def test_the_attained_bound_cannot_move_at_all(shift):
    found = reconstruction(case("4-5", bound=Fraction(121, 64) + shift))
    assert found.verdict is Verdict.REFUTED
    assert found.evidence["counterexamples"][0]["ids"] == "signs of weights"


def test_a_pass_that_adds_a_scale_twice_is_noticed(monkeypatch):
    honest = reconstruction_bound.feature_map
    monkeypatch.setattr(reconstruction_bound, "feature_map", lambda *pass_: honest(*pass_) * 2)
    assert reconstruction(case("4-5")).verdict is Verdict.REFUTED


def test_the_exact_pass_is_the_float_pass():
    config = small_model(Schedule((1, 2, 3, 5)), 0.5)
    weights, rng = drawn_weights(config), np.random.default_rng(1)
    ids = [rng.integers(0, 2, (side, side)) for side in config.schedule.sides]
    floats = {name: array.astype(np.float64) for name, array in weights.items()}
    expected = np.abs(feature_map(Plain(numpy_like()), floats, config, ids)).max()
    assert float(largest_entry(config, weights, ids)) == pytest.approx(expected, rel=1e-12)


def test_the_norm_of_phi_has_the_identity_on_the_centre_tap():
    kernel = np.full((1, 1, 3, 3), Fraction(-1, 4))
    assert phi_norm(kernel, Fraction(1)) == Fraction(9, 4)
    assert phi_norm(kernel, Fraction(1, 2)) == Fraction(8, 8) + Fraction(1, 2) - Fraction(1, 8)
    assert phi_norm(kernel, Fraction(0)) == 1


@pytest.mark.parametrize("schedule", ["5", "1-16"])
def test_cells_without_meaning_are_refused(schedule):
    with pytest.raises(InputError):
        reconstruction(case(schedule))
