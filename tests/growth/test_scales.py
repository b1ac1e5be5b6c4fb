"""Score scales: bounds are met by real vectors, conversions invert each other, bad input is refused."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from varproof.base.balls import ball, to_float
from varproof.base.errors import InputError
from varproof.growth.scales import ScoreScale, convert_entry_bound, half_range, parse_scale

DOT = ("d", "sqrt", "one")
bounds = st.fractions(min_value=Fraction(1, 100), max_value=100, max_denominator=100)
dims = st.integers(1, 200)


@pytest.mark.parametrize(("name", "d", "expected"), [("d", 64, 9), ("sqrt", 64, 72), ("one", 64, 576)])
def test_logit_bounds_are_exact(name: str, d: int, expected: int) -> None:
    assert parse_scale(name).logit_bound(d, 3) == expected


def close(left: arb | Fraction | int, right: arb | Fraction | int) -> bool:
    """Equal when exact, otherwise enclosed together within 2^-100 of their size."""
    if not isinstance(left, arb) and not isinstance(right, arb):
        return left == right
    with ctx.workprec(256):
        difference = abs(ball(left) - ball(right))
        return difference.contains(0) and bool(difference < ball(right) * arb(2) ** -100)


def test_gamma() -> None:
    assert parse_scale("d").gamma(64) == Fraction(1, 64)
    assert parse_scale("sqrt").gamma(64) == Fraction(1, 8)
    assert parse_scale("one").gamma(64) == 1
    assert isinstance(parse_scale("sqrt").gamma(2), arb)


@given(st.sampled_from(DOT), st.integers(1, 40), st.integers(0, 10**6))
def test_random_scores_stay_below_the_bound_and_constant_rows_attain_it(name: str, d: int, seed: int) -> None:
    scale = parse_scale(name)
    q, k = np.random.default_rng(seed).uniform(-3, 3, (2, 20, d))
    gamma, bound = to_float(scale.gamma(d)), to_float(scale.logit_bound(d, 3))
    assert np.abs(gamma * q @ k.T).max() <= bound
    assert math.isclose(gamma * 9 * d, bound, rel_tol=1e-14)


@given(st.sampled_from(DOT), dims, bounds)
def test_entry_bound_inverts_logit_bound(name: str, d: int, bound: Fraction) -> None:
    scale = parse_scale(name)
    back = scale.entry_bound(d, scale.logit_bound(d, bound))
    assert close(back, bound)


@given(st.sampled_from(DOT), st.sampled_from(DOT), dims, bounds)
def test_conversion_keeps_the_scores(source: str, target: str, d: int, bound: Fraction) -> None:
    old, new = parse_scale(source), parse_scale(target)
    converted = convert_entry_bound(bound, d, old, new)
    left, right = new.logit_bound(d, converted), old.logit_bound(d, bound)
    assert close(left, right)
    assert math.isclose(to_float(converted), to_float(bound) * math.sqrt(_gamma(source, d) / _gamma(target, d)))


def _gamma(name: str, d: int) -> float:
    return {"d": 1 / d, "sqrt": d**-0.5, "one": 1.0}[name]


def test_cosine_range() -> None:
    cosine = parse_scale("cosine:4")
    assert cosine.logit_bound(64) == 4
    assert cosine.entry_range(64) == (2, 16)
    assert cosine.entry_range(64, "one") == (Fraction(1, 4), 2)
    low, high = cosine.entry_range(16, "sqrt")
    assert (low, high) == (1, 4)


@given(st.integers(1, 30), st.integers(0, 10**6))
def test_cosine_range_holds_for_real_vectors_and_is_attained(d: int, seed: int) -> None:
    low, high = (to_float(end) for end in parse_scale("cosine:7").entry_range(d))
    q = np.random.default_rng(seed).normal(size=(50, d))
    balanced = math.sqrt(7 * d) * q / np.linalg.norm(q, axis=1, keepdims=True)  # length sqrt(S / gamma), gamma = 1/d
    largest = np.abs(balanced).max(axis=1)
    assert largest.min() >= low * (1 - 1e-12)
    assert largest.max() <= high * (1 + 1e-12)
    assert math.isclose(math.sqrt(7 * d) / math.sqrt(d), low)
    assert math.isclose(math.sqrt(7 * d), high)


@given(st.lists(st.lists(bounds, min_size=3, max_size=3), min_size=1, max_size=5))
def test_half_range_is_the_smallest_bound_after_a_shift(rows: list[list[Fraction]]) -> None:
    h = half_range(rows)
    assert h == max(max(abs(x - (max(row) + min(row)) / 2) for x in row) for row in rows)
    assert h <= max(abs(x) for row in rows for x in row)


def test_symbols_pass_through() -> None:
    d, r = sympy.symbols("d R", positive=True)
    assert parse_scale("sqrt").logit_bound(d, r) == sympy.sqrt(d) * r**2
    assert parse_scale("one").entry_bound(d, r) == sympy.sqrt(r / d)
    assert parse_scale("sqrt").logit_bound(2, r) == sympy.sqrt(2) * r**2
    assert ScoreScale("cosine", r).entry_range(d) == (sympy.sqrt(r), sympy.sqrt(r) * sympy.sqrt(d))


@pytest.mark.parametrize(
    "text", ["", "D2", "cosine", "cosine:", "cosine:0", "cosine:-1", "cosine:nan", "d:2", "1/d", "cosine:x"]
)
def test_bad_scale_texts_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_scale(text)


@pytest.mark.parametrize(
    "call",
    [
        lambda: parse_scale(4),
        lambda: ScoreScale("cosine"),
        lambda: ScoreScale("d", 3),
        lambda: ScoreScale("e"),
        lambda: parse_scale("d").logit_bound(64),
        lambda: parse_scale("d").logit_bound(0, 1),
        lambda: parse_scale("one").logit_bound(-3, 1),
        lambda: parse_scale("d").logit_bound(64, 0),
        lambda: parse_scale("d").logit_bound(64, 0.5),
        lambda: parse_scale("d").entry_bound(64, -1),
        lambda: parse_scale("d").entry_bound(64, arb("inf")),
        lambda: parse_scale("d").entry_bound(64, arb("nan")),
        lambda: parse_scale("d").entry_range(64),
        lambda: parse_scale("cosine:4").entry_bound(64, 1),
        lambda: parse_scale("cosine:4").gamma(64),
        lambda: parse_scale("d").logit_bound(sympy.Integer(-2), 1),
        lambda: half_range([]),
        lambda: half_range([[]]),
        lambda: half_range([[0.5, 1]]),
    ],
)
def test_bad_values_are_refused(call) -> None:
    with pytest.raises(InputError):
        call()
