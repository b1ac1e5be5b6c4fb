"""Arrays of exact rationals as int64 arrays times one rational unit: products, interpolation and joining without error.

Every function checks that its integers fit before it computes. Results are divided by their greatest common divisor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.var.interpolation.operators import up

EXACT = 2**53  # integers up to here are exact in float64 as well
INSIDE = 2**62  # results and all partial sums: int64 with a bit to spare


@dataclass(frozen=True, eq=False)
class ExactArray:
    """The array `numbers` (int64) times `unit` (a positive rational)."""

    numbers: NDArray[np.int64]
    unit: Fraction = Fraction(1)

    @property
    def largest(self) -> int:
        """The largest absolute value of `numbers`, 0 for an empty array."""
        return int(np.abs(self.numbers).max()) if self.numbers.size else 0

    def reduced(self, what: str, limit: int = INSIDE) -> ExactArray:
        """The same numbers, divided by their common divisor. Raises `InputError` where one still exceeds `limit`."""
        divisor = int(np.gcd.reduce(self.numbers, axis=None)) if self.numbers.size else 0
        numbers, unit = self.numbers, self.unit
        if divisor > 1:
            numbers, unit = numbers // divisor, unit * divisor
        result = ExactArray(numbers, unit)
        _check(result.largest, limit, what)
        return result


def exact_array(array: NDArray[Any], what: str, unit: Fraction = Fraction(1), limit: int = EXACT) -> ExactArray:
    """Integers, or floats that mean exactly themselves, as integers times a power of two times `unit`.

    Raises `InputError` for other types, for what is not finite, for floats whose common denominator is too large, and
    for integers beyond `limit` (at most 2^62) once divided by their common divisor.

    >>> exact = exact_array(np.array([0.5, -3.0]), "keys")
    >>> exact.numbers.tolist(), str(exact.unit)
    ([1, -6], '1/2')
    """
    array = np.asarray(array)
    if array.dtype.kind in "iub" and array.dtype != np.uint64:
        return ExactArray(array.astype(np.int64), unit).reduced(what, limit)
    if array.dtype.kind != "f" or not bool(np.all(np.isfinite(array))):
        raise InputError(f"the {what} are no exact numbers", got=array.dtype, allowed="integers or finite floats")
    if not np.any(array):
        return ExactArray(np.zeros(array.shape, np.int64), unit)
    mantissa, exponent = np.frexp(array[array != 0].astype(np.float64))
    whole = (mantissa * 2.0**53).astype(np.int64)
    trailing = np.log2((whole & -whole).astype(np.float64)).astype(np.int64)
    shift = -int((exponent - 53 + trailing).min())  # every number is a multiple of 2^-shift
    if int(exponent.max()) + shift > 53:
        raise InputError(
            f"the {what} have no common denominator below 2^53",
            got=f"{int(exponent.max()) + shift} bits",
            allowed="53 bits",
            hint=f"round the {what} to multiples of 2^{int(exponent.max()) - 53} and account for it in delta",
        )
    unit = unit / 2**shift if shift >= 0 else unit * 2**-shift
    return ExactArray(np.ldexp(array.astype(np.float64), shift).astype(np.int64), unit).reduced(what)


def times(left: ExactArray, right: ExactArray, what: str) -> ExactArray:
    """The matrix product (..., c) times (c, d), exactly. Raises `InputError` where a sum could exceed 2^62.

    >>> product = times(ExactArray(np.array([[1, 2]])), ExactArray(np.array([[3], [4]]), Fraction(1, 2)), "keys")
    >>> product.numbers.tolist(), str(product.unit)
    ([[1]], '11/2')
    """
    reach = _largest_sum(left.numbers, right.numbers)
    _check(reach, INSIDE, what)
    if reach and np.all(np.count_nonzero(right.numbers, axis=0) <= 1):  # a selection of channels, each times a number
        chosen = np.argmax(right.numbers != 0, axis=0)
        product = left.numbers[..., chosen] * right.numbers[chosen, np.arange(len(chosen))]
    elif reach <= EXACT:  # every partial sum is exact in float64, and that product is the fast one
        product = (left.numbers.astype(np.float64) @ right.numbers.astype(np.float64)).astype(np.int64)
    else:
        product = left.numbers @ right.numbers
    return ExactArray(product, left.unit * right.unit).reduced(what)


def interpolated(cells: ExactArray, kernel: str, side: int, what: str) -> ExactArray:
    """`cells` (p, p, c) up-interpolated to (side, side, c), exactly: integers over the denominator of the weights.

    Channels that are the same on all cells stay what they are, as weights sum to 1. Raises `InputError` where the
    numbers need more than 62 bits.

    >>> exact = interpolated(ExactArray(np.array([[[0], [0]], [[64], [64]]])), "bilinear", 4, "keys")
    >>> exact.numbers[:, 0, 0].tolist(), str(exact.unit)
    ([0, 1, 3, 4], '16')
    """
    source = cells.numbers.shape[0]
    if source == side:
        return cells
    numbers = cells.numbers
    varies = np.any(numbers != numbers[:1, :1], axis=(0, 1))
    constant = np.broadcast_to(numbers[:1, :1], (side, side, numbers.shape[2]))
    if not np.any(varies):
        return ExactArray(constant.copy(), cells.unit)
    matrix = up(kernel, source, side).matrix
    denominator = math.lcm(*(weight.denominator for row in matrix for weight in row))
    lines = [[(k, int(weight * denominator)) for k, weight in enumerate(row) if weight] for row in matrix]
    growth = max(sum(abs(weight) for _, weight in line) for line in lines)
    _check(cells.largest * growth**2, INSIDE, what)
    _check(cells.largest * denominator**2, INSIDE, what)
    width = max(map(len, lines))
    padded = [[*line, *[(0, 0)] * (width - len(line))] for line in lines]
    index = np.array([[k for k, _ in line] for line in padded])
    weight = np.array([[w for _, w in line] for line in padded], dtype=np.int64)
    moving = numbers[:, :, varies]
    rows = sum(moving[index[:, t]] * weight[:, t, None, None] for t in range(width))
    both = sum(rows[:, index[:, t]] * weight[None, :, t, None] for t in range(width))
    result = constant * denominator**2
    result[:, :, varies] = both
    return ExactArray(result, cells.unit / denominator**2).reduced(what)


def joined(parts: Sequence[ExactArray], what: str) -> ExactArray:
    """The rows (N_k, c) of all parts below each other, over one unit. Raises `InputError` beyond 62 bits."""
    top = math.gcd(*(part.unit.numerator for part in parts))
    unit = Fraction(top, math.lcm(*(part.unit.denominator for part in parts)))
    factors = [int(part.unit / unit) for part in parts]
    for part, factor in zip(parts, factors, strict=True):
        _check(part.largest * factor, INSIDE, what)
    numbers = [
        part.numbers if factor == 1 else part.numbers * factor for part, factor in zip(parts, factors, strict=True)
    ]
    return ExactArray(np.concatenate(numbers), unit).reduced(what)


def _largest_sum(left: NDArray[np.int64], right: NDArray[np.int64]) -> int:
    """No partial sum of left right exceeds this: channel by channel the largest entry of `left`, in Python integers."""
    if not left.size or not right.size:
        return 0
    entries = np.abs(left.reshape(-1, left.shape[-1])).max(axis=0).astype(object)
    sums = np.zeros(right.shape[1], dtype=object)
    channel, column = np.nonzero(right)
    np.add.at(sums, column, entries[channel] * np.abs(right[channel, column]).astype(object))
    return int(max(sums))


def _check(largest: int, limit: int, what: str) -> None:
    if largest > limit:
        raise InputError(
            f"the {what} are too long for exact integers",
            got=f"{largest.bit_length()} bits",
            allowed=f"{limit.bit_length() - 1} bits",
            hint=f"round the {what} to fewer bits, or take sides whose ratio has a small denominator",
        )
