"""An interpolation in two dimensions as one explicit sparse map over cells in row-major order: floats or exact entries.

The Kronecker square of the one-dimensional matrix: entry ((i, j), (k, l)) is w_ik w_jl. Nothing in a model needs it; it
is for proofs and reductions that read single weights, and for tests against the two passes that the models run.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from scipy.sparse import coo_array, csr_array

from varproof.base.errors import InputError
from varproof.var.interpolation.resampling import Resampling

MAX_ENTRIES = 2**22


def sparse_map(operator: Resampling) -> csr_array:
    """The matrix (n^2, p^2) in float64, every entry the correctly rounded product. Raises `InputError` beyond 2^22.

    >>> from varproof.var.interpolation.operators import up
    >>> matrix = sparse_map(up("bicubic", 2, 4))
    >>> matrix.shape, matrix.nnz, float(matrix.sum())
    ((16, 4), 64, 16.0)
    """
    _check_size(operator)
    rows, columns, values = [], [], []
    for row, column, weight in exact_entries(operator):
        rows.append(row)
        columns.append(column)
        values.append(float(weight))
    shape = (operator.target**2, operator.source**2)
    return csr_array(coo_array((values, (rows, columns)), shape=shape))


def exact_entries(operator: Resampling) -> Iterator[tuple[int, int, Fraction]]:
    """(output cell, input cell, weight) of every nonzero entry, by rows; cells are numbered row by row.

    >>> from varproof.var.interpolation.operators import area
    >>> [(row, column, str(weight)) for row, column, weight in exact_entries(area(2, 1))]
    [(0, 0, '1/4'), (0, 1, '1/4'), (0, 2, '1/4'), (0, 3, '1/4')]
    """
    lines = [[(k, weight) for k, weight in enumerate(row) if weight] for row in operator.matrix]
    for i, down in enumerate(lines):
        for j, across in enumerate(lines):
            for k, first in down:
                for m, second in across:
                    yield i * operator.target + j, k * operator.source + m, first * second


def exact_row(operator: Resampling, row: int, column: int) -> dict[tuple[int, int], Fraction]:
    """The weights of one output cell by input cell (row, column). Raises `InputError` for a cell outside n x n.

    >>> from varproof.var.interpolation.operators import up
    >>> exact_row(up("bilinear", 1, 3), 2, 2)
    {(0, 0): Fraction(1, 1)}
    """
    for index in (row, column):
        if not 0 <= index < operator.target:
            raise InputError(
                "no such cell", got=(row, column), allowed=f"0 to {operator.target - 1} in both directions"
            )
    down, across = operator.matrix[row], operator.matrix[column]
    return {(k, m): a * b for k, a in enumerate(down) if a for m, b in enumerate(across) if b}


def _check_size(operator: Resampling) -> None:
    if operator.taps**2 > MAX_ENTRIES:
        raise InputError(
            "the explicit map is too large",
            got=f"{operator.taps**2} entries",
            allowed=f"at most {MAX_ENTRIES}",
            hint="the models run the one-dimensional matrix along both axes instead",
        )
