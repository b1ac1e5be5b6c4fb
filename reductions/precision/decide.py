"""Outputs of a threshold layout become decisions, row by row, in exact comparisons."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reductions.core.answer import Decision, Outputs
from varproof.base.balls import dyadic

HALF = Fraction(1, 2)


def decide_rows(outputs: Outputs, delta: Fraction, threshold: Fraction = HALF) -> list[Decision]:
    """One decision a row, from the first value column. `delta` is the instance's tolerance, `threshold` its test.

    Error at most `delta`: YES iff the output is above the threshold, which is then a theorem. Larger error: decided
    only where |output - threshold| > error, UNDECIDED else. An output that no number in [0, 1] lies within `error` of
    (or that is not a number) is PROMISE_VIOLATED. A ball is read at its midpoint, one of the points it promises.

    >>> decide_rows(Outputs(np.array([[0.7], [0.3]]), Fraction(1, 8)), Fraction(1, 4))
    [<Decision.YES: 'YES'>, <Decision.NO: 'NO'>]
    >>> decide_rows(Outputs(np.array([[0.6], [0.9]]), Fraction(3, 10)), Fraction(1, 4))
    [<Decision.UNDECIDED: 'UNDECIDED'>, <Decision.YES: 'YES'>]
    """
    values, finite = first_column(outputs)
    error = outputs.error
    margin = Fraction(0) if error <= delta else error
    high = above(values, threshold + margin)
    low = above(-values, margin - threshold)
    if error <= delta:
        low = ~high
    sound = finite & ~above(values, 1 + error) & ~above(-values, error)
    return [
        Decision.PROMISE_VIOLATED if not fine else Decision.YES if yes else Decision.NO if no else Decision.UNDECIDED
        for fine, yes, no in zip(sound, high, low, strict=True)
    ]


def first_column(outputs: Outputs) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The first value of each row, floats or (from balls) fractions, 0 where it is no number; and where it is one."""
    values = np.asarray(outputs.values)
    column = values if values.ndim == 1 else values[:, 0]
    if column.dtype != object:
        finite = np.isfinite(column)
        return np.where(finite, column, 0.0).astype(np.float64), finite
    finite = np.array([bool(value.is_finite()) for value in column], dtype=np.bool_)
    exact = np.empty(len(column), dtype=object)
    for row, value in enumerate(column):
        exact[row] = dyadic(value) if finite[row] else Fraction(0)
    return exact, finite


def above(values: NDArray[Any], bound: Fraction) -> NDArray[np.bool_]:
    """Whether values > bound, exactly: a float is compared with the float next to the bound, and ties are settled."""
    if values.dtype == object:
        return np.array([value > bound for value in values], dtype=np.bool_)
    if abs(bound) > 1 << 1000:  # no float: nothing finite is above it, or everything
        return np.full(len(values), bound < 0, dtype=np.bool_)
    nearest = float(bound)
    tied_above = Fraction(nearest) > bound
    return np.asarray((values > nearest) | ((values == nearest) & tied_above), dtype=np.bool_)
