"""The pieces of the row bound, each against exact numbers; nothing is certified where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from varproof.approx.softmax_lemma import l1_bound_from_relative_error, relative_error_for
from varproof.attention.polynomial.certificate import (
    Moments,
    Rounding,
    l1_bound,
    magnitude,
    moments,
    relative_bound,
    relative_error_within,
    underflow_bound,
    weighted_bound,
)
from varproof.base.balls import upper_rational

EXACT = Rounding(half_range=1.0, middle=0.0, operations=100, underflow=0.0, dtype="float64", stored="float64")


def column(*entries: float) -> np.ndarray:
    return np.array(entries, dtype=np.float64)


@pytest.mark.parametrize("eps", [0.0, 1e-300, 1e-12, 0.3, 0.6, 0.999, 1 - 2.0**-53])
def test_l1_is_rounded_up_and_tight(eps: float) -> None:
    exact = l1_bound_from_relative_error(Fraction(eps))
    high = exact if isinstance(exact, Fraction) else upper_rational(exact)
    assert high <= Fraction(l1_bound(eps)) <= high * (1 + Fraction(1, 2**45))


@pytest.mark.parametrize("eps", [1.0, 1.5, math.inf, math.nan, -0.1])
def test_l1_of_no_relative_error_is_the_whole_range(eps: float) -> None:
    assert l1_bound(eps) == 2.0


@pytest.mark.parametrize(("delta", "half_range"), [(1e-3, 1.0), (0.5, 3.0), (1.9, 1.0), (1e-12, 1e3), (2e-9, 1e-9)])
def test_error_within_delta_is_rounded_down_and_tight(delta: float, half_range: float) -> None:
    eps = relative_error_within(delta, half_range)
    exact = relative_error_for(Fraction(delta), Fraction(half_range))
    assert eps < 1
    assert exact * (1 - Fraction(1, 2**29)) <= Fraction(eps) <= exact


@pytest.mark.parametrize("delta", [0.0, -1.0, math.nan])
def test_no_delta_no_error(delta: float) -> None:
    assert relative_error_within(delta, 1.0) == 0.0


def powers(squares: Sequence[float], k: int) -> float:
    return math.fsum(math.sqrt(s) ** k for s in squares)


@pytest.mark.parametrize("degree", [0, 1, 2, 5, 8])
def test_moments_bound_the_sums_of_powers_and_are_close(degree: int) -> None:
    squares = np.random.default_rng(0).uniform(0, 1, 200)
    found = moments(np, squares, degree)
    assert len(found.powers) == degree + 1
    for k, bound in enumerate(found.powers):
        truth = powers(squares.tolist(), k)
        assert truth * (1 - 1e-12) <= bound <= truth * (1.2 if k % 2 else 1 + 1e-6)
    half = moments(np, squares[:70], degree) + moments(np, squares[70:], degree)
    assert all(a <= b * (1 + 1e-6) for a, b in zip(half.powers, found.powers, strict=True))


@pytest.mark.parametrize("degree", [0, 1, 2, 7])
def test_magnitude_is_the_polynomial_of_norms(degree: int) -> None:
    rng = np.random.default_rng(degree)
    coefficients = rng.standard_normal(degree + 1).tolist()
    keys = Moments(tuple(rng.uniform(1, 5, degree + 1).tolist()))
    x = np.array([0.0, 0.3, 1.0, 1.9])
    found = magnitude(np, coefficients, keys, x * x)
    truth = sum(abs(a) * x**k * m for k, (a, m) in enumerate(zip(coefficients, keys.powers, strict=True)))
    assert np.all(found >= truth)
    assert np.all(found <= truth * (1 + 1e-8))


@pytest.mark.parametrize("error", [1.0, 1.5, math.inf, math.nan, -0.1])
def test_no_certificate_by_a_polynomial_that_may_vanish(error: float) -> None:
    assert relative_bound(np, column(10.0, 1e300), column(1.0, 1.0), error, EXACT).tolist() == [math.inf, math.inf]


def test_a_large_middle_does_not_turn_a_negative_bound_into_a_certificate() -> None:
    """a = 1.5: a (h + |ratio|)/(1 - a) is negative, and adding the middle back makes it positive again."""
    far = Rounding(1.0, 1e18, 100, 0.0, "float64", "float64")
    assert far.with_last_steps(1.5 / (1 - 1.5)) > 0
    assert weighted_bound(np, column(1.0), column(1.5), column(0.0), column(1.0), column(1.0), far)[0] == math.inf
    # Z^ < 0 gives a < 0, and here a bound above 0 as well
    assert weighted_bound(np, column(-1.0), column(0.5), column(0.0), column(1.0), column(1.0), far)[0] == math.inf
    assert relative_bound(np, column(-1.0), column(1.0), 0.1, far)[0] == math.inf


@pytest.mark.parametrize("normaliser", [0.3, 0.5])
def test_underflow_counts_against_the_normaliser(normaliser: float) -> None:
    flushed = Rounding(1.0, 0.0, 1, 0.5, "float64", "float64")
    assert relative_bound(np, column(normaliser), column(0.0), 0.1, flushed)[0] == math.inf
    # what is left of a must not depend on the guard of the normaliser
    found = weighted_bound(np, column(normaliser), column(-0.5), column(0.0), column(0.0), column(0.0), flushed)
    assert found[0] == math.inf


def test_relative_bound_is_l1_plus_rounding() -> None:
    bound = relative_bound(np, column(10.0), column(20.0), 0.6, EXACT)
    assert bound[0] == pytest.approx(2 / 3 + 2 * EXACT.factor * 2, rel=1e-8)
    wide = Rounding(3.0, 7.0, 100, 0.0, "float64", "float64")
    assert relative_bound(np, column(10.0), column(20.0), 0.6, wide)[0] == pytest.approx(2.0, rel=1e-8)


@pytest.mark.parametrize("normaliser", [0.0, -1.0, 1e-14, math.nan, math.inf, -math.inf])
def test_no_certificate_without_a_normaliser_above_its_rounding(normaliser: float) -> None:
    size = 2.0
    assert normaliser != 1e-14 or normaliser < EXACT.factor * size
    assert relative_bound(np, column(normaliser), column(size), 0.1, EXACT)[0] == math.inf
    found = weighted_bound(np, column(normaliser), column(1e-20), column(0.0), column(size), column(size), EXACT)
    assert found[0] == math.inf


@pytest.mark.parametrize("factor", [1 / (1 - 1e-3), 1.0 + 1e-9])
def test_a_normaliser_just_above_its_rounding_is_certified(factor: float) -> None:
    size = 2.0
    normaliser = EXACT.factor * size * factor
    assert relative_bound(np, column(normaliser), column(size), 0.1, EXACT)[0] >= 2 * 1.0 * 0.99


@pytest.mark.parametrize("share", [1.0, 1.5, math.inf, math.nan, -0.5])
def test_a_majorant_that_eats_the_sum_certifies_nothing(share: float) -> None:
    found = weighted_bound(np, column(10.0), column(10 * share), column(0.1), column(11.0), column(11.0), EXACT)
    assert found[0] == math.inf


def test_a_negative_majorant_certifies_nothing_however_large_the_rounding() -> None:
    noisy = Rounding(1.0, 0.0, 2**44, 0.0, "float64", "float64")
    found = weighted_bound(np, column(1.0), column(-1e-2), column(0.1), column(100.0), column(0.0), noisy)
    assert 2 * noisy.factor * 100 > 0.02
    assert found[0] == math.inf


@pytest.mark.parametrize("ratio", [math.nan, math.inf])
def test_an_output_that_is_no_number_is_not_certified(ratio: float) -> None:
    assert weighted_bound(np, column(1.0), column(0.1), column(ratio), column(1.0), column(1.0), EXACT)[0] == math.inf


def test_weighted_bound_takes_the_better_of_range_and_output() -> None:
    # a = 0.1: by the range 0.2, by the output 0.1 (1 + ratio)/0.9
    by_output = weighted_bound(np, column(1.0), column(0.1), column(0.0), column(1.0), column(1.0), EXACT)[0]
    by_range = weighted_bound(np, column(1.0), column(0.1), column(0.95), column(1.0), column(1.0), EXACT)[0]
    assert by_output == pytest.approx(0.1 / 0.9, rel=1e-8)
    assert by_range == pytest.approx(0.2, rel=1e-8)


def test_weighted_bound_is_attained_by_two_keys() -> None:
    """One key of value 1, the other -1: the weights move from (1, 1) to (1 + w, 1 - w)."""
    w = 0.25
    truth, moved = 0.0, ((1 + w) - (1 - w)) / 2
    bound = weighted_bound(np, column(2.0), column(2 * w), column(moved), column(2.0), column(2.0), EXACT)[0]
    assert abs(moved - truth) <= bound <= 1.7 * abs(moved - truth)


def test_rounding_of_too_many_operations_certifies_nothing() -> None:
    many = Rounding(1.0, 0.0, 2**24, 0.0, "float32", "float32")
    assert many.factor == math.inf
    assert relative_bound(np, column(1.0), column(1.0), 0.1, many)[0] == math.inf


def test_the_last_steps_cover_division_middle_and_cast() -> None:
    rng = np.random.default_rng(1)
    for dtype, stored in (("float64", "float64"), ("float32", "float32"), ("float64", "float32")):
        work, kept = np.dtype(dtype).type, np.dtype(stored).type
        for _ in range(300):
            numerator, z, middle = work(rng.uniform(-1, 1)), work(rng.uniform(1, 2)), work(rng.uniform(-3, 3))
            value = kept(numerator * (work(1) / z) + middle)
            truth = Fraction(float(numerator)) / Fraction(float(z)) + Fraction(float(middle))
            allowed = Rounding(1.0, abs(float(middle)), 1, 0.0, dtype, stored).with_last_steps(0.0)
            assert abs(Fraction(float(value)) - truth) <= Fraction(allowed)


def test_underflow_scales_with_the_smallest_normal_number_and_counts_terms() -> None:
    small = underflow_bound((1.0, 1.0), 4, 5, 100, 1.0, 1.0, "float64")
    assert 0 < small < 1e-300
    single = underflow_bound((1.0, 1.0), 4, 5, 100, 1.0, 1.0, "float32")
    assert single == pytest.approx(small * 2.0**896, rel=1e-9, abs=0)
    assert underflow_bound((1.0, 1.0), 4, 5, 200, 1.0, 1.0, "float32") == pytest.approx(2 * single, rel=1e-9, abs=0)
    flushed = Rounding(1.0, 0.0, 1, 0.5, "float64", "float64")
    assert relative_bound(np, column(10.0), column(1.0), 0.0, flushed)[0] >= 0.1


def test_underflow_of_monomials_grows_with_the_queries() -> None:
    """A factor may exceed 1 by the grid: a product lost at degree 1 is multiplied up to size^(g-1) on."""
    one, three = (underflow_bound((1.0,) * 5, 2, 15, 10, 1.0, size, "float64") for size in (1.0, 3.0))
    assert three >= 3**4 * one


def test_the_rounding_of_the_majorant_is_part_of_it() -> None:
    noisy = Rounding(1.0, 0.0, 2**50, 0.0, "float64", "float64")  # gamma_m = 1/7
    without = weighted_bound(np, column(1.0), column(0.1), column(0.0), column(0.0), column(0.0), noisy)[0]
    found = weighted_bound(np, column(1.0), column(0.1), column(0.0), column(0.0), column(1.4), noisy)[0]
    assert without == pytest.approx(0.1 / 0.9, rel=1e-8)
    assert found == pytest.approx(0.3 / 0.7, rel=1e-8)  # a = 0.1 + 1.4/7


def test_moments_of_very_many_keys_leave_room_for_their_own_sum() -> None:
    """Sums of n terms in any order err by n u relative: more than a fixed factor covers from ten million on."""
    keys = 10**7
    found = moments(np, np.broadcast_to(np.float64(1.0), (keys,)), 2).powers[2]
    assert found >= keys * (1 + 1e-9 + keys * 2.0**-53)
