"""What is wrong with an image: its arrays are read again, by formulas that do not use the layout."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reductions.precision.image import ThresholdContext
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from varproof.base.balls import ball

ROWS = 4  # rows whose inner products are compared, evenly spread
COLUMNS = 256  # keys looked at in each of them


def inspect_threshold(context: ThresholdContext, target: ApproximateAttention, high: int, low: int) -> list[str]:
    """Sentences, empty when every check passes.

    The last key is the only one of value 0; inner products of the data (a few rows, up to 256 keys) are those of the
    source; all queries have the same inner product with the neutral key; and delta is below what the levels `high` and
    `low` leave, with the units and the scale of the instance at its own head dimension: relative to the neutral key one
    key at the high level weighs e^beta(high - neutral), n keys at the low level n e^beta(low - neutral).
    """
    wrong = []
    data = len(target.keys) - 1
    if target.values.ravel().tolist() != [1] * data + [0] or target.neutral != data:
        wrong.append("the values are not 1 for the data keys and 0 for the last, neutral key")
    if len(target.queries) != context.rows:
        wrong.append(f"{len(target.queries)} queries for {context.rows} rows")
    rows = spread(len(target.queries), ROWS)
    columns = spread(data, COLUMNS)
    for row, expected in zip(rows.tolist(), context.products(rows), strict=True):
        found = [inner(target.queries[row], target.keys[j]) for j in columns]
        if len(expected) != data or found != [int(expected[j]) for j in columns]:
            wrong.append(f"the data scores of row {row} are not those of the source")
    neutral = {inner(target.queries[row], target.keys[-1]) for row in rows}
    if len(neutral) > 1:
        wrong.append("queries differ in their score with the neutral key")
    for product in neutral:
        wrong.extend(tolerance_faults(target, product, high, low, max(1, data)))
    return wrong


def tolerance_faults(target: ApproximateAttention, product: Fraction, high: int, low: int, data: int) -> list[str]:
    """Empty when delta is below the distance of both levels from 1/2, for a neutral inner product `product`."""
    with working_precision():
        beta = ball(target.gamma) * ball(target.query_unit) * ball(target.key_unit)
        least = (beta * ball(high - product)).exp()
        most = data * (beta * ball(low - product)).exp()
        delta, half = ball(target.delta), ball(Fraction(1, 2))
        above, below = least / (1 + least), most / (1 + most)
        if above - delta > half and below + delta < half:
            return []
        levels = f"{below.str(8, radius=False)} (low) and {above.str(8, radius=False)} (high)"
        return [f"output levels {levels} are not more than delta = {float(target.delta):.8g} away from 1/2"]


def inner(query: NDArray[Any], key: NDArray[Any]) -> Fraction:
    """The exact inner product, before units."""
    return sum((Fraction(a) * Fraction(b) for a, b in zip(query.tolist(), key.tolist(), strict=True)), Fraction(0))


def spread(length: int, most: int) -> NDArray[np.int64]:
    """Up to `most` different indices of 0..length-1, both ends among them.

    >>> spread(10, 4).tolist(), spread(2, 4).tolist(), spread(0, 4).tolist()
    ([0, 3, 6, 9], [0, 1], [])
    """
    return (
        np.unique(np.linspace(0, length - 1, min(most, length)).astype(np.int64)) if length else np.zeros(0, np.int64)
    )
