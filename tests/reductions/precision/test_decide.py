"""Decisions of rows, at ties, in balls, with errors above the tolerance, and outputs that cannot be."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from reductions.core.answer import Decision, Outputs
from reductions.precision.decide import above, decide_rows

YES, NO, OPEN, BROKEN = Decision.YES, Decision.NO, Decision.UNDECIDED, Decision.PROMISE_VIOLATED
QUARTER = Fraction(1, 4)


def column(*values: object) -> np.ndarray:
    array = np.array(values, dtype=object if values and isinstance(values[0], arb) else np.float64)
    return array.reshape(-1, 1)


def test_within_the_tolerance_every_row_is_decided():
    values = column(0.5, math.nextafter(0.5, 1), math.nextafter(0.5, 0), 1.2, -0.2)
    assert decide_rows(Outputs(values, QUARTER), QUARTER) == [NO, YES, NO, YES, NO]


def test_beyond_the_tolerance_only_what_the_error_leaves():
    error = Fraction(3, 10)
    values = column(0.8, math.nextafter(0.8, 1), 0.2, math.nextafter(0.2, 0), 0.5)
    # the float 0.8 is above 4/5 by itself, the float 0.2 is above 1/5
    assert Fraction(0.8) > Fraction(4, 5)
    assert Fraction(0.2) > Fraction(1, 5)
    assert decide_rows(Outputs(values, error), QUARTER) == [YES, YES, OPEN, NO, OPEN]


def test_balls_are_read_at_their_midpoint():
    with ctx.workprec(100):
        above_half = arb(0.5) + arb(2) ** -60
    values = column(arb(0.5), above_half, arb(0.25), arb("nan"), arb("inf"))
    assert decide_rows(Outputs(values, Fraction(1, 10**9)), QUARTER) == [NO, YES, NO, BROKEN, BROKEN]


def test_outputs_that_no_attention_has():
    values = column(1.0, 1.01, 1.02, -0.011, float("nan"), float("-inf"), 0.0)
    assert decide_rows(Outputs(values, Fraction(1, 100)), QUARTER) == [
        YES, BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, NO
    ]  # fmt: skip


def test_another_threshold_and_more_columns():
    values = np.array([[1e-5, 9.0], [3e-5, 9.0]])
    outputs = Outputs(values, Fraction(1, 10**6))
    assert decide_rows(outputs, Fraction(1, 10**6), Fraction(2, 10**5)) == [NO, YES]


def test_tiny_thresholds_below_every_float():
    tiny = Fraction(1, 10**400)
    values = column(0.0, 5e-324)
    assert decide_rows(Outputs(values, tiny / 4), tiny / 4, tiny) == [NO, YES]
    balls = column(arb(0), arb(10) ** -399)
    assert decide_rows(Outputs(balls, tiny / 4), tiny / 4, tiny) == [NO, YES]


@pytest.mark.parametrize("empty", [np.zeros((0, 1)), np.zeros((0, 1), dtype=object)])
def test_no_rows(empty):
    assert decide_rows(Outputs(empty, QUARTER), QUARTER) == []


def test_an_error_beyond_all_floats_decides_nothing():
    assert decide_rows(Outputs(column(0.1, 0.9), Fraction(10**400)), QUARTER) == [OPEN, OPEN]


def test_exact_comparison_with_rationals():
    third = float(Fraction(1, 3))
    assert Fraction(third) < Fraction(1, 3)
    assert above(np.array([third, math.nextafter(third, 1)]), Fraction(1, 3)).tolist() == [False, True]
    tenth = 0.1
    assert Fraction(tenth) > Fraction(1, 10)
    assert above(np.array([tenth, math.nextafter(tenth, 0)]), Fraction(1, 10)).tolist() == [True, False]
