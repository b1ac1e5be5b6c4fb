"""Token maps of exact rationals and the interpolations that act on them, for claims about what a bound becomes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from varproof.var.interpolation.resampling import Resampling

Rows = Sequence[Sequence[Fraction]]
Map = list[list[Fraction]]


def product(left: Rows, right: Rows) -> Map:
    """The matrix product; zeros on the left cost nothing.

    >>> [[str(x) for x in row] for row in product([[Fraction(1, 2), Fraction(0)]], [[Fraction(4)], [Fraction(5)]])]
    [['2']]
    """
    width = len(right[0])
    result = []
    for row in left:
        line = [Fraction(0)] * width
        for factor, other in zip(row, right, strict=True):
            if factor:
                line = [total + factor * value for total, value in zip(line, other, strict=True)]
        result.append(line)
    return result


def interpolated(operator: Resampling, token_map: Rows) -> Map:
    """M X M^T, the operator along both axes."""
    rows = product(operator.matrix, token_map)
    return transposed(product(operator.matrix, transposed(rows)))


def transposed(rows: Rows) -> Map:
    """Columns as rows."""
    return [list(column) for column in zip(*rows, strict=True)]


def norm_of(matrix: Rows) -> Fraction:
    """The infinity norm in two dimensions of the map with this matrix along both axes."""
    return max(absolute_sum(row) for row in matrix) ** 2


def absolute_sum(row: Sequence[Fraction]) -> Fraction:
    """sum |entries|."""
    return sum((abs(entry) for entry in row), Fraction(0))


def extremal_row(operator: Resampling) -> int:
    """The row with the largest absolute sum."""
    return max(range(operator.target), key=lambda i: absolute_sum(operator.matrix[i]))


def sign_map(row: Sequence[Fraction]) -> Map:
    """The map of entries 1 and -1 that the cell (row, row) of an operator weighs most: signs of the weights' products.

    >>> [[int(x) for x in line] for line in sign_map([Fraction(2), Fraction(-1)])]
    [[1, -1], [-1, 1]]
    """
    signs = [Fraction(-1 if weight < 0 else 1) for weight in row]
    return [[x * y for y in signs] for x in signs]


def largest(token_map: Rows) -> Fraction:
    """max |entries|."""
    return max(abs(entry) for row in token_map for entry in row)
