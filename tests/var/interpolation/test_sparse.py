"""The explicit map against the Kronecker square and against the two passes that models run."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.base.tolerances import rounding_bound
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.interpolation.operators import area, up
from varproof.var.interpolation.resampling import Resampling
from varproof.var.interpolation.sparse import MAX_ENTRIES, exact_entries, exact_row, sparse_map

OPERATORS = [up("bicubic", 3, 5), up("bspline", 4, 4), up("nearest", 1, 3), area(5, 3), area(2, 3)]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_exact_entries_are_the_kronecker_square(operator: Resampling) -> None:
    n, p = operator.target, operator.source
    dense = [[Fraction(0)] * p**2 for _ in range(n**2)]
    seen = set()
    for row, column, weight in exact_entries(operator):
        assert weight != 0
        assert (row, column) not in seen
        seen.add((row, column))
        dense[row][column] = weight
    for i in range(n):
        for j in range(n):
            for k in range(p):
                for m in range(p):
                    assert dense[i * n + j][k * p + m] == operator.matrix[i][k] * operator.matrix[j][m]
    assert len(seen) == operator.taps**2
    assert all(sum(row) == 1 for row in dense)
    assert max(sum(map(abs, row)) for row in dense) == operator.norm
    matrix = sparse_map(operator)
    assert matrix.nnz == len(seen)
    assert np.array_equal(matrix.toarray(), [[float(weight) for weight in row] for row in dense])


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_rows_by_cell(operator: Resampling) -> None:
    entries = list(exact_entries(operator))
    for row, column in ((0, 0), (operator.target - 1, 0), (operator.target // 2, operator.target - 1)):
        cell = row * operator.target + column
        wanted = {divmod(source, operator.source): weight for target, source, weight in entries if target == cell}
        assert exact_row(operator, row, column) == wanted


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_it_is_what_the_models_run(operator: Resampling) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (operator.source, operator.source, 3))
    run = Plain(numpy_like()).resample(x, operator)
    explicit = (sparse_map(operator) @ x.reshape(-1, 3)).reshape(run.shape)
    # two inner products of p terms, or one of p^2; weights rounded at most twice
    tolerance = 2 * rounding_bound(operator.source**2 + 2 * operator.source + 4, float(operator.norm))
    assert np.abs(run - explicit).max() <= tolerance
    assert np.abs(run - explicit.transpose(1, 0, 2)).max() > 1e3 * tolerance or operator.source == 1


@pytest.mark.parametrize("cell", [(-1, 0), (0, 5), (5, 5)])
def test_cells_outside_are_refused(cell: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="no such cell"):
        exact_row(up("bicubic", 3, 5), *cell)


def test_huge_maps_are_refused_before_anything_is_made() -> None:
    side = int(MAX_ENTRIES**0.5) + 1
    large = Resampling("nothing", ((Fraction(1),) * side,))
    with pytest.raises(InputError, match="too large") as caught:
        sparse_map(large)
    assert str(MAX_ENTRIES) in caught.value.allowed
