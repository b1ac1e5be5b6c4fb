"""Exact inner products: floats, int64 and long integers give the same numbers as fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from reductions.problems import exact_scores
from reductions.problems.attention import ApproximateAttention
from reductions.problems.exact_scores import ExactScores, as_integers


def products(case: ApproximateAttention) -> list[list[Fraction]]:
    unit = case.query_unit * case.key_unit
    return [
        [
            unit * sum((Fraction(a) * Fraction(b) for a, b in zip(q, k, strict=True)), Fraction(0))
            for k in case.keys.tolist()
        ]
        for q in case.queries.tolist()
    ]


def found(case: ApproximateAttention) -> list[list[Fraction]]:
    scores = ExactScores.of(case)
    return [[scores.unit * int(entry) for entry in row] for _, row, _ in scores.rows()]


def test_floats_are_integers_times_a_power_of_two() -> None:
    rng = np.random.default_rng(0)
    quarters = rng.integers(-(2**58), 2**58, (20, 3)) // 2**10 / 4
    wild = rng.standard_normal((20, 3)) * 2.0 ** rng.integers(-300, 300, (20, 3))
    edges = np.array([[0.0, -0.0, 5e-324], [5e-324 * 3, -5e-324, 0.0]])
    ends = np.array([[1.7e308, 5e-324, -1.0], [0.5, np.nextafter(1.0, 2.0), 0.0]])
    for array, long in ((quarters, False), (wild, True), (edges, False), (ends, True), (0 * edges, False)):
        numbers, exponent = as_integers(array)
        again = [Fraction(int(x)) * Fraction(2) ** exponent for x in numbers.ravel()]
        assert again == [Fraction(x) for x in array.ravel().tolist()]
        assert (numbers.dtype == object) == long


def test_products_are_exact_in_samples() -> None:
    for case in islice(ApproximateAttention.samples(5), 80):
        assert found(case) == products(case)


@pytest.mark.parametrize("bits", [20, 25, 29, 31, 50, 62])
def test_products_are_exact_at_all_lengths(bits: int) -> None:
    """Below 2^53 in floats, below 2^62 in int64, above in Python integers: each one just used to its limit."""
    rng = np.random.default_rng(bits)
    q, k = (rng.integers(-(2**bits), 2**bits + 1, (n, 5)) for n in (3, 4))
    q[0], k[0] = 2**bits, 2**bits  # the largest sums there are
    k[1] = -(2**bits)
    case = ApproximateAttention(q, k, np.ones((4, 1), dtype=int), Fraction(1))
    assert found(case) == products(case)
    scores = ExactScores.of(case)
    assert scores.bound == 5 * 4**bits
    assert scores.products(slice(0, 1)).dtype == (object if bits >= 31 else np.int64)


def test_odd_sums_next_to_the_limit_of_floats_stay_odd() -> None:
    """2^53 + 1 is no float64: products from 2^53 on must not go through one."""
    case = ApproximateAttention(np.array([[2**27, 1]]), np.array([[2**26, 1], [2**26, 0]]), np.eye(2), Fraction(1))
    assert found(case) == [[Fraction(2**53 + 1), Fraction(2**53)]]


def test_blocks_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    q, k = rng.integers(-3, 4, (11, 2)), rng.integers(-3, 4, (4, 2))
    levels = (rng.integers(0, 3, 11), np.array([0, 0, 1, 2]))
    case = ApproximateAttention(q, k, np.ones((4, 1), dtype=int), Fraction(1), levels=levels)
    whole = [(i, row.tolist(), seen) for i, row, seen in ExactScores.of(case).rows()]
    monkeypatch.setattr(exact_scores, "BLOCK", 12)
    parts = [(i, row.tolist(), seen) for i, row, seen in ExactScores.of(case).rows()]
    assert [x[:2] for x in parts] == [x[:2] for x in whole]
    for i, _, seen in parts:
        assert seen is not None
        assert seen.tolist() == [levels[1][j] <= levels[0][i] for j in range(4)]


def test_long_entries_that_meet_only_zeros_are_no_obstacle() -> None:
    """The bound on products is 0 here, and the entries are still too long for floats and for int64."""
    far, zero = np.array([[2.0**-1000], [2.0**900]]), np.array([[0.0], [0.0]])
    for queries, keys in ((zero, far), (far, zero)):
        scores = ExactScores.of(ApproximateAttention(queries, keys, np.array([[1], [0]]), Fraction(1, 4)))
        assert scores.bound == 0
        assert scores.products(slice(None)).tolist() == [[0, 0], [0, 0]]
