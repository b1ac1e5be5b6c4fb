"""Flops of one operation from its shape, exact integers: a flop is one +, -, *, /, square root, exponential or tanh.

An inner product of length m is 2m (its bias, if any, is the start of the sum). Copies, joins and comparisons are free.
"""

from __future__ import annotations

from varproof.var.arithmetic.protocol import Activation

ACTIVATION_FLOPS: dict[Activation, int] = {"relu": 0, "gelu": 9, "silu": 4}


def linear_flops(rows: int, inputs: int, outputs: int) -> int:
    """x W^T + b for `rows` rows."""
    return 2 * rows * inputs * outputs


def convolution_flops(height: int, width: int, taps: int, inputs: int, outputs: int) -> int:
    """A dense convolution with zero padding counted as executed: `taps` (9 for 3x3) products at every cell."""
    return 2 * height * width * taps * inputs * outputs


def resample_flops(source: int, target: int, channels: int, products: int) -> int:
    """Rows first, then columns: an inner product of `products` weights for each of n p c and n n c entries."""
    return 2 * products * channels * (target * source + target * target)


def layer_norm_flops(rows: int, channels: int) -> int:
    """Mean C, differences C, squares and their mean 2C, eps, square root, quotients C: 5C + 2 a row."""
    return rows * (5 * channels + 2)


def group_norm_flops(height: int, width: int, channels: int, groups: int) -> int:
    """As a layer norm of `groups` rows, then weight and bias: 2 more for every entry."""
    entries = height * width * channels
    return layer_norm_flops(groups, entries // groups) + 2 * entries


def unit_rows_flops(rows: int, channels: int) -> int:
    """Squares and their sum 2C, square root, quotients C."""
    return rows * (3 * channels + 1)
