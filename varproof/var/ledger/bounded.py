"""The arithmetic of the error ledger: every operation of a pass, with a rigorous bound beside every number.

Values are computed by the plain arithmetic; errors move by the rules of docs/explanation/error-ledger.md. Rounding of
float64 is bounded by the standard model, that of float32 by comparing with float64 at the same arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from varproof.base.tolerances import SMALLEST_NORMAL, UNIT_ROUNDOFF
from varproof.var.arithmetic.protocol import Activation
from varproof.var.interpolation.resampling import Resampling
from varproof.var.ledger.activations import activation_rounding, slope_range
from varproof.var.ledger.bounded_array import INFLATION, BoundedArray, Group, add_groups, numbers, scale_groups
from varproof.var.ledger.bounded_attention import AttentionCalls
from varproof.var.ledger.bounded_layout import Layout
from varproof.var.ledger.bounded_norms import Norms
from varproof.var.ledger.linear_rules import (
    convolved_groups,
    convolved_sizes,
    map_groups,
    product_rounding,
    resampled_sizes,
    resampling_roundings,
)

UNIT, TINY = UNIT_ROUNDOFF["float64"], SMALLEST_NORMAL["float64"]

Groups = tuple[Group, ...]


class Bounded(Norms, AttentionCalls, Layout):
    """Runs a pass on `BoundedArray`s, with the options of `Core`: the arithmetic of the error ledger."""

    def linear(self, x: BoundedArray, weight: Any, bias: Any = None) -> BoundedArray:
        """x W^T + b."""
        w = numbers(weight)
        sizes = np.abs(w)
        x = self._with_symbols(x, int(w.shape[0]))

        def error() -> tuple[Any, Groups]:
            groups, slip = map_groups(x.groups, w)
            terms = np.abs(x.numbers) @ sizes.T + (0 if bias is None else np.abs(numbers(bias)))
            rounding = product_rounding(int(w.shape[1]) + 1, terms)
            return x.remainder @ sizes.T * INFLATION + slip + rounding, groups

        return self._made("linear", (x,), (weight, bias), error)

    def feed_forward(
        self, x: BoundedArray, first: tuple[Any, Any], second: tuple[Any, Any], activation: Activation
    ) -> BoundedArray:
        """W2 act(W1 x + b1) + b2."""
        return self.linear(self.activation(self.linear(x, *first), activation), *second)

    def activation(self, x: BoundedArray, name: Activation) -> BoundedArray:
        """Entrywise."""

        def error() -> tuple[Any, Groups]:
            middle, radius = slope_range(name, x.numbers, x.bound)
            rounding = activation_rounding(name, x.numbers, self._wide.activation(x.numbers, name))
            spread = np.where(radius > 0, radius * x.bound, 0.0)
            slip = 4 * UNIT * x.bound if x.groups else 0.0
            below = np.where(x.bound > 0, 64 * TINY, 0.0)  # half of the least float is rounded to nothing
            remainder = np.abs(middle) * x.remainder + spread + rounding + slip + below
            return remainder * INFLATION, scale_groups(x.groups, middle)

        return self._made("activation", (x,), (name,), error)

    def add(self, x: BoundedArray, y: BoundedArray) -> BoundedArray:
        """x + y."""

        def error() -> tuple[Any, Groups]:
            total = x.numbers + y.numbers
            left, right = _fitted(x, total.shape), _fitted(y, total.shape)
            groups = add_groups(left.groups, right.groups)
            slip = 2 * UNIT * (left.bound + right.bound) if left.groups and right.groups else 0.0
            return (left.remainder + right.remainder + UNIT * np.abs(total) + slip) * INFLATION, groups

        return self._made("add", (x, y), (), error)

    def multiply(self, x: BoundedArray, y: BoundedArray) -> BoundedArray:
        """x y: x~ e_y + y~ e_x - e_x e_y."""

        def error() -> tuple[Any, Groups]:
            product = x.numbers * y.numbers
            left, right = _fitted(x, product.shape), _fitted(y, product.shape)
            groups = add_groups(
                scale_groups(left.groups, np.broadcast_to(right.numbers, product.shape)),
                scale_groups(right.groups, np.broadcast_to(left.numbers, product.shape)),
            )
            sizes = np.abs(left.numbers), np.abs(right.numbers)
            linear = sizes[0] * right.remainder + sizes[1] * left.remainder
            slip = 8 * UNIT * (sizes[0] * right.bound + sizes[1] * left.bound) if groups else 0.0
            rest = left.bound * right.bound + UNIT * np.abs(product) + slip + 64 * TINY
            return (linear + rest) * INFLATION, groups

        return self._made("multiply", (x, y), (), error)

    def scaled(self, x: BoundedArray, factor: float) -> BoundedArray:
        """x times a number."""

        def error() -> tuple[Any, Groups]:
            sizes = np.abs(x.numbers * factor)
            slip = 4 * UNIT * abs(factor) * x.bound if x.groups else 0.0
            remainder = abs(factor) * x.remainder + UNIT * sizes + slip + 64 * TINY
            return remainder * INFLATION, scale_groups(x.groups, factor)

        return self._made("scaled", (x,), (factor,), error)

    def resample(self, x: BoundedArray, operator: Resampling) -> BoundedArray:
        """Rows first, then columns."""

        def error() -> Any:
            rounding = product_rounding(resampling_roundings(operator), resampled_sizes(x.numbers, operator))
            return resampled_sizes(x.bound, operator) + rounding

        return self._made("resample", (x,), (operator,), error, ())

    def convolve(self, x: BoundedArray, weight: Any, bias: Any = None) -> BoundedArray:
        """The sum of the shifted products, one for each tap."""
        w = numbers(weight)
        x = self._with_symbols(x, int(w.shape[0]))

        def error() -> Any:
            terms = convolved_sizes(x.numbers, w) + (0 if bias is None else np.abs(numbers(bias)))
            rounding = product_rounding(int(w[0].size) + 1, terms)
            moved = convolved_groups(x, w) if x.groups else 0.0
            return convolved_sizes(x.remainder, w) + moved + rounding

        return self._made("convolve", (x,), (weight, bias), error, ())


def _fitted(x: BoundedArray, shape: tuple[int, ...]) -> BoundedArray:
    """x broadcast to a shape: symbols stay only where nothing is repeated."""
    if x.shape == tuple(shape):
        return x
    plain = x.plain
    return BoundedArray(np.broadcast_to(plain.numbers, shape), np.broadcast_to(plain.remainder, shape))
