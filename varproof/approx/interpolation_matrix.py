"""Interpolation as an explicit matrix: half-pixel centres, replicated border, exact rationals, and its infinity norm.

Row i of the matrix p -> n holds the weights of output cell i, whose centre lies at (i + 1/2) p/n - 1/2 in input cells;
positions outside 0..p-1 are clamped, so that their weights merge into the border cell. In two dimensions the operator
is the Kronecker square and its infinity norm the square of the norm here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from varproof.approx.interpolation_kernels import Kernel
from varproof.base.errors import InputError

MAX_SIDE = 4096


def interpolation_matrix(kernel: Kernel, source: int, target: int) -> tuple[tuple[Fraction, ...], ...]:
    """The matrix of shape (target, source) that maps a line of `source` cells to `target` cells; rows sum to 1.

    Raises `InputError` for sides below 1 or above 4096. Source: arXiv:2404.02905.

    >>> from varproof.approx.interpolation_kernels import keys_cubic
    >>> [[str(w) for w in row] for row in interpolation_matrix(keys_cubic("-3/4"), 2, 4)][0]
    ['283/256', '-27/256']
    """
    _check_sides((source, target))
    rows = []
    for i in range(target):
        row = [Fraction(0)] * source
        for position, weight in _stencil(kernel, source, target, i):
            row[position] += weight
        rows.append(tuple(row))
    return tuple(rows)


def infinity_norm(kernel: Kernel, source: int, target: int) -> Fraction:
    """max over rows of sum |entry| of the one-dimensional matrix: the factor by which a bound on the map can grow.

    >>> from varproof.approx.interpolation_kernels import keys_cubic
    >>> [str(infinity_norm(keys_cubic("-3/4"), p, 2 * p)) for p in (1, 2, 3, 4, 16)]
    ['1', '155/128', '155/128', '41/32', '41/32']
    """
    _check_sides((source, target))
    largest = Fraction(0)
    for i in range(target):
        merged: dict[int, Fraction] = {}
        for position, weight in _stencil(kernel, source, target, i):
            merged[position] = merged.get(position, Fraction(0)) + weight
        largest = max(largest, sum((abs(weight) for weight in merged.values()), Fraction(0)))
    return largest


def chain_norm(kernel: Kernel, sides: Sequence[int]) -> Fraction:
    """The product of the two-dimensional norms along p_1 -> p_2 -> ... -> p_K: what re-interpolating compounds to.

    An upper bound on the norm of the composed map, equal to the product of squared one-dimensional norms.

    >>> from varproof.approx.interpolation_kernels import keys_cubic
    >>> f"{float(chain_norm(keys_cubic('-3/4'), (1, 2, 3, 4, 5, 6, 8, 10, 13, 16))):.4f}"
    '88.8672'
    """
    if len(sides) < 2:
        raise InputError("a chain needs at least two sides", got=list(sides), allowed="two sides or more")
    product = Fraction(1)
    for source, target in pairwise(sides):
        product *= infinity_norm(kernel, source, target) ** 2
    return product


def _stencil(kernel: Kernel, source: int, target: int, i: int) -> list[tuple[int, Fraction]]:
    centre = Fraction((2 * i + 1) * source, 2 * target) - Fraction(1, 2)
    cell = math.floor(centre)
    positions = range(cell + 1 - kernel.radius, cell + kernel.radius + 1)
    clamped = (min(max(position, 0), source - 1) for position in positions)
    return list(zip(clamped, kernel.weights(centre - cell), strict=True))


def _check_sides(sides: Sequence[int]) -> None:
    for side in sides:
        if isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= MAX_SIDE:
            raise InputError("a side is out of range", got=side, allowed=f"an integer from 1 to {MAX_SIDE}")
