"""Arrays that count: the convention, views, and the kernel on them against the numbers that plain arrays give."""

from __future__ import annotations

import numpy as np
import pytest

from varproof.attention.features import feature_plan
from varproof.attention.polynomial.array_kernel import ArrayKernel
from varproof.claims.metered_arrays import Meter, plain


def test_one_operation_an_entry_and_two_m_for_inner_products():
    meter = Meter()
    x, y = meter.wrap(np.ones((2, 3))), meter.wrap(np.full((2, 3), 2.0))
    assert plain(meter.multiply(x, y)).tolist() == [[2.0] * 3] * 2
    assert meter.operations == 6
    assert plain(x + y).sum() == 18
    assert plain(1 / y[:, 0]).tolist() == [0.5, 0.5]
    assert meter.operations == 6 + 6 + 2
    assert plain(meter.matmul(x, y.T)).tolist() == [[6.0, 6.0]] * 2
    assert meter.operations == 14 + 2 * 3 * 4


def test_inner_products_go_on_from_a_sum_for_nothing_and_scaled_ones_do_not():
    meter = Meter()
    x, total = meter.wrap(np.ones((2, 2))), meter.wrap(np.zeros((2, 2)))
    total += meter.matmul(x, x)
    assert (meter.operations, plain(total).sum()) == (16, 8.0)
    into = meter.empty((2, 2))
    scaled = meter.matmul(x, x, out=into)
    scaled *= 3.0
    total += scaled
    assert (meter.operations, plain(total).sum()) == (16 + 16 + 4 + 4, 32.0)


def test_slices_are_views_and_copies_count_nothing():
    meter = Meter()
    x = meter.zeros((2, 3), dtype=meter.float64, device="cpu")
    x[0] = 1
    meter.multiply(x[0], 5.0, out=x[1])
    copied = meter.asarray(x, dtype=x.dtype, copy=True)
    x[0] = 0
    assert plain(x).tolist() == [[0.0] * 3, [5.0] * 3]
    assert plain(copied)[0].tolist() == [1.0] * 3
    assert meter.operations == 3


@pytest.mark.parametrize(("head_dim", "degree"), [(1, 1), (2, 3), (5, 4)])
def test_the_kernel_computes_the_same_on_counting_arrays_and_says_what_it_does(head_dim, degree):
    plan, kernel = feature_plan(head_dim, degree), ArrayKernel(block=4)
    rows = np.linspace(-1, 1, 9 * head_dim).reshape(9, head_dim)
    meter = Meter()
    k = meter.wrap(rows)
    zero = np.zeros(head_dim)
    state = kernel.state(plan, k, k, shift=zero, factor=0.5, value_shift=zero)
    assert meter.operations == kernel.state_flops(plan, 9, head_dim)
    expected = kernel.state(plan, rows, rows, shift=zero, factor=0.5, value_shift=zero)
    assert np.abs(plain(state) - expected).max() < 1e-12
    out = kernel.outputs(plan, k, state, factor=2.0)
    assert meter.operations == kernel.state_flops(plan, 9, head_dim) + kernel.output_flops(plan, 9, head_dim + 1)
    assert np.abs(plain(out) - kernel.outputs(plan, rows, expected, factor=2.0)).max() < 1e-12
