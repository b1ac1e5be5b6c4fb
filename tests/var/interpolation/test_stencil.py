"""Stencils against the exact matrices, and their widths against the nonzero weights of every row."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.var.interpolation.operators import area, area_products, up, up_products
from varproof.var.interpolation.resampling import Resampling

WIDTHS = {"bicubic": 4, "bicubic:1/3": 4, "bspline": 4, "bilinear": 2, "nearest": 1}
SIDES = [(1, 1), (1, 7), (2, 3), (3, 4), (5, 13), (13, 16), (16, 5), (9, 9), (16, 64)]
ONE, ZERO = Fraction(1), Fraction(0)


def widest(operator: Resampling) -> int:
    return max(sum(weight != 0 for weight in row) for row in operator.matrix)


def check_stencil(operator: Resampling) -> None:
    """Its sum is the matrix, every weight correctly rounded; nonzero weights once each, zeros behind them."""
    indices, weights = operator.stencil
    assert indices.dtype == np.int64
    assert weights.dtype == np.float64
    assert indices.shape == weights.shape
    found = np.zeros((operator.target, operator.source))
    for row in range(operator.target):
        count = np.count_nonzero(weights[row])
        assert np.all(weights[row, :count] != 0)
        assert len(set(indices[row, :count])) == count, "two weights of one entry"
        found[row, indices[row, :count]] = weights[row, :count]
    assert np.array_equal(found, operator.array)


@pytest.mark.parametrize("kernel", WIDTHS)
@pytest.mark.parametrize(("source", "target"), SIDES)
def test_every_row_of_a_kernel_has_as_many_weights(kernel: str, source: int, target: int) -> None:
    operator = up(kernel, source, target)
    check_stencil(operator)
    assert operator.stencil[0].shape == (target, WIDTHS[kernel])
    assert operator.products == up_products(kernel) == (0 if kernel == "nearest" else WIDTHS[kernel])


def test_windows_are_as_wide_as_their_formula_says() -> None:
    for source in range(1, 41):
        for target in range(1, 41):
            operator = area(source, target)
            assert widest(operator) == area_products(source, target) == operator.stencil[0].shape[1], operator.name
            assert operator.products == (0 if widest(operator) == 1 else widest(operator))


@pytest.mark.parametrize(("source", "target"), SIDES)
def test_windows_have_their_stencil(source: int, target: int) -> None:
    check_stencil(area(source, target))


@pytest.mark.parametrize(
    ("rows", "products"),
    [
        (((ONE, ZERO), (ZERO, ONE)), 0),
        (((ONE, ZERO), (ZERO, ZERO)), 1),  # a row without weights is zero, not a copy
        (((-ONE,),), 1),
        (((ONE, ZERO), (ONE, ONE)), 2),
        (((ONE / 3, ZERO, -ONE / 3), (ZERO, ONE / 7, ZERO)), 2),
    ],
)
def test_a_bare_matrix_has_a_stencil_as_wide_as_its_widest_row(
    rows: tuple[tuple[Fraction, ...], ...], products: int
) -> None:
    operator = Resampling("bare", rows)
    assert operator.products == products
    assert operator.stencil[0].shape[1] == max(1, widest(operator))
    check_stencil(operator)


def test_a_stencil_that_is_too_narrow_is_refused() -> None:
    rows = ((ONE, ONE, ONE), (ZERO, ONE, ZERO))
    assert Resampling("wide", rows, 4).products == 4
    with pytest.raises(InputError, match="more weights than its stencil") as caught:
        _ = Resampling("narrow", rows, 2).stencil
    assert caught.value.allowed == "3 or more"
