"""Worst noise: outputs really move by almost factor times delta, the right way, and never by more."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from reductions.core.answer import Outputs
from reductions.oracles.exact import ExactOracle
from reductions.oracles.worst_noise import WorstNoise
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import ball, dyadic, lower_rational, upper_rational
from varproof.base.errors import InputError


@dataclass(frozen=True)
class Given:
    """An oracle of outputs that are known exactly, or within `error`."""

    values: Any
    error: Fraction = Fraction(0)
    name: str = "given"

    def outputs(self, instance: Any) -> Outputs:
        return Outputs(self.values, self.error)


def instance(delta: Fraction, adverse: int, keys: int = 2, columns: int = 1) -> ApproximateAttention:
    zeros = np.zeros((keys, 1), dtype=int)
    return ApproximateAttention(zeros, zeros, np.ones((keys, columns), dtype=int), delta, adverse=adverse)


def exactly(values: Any) -> list[Fraction]:
    return [dyadic(x) if isinstance(x, arb) else Fraction(x) for x in np.asarray(values).ravel().tolist()]


@pytest.mark.parametrize("dtype", ["float64", "arb"])
@pytest.mark.parametrize("factor", [Fraction(99, 100), Fraction(101, 100)])
def test_outputs_are_almost_factor_delta_off(dtype: str, factor: Fraction) -> None:
    oracle = WorstNoise(ExactOracle(dtype), factor)
    for case in islice(ApproximateAttention.samples(4), 60):
        exact, found = case.solve().outputs, oracle.outputs(case)
        short = 2 * ExactOracle(dtype).outputs(case).error + case.delta / 2**38
        assert exact is not None
        if dtype == "float64" and case.delta < Fraction(1, 10**12):
            continue  # floats are no better than delta there
        assert found.error == case.delta
        with ctx.workprec(400):
            for moved, true in zip(exactly(found.values), exact.values.ravel(), strict=True):
                off = ball(moved) - true
                assert upper_rational(abs(off)) <= factor * case.delta + exact.error
                assert lower_rational(abs(off)) >= factor * case.delta - short - exact.error
                up = case.adverse == 1 or (case.adverse == 0 and bool(true < ball(Fraction(1, 2))))
                if case.adverse or not true.contains(ball(Fraction(1, 2))):
                    assert bool(off > 0) == up


def test_towards_one_half_goes_past_it() -> None:
    values = np.array([[0.4], [0.6], [0.5], [-3.0], [7.0]])
    found = WorstNoise(Given(values), Fraction(1)).outputs(instance(Fraction(1, 4), 0))
    assert found.values.ravel().tolist() == pytest.approx([0.65, 0.35, 0.75, -2.75, 6.75])


@pytest.mark.parametrize("adverse", [-1, 0, 1])
def test_no_rounding_carries_a_float_further(adverse: int) -> None:
    """Deltas that are no floats, and outputs next to powers of two: the distance never exceeds factor times delta."""
    rng = np.random.default_rng(1)
    near = np.array([1.0, 0.5, 0.25, np.nextafter(1, 0), np.nextafter(0.5, 1), 0.0, 1e-300, 1e9])
    values = np.concatenate([near, rng.random(2000), rng.standard_normal(500) * 1e6])[:, None]
    for delta in (Fraction(1, 3), Fraction(1, 10), Fraction(1, 10**9), Fraction(1, 10**16), Fraction(10**7, 3)):
        moved = WorstNoise(Given(values), Fraction(99, 100)).outputs(instance(delta, adverse)).values
        sizes = [abs(b - a) for a, b in zip(exactly(values), exactly(moved), strict=True)]
        assert max(sizes) <= Fraction(99, 100) * delta
        assert delta < Fraction(1, 10**8) or min(sizes) > Fraction(98, 100) * delta


def test_the_error_of_the_base_is_taken_from_the_move() -> None:
    delta = Fraction(1, 8)
    base = Given(np.array([[0.5]]), Fraction(1, 16))
    found = WorstNoise(base, Fraction(1)).outputs(instance(delta, 1))
    assert found.values[0, 0] == pytest.approx(0.5 + 1 / 16)
    assert found.error == delta


def test_a_base_worse_than_delta_is_left_alone_and_its_error_reported() -> None:
    base = Given(np.array([[0.25]]), Fraction(1, 2))
    found = WorstNoise(base).outputs(instance(Fraction(1, 8), 1))
    assert (found.values[0, 0], found.error) == (0.25, Fraction(1, 2))


def test_balls_keep_hundreds_of_digits() -> None:
    delta = Fraction(1, 10**300)
    case = instance(delta, 1)
    found = WorstNoise(ExactOracle("arb")).outputs(case)
    off = exactly(found.values)[0] - 1
    assert Fraction(98, 100) * delta < off <= Fraction(99, 100) * delta
    assert all(x.is_exact() for x in found.values.ravel())


def test_var_attention_brings_its_own_direction() -> None:
    for case in islice(VarAttention.samples(2), 12):
        exact, moved = (oracle.outputs(case).values for oracle in (ExactOracle(), WorstNoise(ExactOracle())))
        if case.adverse:
            assert (np.sign(moved - exact) == case.adverse).all()


@pytest.mark.parametrize("factor", [Fraction(0), Fraction(-1), 0.99])
def test_other_factors_are_refused(factor: Any) -> None:
    with pytest.raises(InputError, match="factor"):
        WorstNoise(ExactOracle(), factor)
