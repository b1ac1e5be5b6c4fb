"""A pass of a VAR model in exact rationals: the operations of `Plain` on fractions, interpolation by exact matrices."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from varproof.claims.exact_maps import interpolated
from varproof.var.arithmetic.plain import Plain
from varproof.var.interpolation.resampling import Resampling


class Rational(Plain):
    """Linear maps, sums, products, relu, convolutions and interpolation of arrays of `Fraction`: nothing rounds.

    Attention, normalisations and other activations are no rational functions and are not for it.

    >>> x = np.array([[Fraction(1, 3), Fraction(2)]], dtype=object)
    >>> str(Rational().linear(x, np.array([[Fraction(3), Fraction(1, 2)]], dtype=object))[0, 0])
    '2'
    """

    def __init__(self) -> None:
        super().__init__(np.empty(0, dtype=object))

    def scaled(self, x: Any, factor: float) -> Any:
        """x times the number that the float is."""
        return self._entrywise(x * Fraction(factor))

    def resample(self, x: Any, operator: Resampling) -> Any:
        """By the operator's rationals, channel by channel."""
        channels = [interpolated(operator, x[:, :, c].tolist()) for c in range(x.shape[2])]
        return np.moveaxis(np.array(channels, dtype=object), 0, 2)
