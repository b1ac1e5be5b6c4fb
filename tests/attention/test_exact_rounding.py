"""The rounding bound of exact attention: each term against the arithmetic that it stands for."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from varproof.attention.exact.blocks import KEY_BLOCK, Partial, block_roundings, merge
from varproof.attention.exact.frame import chunk_length, frame, key_block
from varproof.attention.exact.output import finish, score_bounds, score_roundings
from varproof.attention.exact.rounding import EXPONENTIAL, Roundings, output_error, row_norms
from varproof.base.tolerances import UNIT_ROUNDOFF


def counts(dtype: str = "float64", head_dim: int = 4, keys: int = 100) -> Roundings:
    sums, merges = block_roundings(keys, 32, shifted=True)
    return Roundings(dtype, head_dim, keys, score_roundings(head_dim, 0), sums, merges)


def test_norms_survive_any_size() -> None:
    for size in (1e-320, 1e-200, 1.0, 1e200, 1e307):
        x = np.array([[3.0, -4.0]]) * size
        exact = sum(Fraction(entry) ** 2 for entry in x[0].tolist())
        found = Fraction(float(row_norms(np, x)[0]))
        assert abs(found**2 - exact) <= exact * Fraction(2) ** -48
    assert row_norms(np, np.zeros((2, 3))).tolist() == [0.0, 0.0]
    with np.errstate(over="ignore"):
        assert row_norms(np, np.full((1, 4), 1.7e308)).tolist() == [math.inf]


def test_score_bounds_are_upper_bounds() -> None:
    rng = np.random.default_rng(1)
    q, k = rng.standard_normal((50, 3)), rng.standard_normal((60, 3))
    at = frame(np, k, k)
    keys = key_block(np, k, k, at)
    _, bound = score_bounds(np, q, -0.7, keys.key_bound)
    centred = [[Fraction(a) - Fraction(b) for a, b in zip(row, at.centre.tolist(), strict=True)] for row in k.tolist()]
    for row in range(50):
        query = [Fraction(a) for a in q[row].tolist()]
        exact = [sum((a * b for a, b in zip(query, key, strict=True)), Fraction(0)) for key in centred]
        assert max(abs(score) for score in exact) * Fraction(0.7) <= Fraction(float(bound[row]))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_exponential_errs_by_at_most_what_is_counted(dtype: str) -> None:
    x = np.linspace(-80, 80, 200_001).astype(dtype)
    wide = x.astype(np.longdouble)
    error = np.abs(np.log(np.exp(x).astype(np.longdouble)) - wide).max()
    # the logarithm in extended precision is good to 2^-63 relative to 80
    assert error <= EXPONENTIAL[dtype] * UNIT_ROUNDOFF[dtype] + 80 * 2.0**-62


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scores_err_by_less_than_the_bound(dtype: str) -> None:
    rng = np.random.default_rng(2)
    q, k = (rng.standard_normal((30, 16)).astype(dtype) for _ in range(2))
    gamma = 0.3
    at = frame(np, k, k)
    keys = key_block(np, k, k, at)
    query_bound, score_bound = score_bounds(np, q, gamma, keys.key_bound)
    bound = counts(dtype, 16).score_error(np, score_bound, query_bound, keys.key_bound, shifted=False)
    computed = (q * np.asarray(gamma, dtype)) @ keys.k.T
    worst = 0.0
    for i in range(30):
        for j in range(30):
            exact = Fraction(gamma) * sum(
                Fraction(float(a)) * (Fraction(float(b)) - Fraction(float(c)))
                for a, b, c in zip(q[i], k[j], at.centre, strict=True)
            )
            worst = max(worst, float(abs(Fraction(float(computed[i, j])) - exact) / Fraction(float(bound[i]))))
    assert 0.02 < worst < 1


def test_a_shift_costs_and_overflow_leaves_no_bound() -> None:
    one, big = np.array([1.0]), np.array([1e40])
    plain = counts("float32").score_error(np, one, one, 1.0, shifted=False)
    moved = counts("float32").score_error(np, one, one, 1.0, shifted=True)
    assert moved[0] > plain[0] + 5 * 2.0**-24
    assert counts("float32").score_error(np, one, big, 1e-40, shifted=False)[0] == math.inf
    assert counts("float64").score_error(np, one, big, 1e-40, shifted=False)[0] < 1e-12


def test_subnormal_scores_are_paid_for() -> None:
    """A query flushed to zero beside a key of 1e300 moves the score by up to 1e-8."""
    small = counts().score_error(np, np.array([1e-9]), np.array([1e-309]), 1e300, shifted=False)
    assert small[0] >= 1e300 * 2.0**-1022


@pytest.mark.parametrize("normaliser", [math.inf, math.nan, 0.0, -1.0])
def test_sums_that_mean_nothing_get_the_range(normaliser: float) -> None:
    at = frame(np, np.zeros((2, 1)), np.array([[0.0], [3.0]]))
    part = Partial(np.array([[0.25, 0.25], [normaliser, 1.0]]))
    with np.errstate(all="ignore"):
        values, bound = finish(
            np,
            part,
            at,
            counts(),
            query_bound=np.array([1.0, 1.0]),
            score_bound=np.array([1.0, 1.0]),
            key_bound=1.0,
            dtype=np.dtype(np.float64),
        )
    assert 3 <= bound[0] < 3.001
    assert bound[1] < 1e-12
    assert 0 <= values.min() <= values.max() <= 3


def test_too_many_roundings_leave_no_bound() -> None:
    assert counts("float32", keys=2**30).sum_error() < 1
    assert Roundings("float32", 1, 10, 4, 2**24, 1).sum_error() == math.inf
    assert Roundings("float32", 1, 10, 4, 2**23, 1).sum_error() > 0.9


def test_output_error_covers_weights_moved_to_the_extreme() -> None:
    """Two keys, values +-1: weights off by exp(+-eta) move the output by 2 tanh(eta/2) from tanh(-eta/2) on."""
    eta = 0.01
    exact = math.tanh(-eta / 2)
    first, second = math.exp(-eta / 2 + eta), math.exp(eta / 2 - eta)
    ratio = (first - second) / (first + second)
    bound = output_error(
        np,
        ratio=np.array([[ratio]]),
        normaliser=np.array([first + second]),
        half=np.array([[1.0]]),
        score_error=np.array([eta]),
        sum_error=0.0,
        underflow=0.0,
    )
    assert 0.99 * bound[0, 0] < ratio - exact <= bound[0, 0]
    short = output_error(
        np,
        ratio=np.array([[ratio]]),
        normaliser=np.array([first + second]),
        half=np.array([[1.0]]),
        score_error=np.array([0.98 * eta]),
        sum_error=0.0,
        underflow=0.0,
    )
    assert ratio - exact > short[0, 0]


def test_output_error_covers_sums_moved_to_the_extreme() -> None:
    """Every term of the numerator up and of the normaliser down by the error allowed, all values equal to `half`."""
    error = 1e-3
    ratio = (1 + error) / (1 - error)
    bound = output_error(
        np,
        ratio=np.array([[ratio]]),
        normaliser=np.array([1 - error]),
        half=np.array([[1.0]]),
        score_error=np.array([0.0]),
        sum_error=error / (1 - error),
        underflow=0.0,
    )
    assert 0.99 * bound[0, 0] < ratio - 1 <= bound[0, 0]


def test_a_normaliser_near_underflow_is_paid_for() -> None:
    def bound(normaliser: float) -> float:
        found = output_error(
            np,
            ratio=np.array([[0.5]]),
            normaliser=np.array([normaliser]),
            half=np.array([[1.0]]),
            score_error=np.array([1e-15]),
            sum_error=1e-15,
            underflow=counts().underflow(shifted=False),
        )
        return float(found[0, 0])

    assert bound(1.0) < 1e-14
    assert bound(1e-304) > 1e-3


def test_block_roundings_follow_the_loops() -> None:
    assert block_roundings(1, 32, shifted=False) == (3, 1)
    assert block_roundings(64, 64, shifted=False) == (66, 1)
    sums, merges = block_roundings(10 * KEY_BLOCK, 32, shifted=True)
    assert sums == 34 + math.log2(KEY_BLOCK // 32)
    assert merges == 20
    for columns in (1, 8, 9, 32, 33, 500):
        assert KEY_BLOCK % chunk_length(columns) == 0


def test_partial_sums_merge_in_any_order() -> None:
    rng = np.random.default_rng(3)
    parts = [Partial(rng.random((3, 2)), np.array([shift, -shift])) for shift in (0.0, 5.0, -2.0)]
    one = merge(np, merge(np, parts[0], parts[1]), parts[2])
    two = merge(np, parts[0], merge(np, parts[2], parts[1]))
    expected = sum(part.sums * np.exp(part.shift) for part in parts)
    for found in (one, two):
        assert found.shift.tolist() == [5.0, 2.0]
        assert np.allclose(found.sums * np.exp(found.shift), expected, rtol=1e-14)
    empty = Partial(np.zeros((3, 2)), np.full(2, -math.inf))
    with np.errstate(invalid="ignore"):
        kept = merge(np, empty, parts[0])
        assert (merge(np, empty, empty).sums == 0).all()
    assert (kept.sums == parts[0].sums).all()
    with pytest.raises(ValueError, match="do not merge"):
        merge(np, parts[0], Partial(np.zeros((3, 2))))


def test_every_term_of_the_proof_is_in_the_bound() -> None:
    """Lemmas 1 to 3 of docs/explanation/exact-attention.md, evaluated here from their statements."""
    assert [score_roundings(d, r) for d, r in ((1, 0), (8, 1), (64, 2))] == [4, 12, 69]
    for dtype, unit, smallest, floor, slack in (
        ("float64", 2.0**-53, 2.0**-1022, -690.0, 300.0),
        ("float32", 2.0**-24, 2.0**-126, -80.0, 30.0),
    ):
        one = Roundings(dtype, 4, 1000, scores=7, sums=40, merges=9, joins=3)
        bound = np.array([1000.0])
        plain, shifted = (one.score_error(np, bound, bound, 1.0, shifted=way)[0] for way in (False, True))
        assert 1.001 >= plain / ((7 * 1000 + EXPONENTIAL[dtype]) * unit) >= 1.0
        assert shifted - plain >= (5 * 1000 + 4 * EXPONENTIAL[dtype]) * unit * 0.999
        assert one.sum_error() >= 40 * unit + 9 * 2.0**-53
        if dtype == "float64":
            assert one.sum_error() >= 49 * unit
        lost = (smallest + math.exp(floor)) * math.exp(slack)
        assert one.underflow(shifted=True) >= 8 * (1000 + 9) * lost * 0.999
        assert one.underflow(shifted=False) == 8 * (1000 + 9) * smallest
