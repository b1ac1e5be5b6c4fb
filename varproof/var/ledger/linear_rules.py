"""What linear maps do to errors and how their float64 evaluation rounds: matrices, convolutions, interpolation.

Every function takes sizes, |x| or a bound, and returns |W| times it, evaluated in float64 on non-negative numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from varproof.base.tolerances import SMALLEST_NORMAL, rounding_bound
from varproof.var.interpolation.resampling import Resampling
from varproof.var.ledger.bounded_array import INFLATION, LARGEST_FORM, BoundedArray, Floats, Group

TINY = SMALLEST_NORMAL["float64"]


def product_rounding(operations: int, sizes: Floats) -> Floats:
    """Rounding of sums of products whose terms have absolute sum `sizes`, at most `operations` roundings a term."""
    return np.asarray(rounding_bound(operations, 1.0) * sizes * INFLATION + 2 * operations * TINY)


def map_groups(groups: tuple[Group, ...], weight: Floats) -> tuple[tuple[Group, ...], Floats | float]:
    """W G for every group, and a bound on the rounding of these products, to be added to the remainder."""
    mapped: list[Group] = []
    slip: Floats | float = 0.0
    for group in groups:
        mapped.append(Group(group.names, np.matmul(weight, group.generators)))
        width = int(group.generators.shape[-1])
        slip = slip + product_rounding(int(weight.shape[-1]) + 1, group.bound @ np.abs(weight).T) + width * TINY
    return tuple(mapped), slip


def form_fits(x: BoundedArray, outputs: int, extra: int = 0) -> bool:
    """Whether W G stays within the memory cap: `extra` more symbols for every token."""
    symbols = sum(int(group.generators.shape[-1]) for group in x.groups) + extra
    tokens = math.prod(x.shape[:-1])
    return tokens * max(outputs, x.shape[-1]) * symbols <= LARGEST_FORM


def taps(weight: Floats) -> Iterator[tuple[int, int, Floats]]:
    """(row shift, column shift, matrix (out, in)) of a convolution: out[r, c] takes in[r + shift, c + shift]."""
    high, wide = (int(size) for size in weight.shape[2:])
    for i in range(high):
        for j in range(wide):
            yield i - high // 2, j - wide // 2, weight[:, :, i, j]


def shifted(x: Floats, down: int, right: int) -> Floats:
    """x[r + down, c + right] with zeros outside."""
    result = np.zeros_like(x)
    rows, columns = x.shape[:2]
    source_rows, source_columns = _overlap(rows, down), _overlap(columns, right)
    target_rows, target_columns = _overlap(rows, -down), _overlap(columns, -right)
    result[target_rows, target_columns] = x[source_rows, source_columns]
    return result


def _overlap(count: int, shift: int) -> slice:
    return slice(min(max(shift, 0), count), max(count + min(shift, 0), 0))


def convolved_sizes(x: Floats, weight: Floats) -> Floats:
    """|W| * |x| with zero padding, (h, w, in) to (h, w, out)."""
    total = np.zeros((*x.shape[:2], int(weight.shape[0])))
    for down, right, matrix in taps(weight):
        total += shifted(np.abs(x), down, right) @ np.abs(matrix).T
    return total * INFLATION


def convolved_groups(x: BoundedArray, weight: Floats) -> Floats:
    """The bound of W * (G z): tokens have symbols of their own, so every tap adds its |W_t G|."""
    total = np.zeros((*x.shape[:2], int(weight.shape[0])))
    for down, right, matrix in taps(weight):
        mapped, slip = map_groups(x.groups, matrix)
        total += shifted(np.asarray(sum(group.bound for group in mapped) + slip), down, right)
    return total * INFLATION


def resampled_sizes(x: Floats, operator: Resampling) -> Floats:
    """|M| |x| |M|^T on rows and columns of a map, (p, p, c) to (n, n, c)."""
    matrix = np.abs(operator.array)
    return np.asarray(np.einsum("ir,jc,rcd->ijd", matrix, matrix, np.abs(x), optimize=True) * INFLATION)


def resampling_roundings(operator: Resampling) -> int:
    """Of one term: its two weights were rounded, zeros add nothing, each axis multiplies and adds up its taps."""
    widest = max(sum(1 for weight in row if weight) for row in operator.matrix)
    return 2 * (widest + 2)
