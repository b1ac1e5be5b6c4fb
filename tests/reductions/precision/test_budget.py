"""The bits a budget asks for, against arithmetic of that many bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb, ctx

from reductions.precision.budget import SIGNIFICAND_BITS, bits_needed, budget
from varproof.base.balls import ball


def softmax(scores, values):
    weights = np.exp(scores)
    total = sum_in_order(weights)
    return sum_in_order(weights * values) / total


def sum_in_order(numbers):
    total = numbers.dtype.type(0)
    for number in numbers:
        total += number
    return total


def test_float32_stays_within_the_error_it_is_counted_with():
    """Worst of many rows: |o32 - o| <= (3B/2 + n + 4) 2^-24, with the exact row in balls."""
    rng = np.random.default_rng(1)
    for keys, bound in ((5, 2.0), (300, 20.0), (300, 0.5)):
        for _ in range(10):
            scores = rng.uniform(-bound, bound, keys)
            values = rng.integers(0, 2, keys)
            found = softmax(scores.astype(np.float32), values.astype(np.float32))
            with ctx.workprec(120):
                weights = [arb(float(s)).exp() for s in scores]
                exact = sum((w for w, v in zip(weights, values, strict=True) if v), arb(0)) / sum(weights, arb(0))
                error = abs(arb(float(found)) - exact)
                assert error <= ball(Fraction(3, 2) * Fraction(bound) + keys + 4) * arb(2) ** -24


def test_bits_grow_with_all_three():
    base = bits_needed(Fraction(1, 4), Fraction(10), 256)
    assert base == 11  # (15 + 260) * 4 = 1100
    assert bits_needed(Fraction(1, 8), Fraction(10), 256) == base + 1
    assert bits_needed(Fraction(1, 4), Fraction(1000), 256) == 13
    assert bits_needed(Fraction(1, 4), Fraction(10), 2**20) == 23
    assert bits_needed(Fraction(1, 10**30), Fraction(1), 1) == 103


def test_a_power_of_two_needs_no_more_than_its_exponent():
    assert bits_needed(Fraction(1, 4), Fraction(2), 1) == 5  # (3 + 5) * 4 = 32
    assert bits_needed(Fraction(31, 128), Fraction(2), 1) == 6


def test_types_that_suffice():
    def types(delta):
        return budget(delta, 2.0, arb(10), {"d": 1.0}, 100).dtypes

    assert types(Fraction(1, 4)) == ("float32", "float64", "arb")
    assert types(Fraction(1, 2**20)) == ("float64", "arb")
    assert types(Fraction(1, 2**50)) == ("arb",)
    found = budget(Fraction(1, 4), 2.0, arb(10), {"d": 1.0}, 100)
    assert found.as_mapping()["bits"] == found.bits <= SIGNIFICAND_BITS["float32"]
