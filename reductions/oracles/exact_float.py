"""Attention in float64 or float32 with a rigorous error: that of the engine, of casting, of the scale and of units.

Proof: docs/explanation/attention-oracles.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from flint import ctx
from numpy.typing import NDArray

from reductions.core.answer import Outputs
from reductions.oracles.resolve import value_range
from reductions.problems.attention import ApproximateAttention
from reductions.problems.exact_scores import EXACT_FLOAT, largest
from varproof.attention.front import attend
from varproof.base.balls import ball, upper_rational
from varproof.base.errors import InputError

FloatName = Literal["float64", "float32"]
UNIT = {"float64": Fraction(1, 2**53), "float32": Fraction(1, 2**24)}
SMALLEST = {"float64": Fraction(1, 2**1074), "float32": Fraction(1, 2**149)}  # steps below the normal numbers
SCALE_RANGE = (2.0**-900, 2.0**900)
COVER = Fraction(1025, 1024)
BITS = 192


@dataclass(frozen=True, eq=False)
class Cast:
    """An integer or float array as `numbers` 2^`exponent`, largest entry in [1/2, 1], but for rounding.

    `numbers` are within a relative `relative` or an absolute `absolute` of the entries divided by 2^exponent.
    """

    numbers: NDArray[Any]
    exponent: int
    relative: Fraction
    absolute: Fraction

    @classmethod
    def of(cls, array: NDArray[Any], dtype: FloatName) -> Cast:
        """The array in `dtype`; errors are 0 where nothing was rounded.

        >>> cast = Cast.of(np.array([[3, -4]]), "float32")
        >>> cast.numbers.tolist(), cast.exponent, cast.relative, cast.absolute
        ([[0.375, -0.5]], 3, Fraction(0, 1), Fraction(0, 1))
        """
        exact = array.dtype.kind == "f" or largest(array) <= EXACT_FLOAT
        wide = array.astype(np.float64)
        top = float(np.abs(wide).max()) if wide.size else 0.0
        exponent = int(np.frexp(top)[1])
        half, rest = -exponent // 2, -exponent - (-exponent // 2)  # 2^-exponent itself may be no float
        scaled = np.ldexp(np.ldexp(wide, half), rest)
        exact = exact and bool(np.array_equal(np.ldexp(np.ldexp(scaled, -rest), -half), wide))
        numbers = scaled.astype(dtype)
        exact = exact and bool(np.array_equal(numbers.astype(np.float64), scaled))
        if exact:
            return cls(numbers, exponent, Fraction(0), Fraction(0))
        rounded = UNIT["float64"] + (UNIT["float32"] if dtype == "float32" else 0)
        return cls(numbers, exponent, rounded * COVER, 2 * SMALLEST[dtype])


def outputs_in_floats(instance: ApproximateAttention, dtype: FloatName) -> Outputs:
    """float64 values (rows, columns), computed in `dtype`, and the largest proved error of a row.

    Never refuses for want of precision: where the scores are beyond floats, the error is about the range of the values.
    Raises `InputError` for values from 1e300 on.
    """
    shape = (len(instance.queries), instance.values.shape[1])
    if not shape[0]:
        return Outputs(np.zeros(shape), Fraction(0))
    queries, keys, values = (Cast.of(x, dtype) for x in (instance.queries, instance.keys, instance.values))
    factor = instance.value_unit * Fraction(2) ** values.exponent
    unit = _double(factor)
    _, spread = value_range(instance)
    scale, moved = rounded_scale(instance, queries, keys)
    found, bound = _attend(instance, queries.numbers, keys.numbers, values.numbers, scale)
    top = Fraction(float(np.abs(found).max()))
    error = factor * (bound + values.relative * COVER + values.absolute)  # values are at most 1 there
    error += min(moved / 2, Fraction(1)) * spread  # tanh(eta/2) (max v - min v)
    outputs = found * unit
    if Fraction(unit) != factor or np.frexp(unit)[0] != 0.5:  # else the product is exact, or falls below normal
        error += 3 * UNIT["float64"] * top * factor
    if unit < 1:  # unit and product may lie below the normal numbers
        error += SMALLEST["float64"]
    return Outputs(outputs, error)


def _double(factor: Fraction) -> float:
    try:
        unit = float(factor)
    except OverflowError:
        unit = np.inf
    if not unit < 1e300:
        raise InputError("the values are no doubles", got=factor, allowed="below 1e300", hint='use dtype "arb"')
    return unit


def rounded_scale(instance: ApproximateAttention, queries: Cast, keys: Cast) -> tuple[float, Fraction]:
    """The float that stands for gamma and the units, and how far it and casting move a score at most (eta)."""
    exact = instance.query_unit * instance.key_unit * Fraction(2) ** (queries.exponent + keys.exponent)
    # sum |q||k| <= sum over columns of max |q| max |k|, in numbers of absolute value at most 1
    columns = np.abs(queries.numbers).max(axis=0).astype(np.float64) * np.abs(keys.numbers).max(axis=0)
    terms = len(columns)
    reach = Fraction(float(columns.sum())) * COVER + terms * Fraction(1, 2**100)
    relative = queries.relative + keys.relative
    cast = (relative * reach + terms * (queries.absolute + keys.absolute)) * COVER
    with ctx.workprec(BITS):
        gamma = ball(instance.gamma) * ball(exact)
        low, high = SCALE_RANGE
        near = float(gamma.mid()) if gamma < ball(Fraction(high)) else high
        scale = min(max(near, low), high)
        off = upper_rational(abs(gamma - ball(Fraction(scale))))
        return scale, off * reach + (upper_rational(gamma) * cast if cast else Fraction(0))


def _attend(instance: ApproximateAttention, q: Any, k: Any, v: Any, scale: float) -> tuple[NDArray[Any], Fraction]:
    """Outputs of the floats given as float64, and the largest bound of a row: finite, whatever the scores are."""
    if not q.shape[1]:  # no coordinates: all scores are 0
        q, k = np.zeros((len(q), 1), dtype=q.dtype), np.zeros((len(k), 1), dtype=k.dtype)
    # 4 exceeds every bound: values lie in [-1, 1], and a bound is at most about their range
    answer = attend(q, k, v, delta=4.0, engine="exact", scale=scale, levels=instance.levels)
    return answer.values.astype(np.float64), Fraction(float(answer.bound.max()))
