"""The worst oracle that keeps its promise: every output is moved against the rule by almost the whole of delta."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from reductions.core.answer import Outputs
from reductions.oracles.oracle import Oracle
from reductions.oracles.resolve import attention_of
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import dyadic, rational
from varproof.base.errors import InputError

HALF = Fraction(1, 2)
EXTRA_BITS = 64  # of the move, beyond those of delta


@dataclass(frozen=True)
class WorstNoise:
    """The outputs of `base`, each moved by `factor` times delta less the error of `base`: at most `factor` delta off.

    The direction is the instance's `adverse`: +1 up, -1 down, 0 towards 1/2 and past it where the way is shorter than
    the move (up from 1/2 itself). Rounding is towards the output of `base`, so that the distance from the exact output
    never exceeds `factor` delta; from exact balls it falls short of that by at most delta 2^-39, from floats by twice
    the error of `base` and two roundings. Where `base` is no better than `factor` delta nothing is moved.

    The error reported is delta, or that of `base` where it is larger. A `factor` above 1 breaks the promise on purpose
    and reports delta still. Balls come back as exact dyadic numbers. Raises `InputError` for factors not above 0.

    >>> from reductions.oracles.exact import ExactOracle
    >>> one = np.array([[1], [0]])
    >>> instance = ApproximateAttention(one, one, one, Fraction(1, 100), adverse=-1)
    >>> moved, exact = (oracle.outputs(instance) for oracle in (WorstNoise(ExactOracle()), ExactOracle()))
    >>> (exact.values - moved.values).round(12).ravel().tolist(), moved.error
    ([0.0099, 0.0099], Fraction(1, 100))
    """

    base: Oracle
    factor: Fraction = Fraction(99, 100)

    def __post_init__(self) -> None:
        if not isinstance(self.factor, Fraction | int) or self.factor <= 0:
            raise InputError("not a factor of delta", got=self.factor, allowed="an exact rational above 0")

    @property
    def name(self) -> str:
        """For reports."""
        return f"worst noise, {self.factor} of delta, over {self.base.name}"

    def outputs(self, instance: ApproximateAttention | VarAttention) -> Outputs:
        """Outputs of shape (rows asked for, value columns)."""
        attention = attention_of(instance)
        answered = self.base.outputs(attention)
        allowed = self.factor * attention.delta - answered.error
        error = max(attention.delta, answered.error)
        if allowed <= 0:
            return Outputs(answered.values, error)
        move = _moved_balls if answered.values.dtype == object else _moved_floats
        return Outputs(move(answered.values, allowed, attention.adverse), error)


def _moved_floats(values: NDArray[Any], allowed: Fraction, adverse: int) -> NDArray[Any]:
    """Each float moved by at most `allowed`: the sum is taken back by one float where it may have been rounded away."""
    size = float(allowed)
    if Fraction(size) > allowed:
        size = math.nextafter(size, 0.0)
    direction = np.where(values <= 0.5, 1.0, -1.0) if adverse == 0 else np.full(values.shape, float(adverse))
    moved = values + direction * size
    result: NDArray[Any] = np.where(moved == values, values, np.nextafter(moved, values))
    return result


def _moved_balls(values: NDArray[Any], allowed: Fraction, adverse: int) -> NDArray[Any]:
    """The midpoints moved by `allowed`, rounded down to a dyadic number: nothing else is rounded."""
    bits = allowed.denominator.bit_length() + EXTRA_BITS
    size = Fraction(math.floor(allowed * 2**bits), 2**bits)
    moved = np.empty(values.shape, dtype=object)
    for place, value in np.ndenumerate(values):
        middle = dyadic(value)
        direction = adverse or (1 if middle <= HALF else -1)
        moved[place] = _exact_ball(middle + direction * size)
    return moved


def _exact_ball(number: Fraction) -> arb:
    with ctx.workprec(max(64, number.numerator.bit_length())):
        return arb(rational(number))
