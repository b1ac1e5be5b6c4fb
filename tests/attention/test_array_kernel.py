"""The array kernel against monomials evaluated one by one, within the roundings that it declares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.attention.features import FeaturePlan, feature_plan
from varproof.attention.polynomial.array_kernel import ArrayKernel, materialised, unmaterialised
from varproof.base.tolerances import rounding_bound

# degree 0, one variable, last degree stored and not, more columns than the token-major threshold
SHAPES = [(1, 0, 1), (1, 4, 2), (2, 5, 2), (3, 1, 3), (4, 5, 4), (8, 3, 8), (3, 6, 1), (5, 4, 12)]


def monomials(plan: FeaturePlan, x: NDArray[Any]) -> NDArray[Any]:
    """(n, r) in long double."""
    wide = x.astype(np.longdouble)
    return np.prod(wide[:, None, :] ** plan.exponents[None, :, :], axis=2)


def arrays(seed: int, n: int, d: int, value_dim: int, dtype: str) -> tuple[NDArray[Any], ...]:
    rng = np.random.default_rng(seed)
    k, v = rng.uniform(-1, 1, (n, d)).astype(dtype), rng.standard_normal((n, value_dim)).astype(dtype)
    return k, v, rng.uniform(-0.1, 0.1, d).astype(dtype), rng.standard_normal(value_dim).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [0, 1, 7, 64, 100])
@pytest.mark.parametrize(("d", "degree", "value_dim"), SHAPES)
def test_state_is_the_sum_over_keys_to_the_declared_roundings(
    d: int, degree: int, value_dim: int, n: int, dtype: str
) -> None:
    plan, (k, v, shift, value_shift) = feature_plan(d, degree), arrays(n, n, d, value_dim, dtype)
    factor = 0.7
    phi = monomials(plan, (k.astype(np.longdouble) - shift) * np.longdouble(factor))
    weights = np.hstack([v.astype(np.longdouble) - value_shift, np.ones((n, 1))])
    exact, size = phi.T @ weights, np.abs(phi).T @ np.abs(weights)
    for kernel in (ArrayKernel(), ArrayKernel(block=16), ArrayKernel(block=16, wide=False)):
        state = kernel.state(plan, k, v, shift=shift, factor=factor, value_shift=value_shift)
        assert state.shape == (plan.rank, value_dim + 1)
        assert state.dtype == ("float64" if kernel.wide else dtype)
        allowed = rounding_bound(kernel.state_roundings(plan, n), 1.0, dtype)
        assert np.all(np.abs(state - exact) <= allowed * size)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("m", [0, 1, 7, 64, 100])
@pytest.mark.parametrize(("d", "degree", "value_dim"), SHAPES)
def test_outputs_are_products_with_the_table_to_the_declared_roundings(
    d: int, degree: int, value_dim: int, m: int, dtype: str
) -> None:
    plan, (q, _, _, _) = feature_plan(d, degree), arrays(m, m, d, value_dim, dtype)
    table = np.random.default_rng(m).standard_normal((plan.rank, value_dim + 1))
    phi = monomials(plan, q.astype(np.longdouble) * np.longdouble(0.7))
    for kernel in (ArrayKernel(), ArrayKernel(block=16)):
        out = kernel.outputs(plan, q, table, factor=0.7)
        assert out.shape == (m, value_dim + 1)
        assert out.dtype == dtype
        allowed = rounding_bound(kernel.output_roundings(plan), 1.0, dtype)
        assert np.all(np.abs(out - phi @ table) <= allowed * (np.abs(phi) @ np.abs(table)))


def test_the_last_degree_is_stored_exactly_where_that_takes_fewer_products() -> None:
    for d in range(1, 10):
        for degree in range(6):
            plan = feature_plan(d, degree)
            last = plan.rank - plan.starts[degree]
            for columns in (1, 2, 9, 40):
                stored = materialised(plan, columns)
                assert stored == (plan.starts[degree] if last > d * columns else plan.rank)
                groups = unmaterialised(plan, columns)
                assert sum(g.stop - g.start for g in groups) == plan.rank - stored


@pytest.mark.parametrize(("d", "degree", "value_dim"), SHAPES)
def test_strides_and_blocks_do_not_matter(d: int, degree: int, value_dim: int) -> None:
    plan, (k, v, shift, value_shift) = feature_plan(d, degree), arrays(3, 90, d, value_dim, "float64")
    kernel = ArrayKernel()
    state = kernel.state(plan, k, v, shift=shift, factor=0.5, value_shift=value_shift)
    across = kernel.state(
        plan, np.asfortranarray(k), np.repeat(v, 2, axis=0)[::2], shift=shift, factor=0.5, value_shift=value_shift
    )
    np.testing.assert_allclose(across, state, rtol=1e-12, atol=1e-12)
    out = kernel.outputs(plan, k, state, factor=0.5)
    np.testing.assert_allclose(kernel.outputs(plan, np.asfortranarray(k), state, factor=0.5), out, rtol=1e-11)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("d", "degree", "value_dim"), SHAPES)
def test_torch_gives_what_numpy_gives(d: int, degree: int, value_dim: int, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason='needs the extra: pip install "varproof[torch]"')
    plan, given = feature_plan(d, degree), arrays(5, 100, d, value_dim, dtype)
    kernel = ArrayKernel(block=32)
    k, v, shift, value_shift = given
    state = kernel.state(plan, k, v, shift=shift, factor=0.5, value_shift=value_shift)
    tk, tv, tshift, tvalue_shift = (torch.from_numpy(x) for x in given)
    torch_state = kernel.state(plan, tk, tv, shift=tshift, factor=0.5, value_shift=tvalue_shift)
    assert torch_state.dtype == torch.float64
    unit = 2.0**-53 if dtype == "float64" else 2.0**-24
    tolerance = 4 * kernel.state_roundings(plan, 100) * unit * float(np.abs(v).max() + 1) * 100
    np.testing.assert_allclose(torch_state.numpy(), state, rtol=0, atol=tolerance)
    out = kernel.outputs(plan, k, state, factor=0.5)
    torch_out = kernel.outputs(plan, tk, torch_state, factor=0.5)
    tolerance += 4 * kernel.output_roundings(plan) * unit * float(np.abs(state).sum())
    np.testing.assert_allclose(torch_out.numpy(), out, rtol=0, atol=tolerance)


class Counting:
    """NumPy's functions as the kernel calls them, with the operations of each counted."""

    def __init__(self) -> None:
        self.flops = 0

    def multiply(self, a: Any, b: Any, *, out: Any) -> Any:
        self.flops += out.size
        return np.multiply(a, b, out=out)

    def subtract(self, a: Any, b: Any, *, out: Any) -> Any:
        self.flops += out.size
        return np.subtract(a, b, out=out)

    def matmul(self, a: Any, b: Any, out: Any = None) -> Any:
        self.flops += 2 * a.shape[0] * a.shape[1] * b.shape[1]
        return np.matmul(a, b, out=out)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


@pytest.mark.parametrize(("d", "degree", "value_dim"), SHAPES)
def test_flops_are_those_of_the_loops(d: int, degree: int, value_dim: int, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting()
    monkeypatch.setattr("varproof.attention.polynomial.array_kernel.array_namespace", lambda *_: counting)
    plan, (k, v, shift, value_shift) = feature_plan(d, degree), arrays(1, 50, d, value_dim, "float64")
    kernel = ArrayKernel(block=16)
    state = kernel.state(plan, k, v, shift=shift, factor=0.5, value_shift=value_shift)
    in_place = 50 * d if degree else 0  # the factor
    assert kernel.state_flops(plan, 50, value_dim) == counting.flops + in_place
    counting.flops = 0
    kernel.outputs(plan, k, state, factor=0.5)
    columns = value_dim + 1
    in_place = 2 * 50 * columns * len(unmaterialised(plan, columns))  # products of the last degree, and their sum
    assert kernel.output_flops(plan, 50, columns) == counting.flops + in_place


@pytest.mark.parametrize(("d", "degree", "value_dim"), SHAPES)
def test_sums_by_blas_in_place_are_those_of_products(d: int, degree: int, value_dim: int) -> None:
    """float64 NumPy arrays are summed by dgemm, those of another namespace by their own products."""
    plan, (k, v, shift, value_shift) = feature_plan(d, degree), arrays(9, 150, d, value_dim, "float64")
    options: dict[str, Any] = {"shift": shift, "factor": 0.5, "value_shift": value_shift}
    fused = ArrayKernel(block=64).state(plan, k, v, **options)
    torch = pytest.importorskip("torch", reason='needs the extra: pip install "varproof[torch]"')
    given = {name: torch.from_numpy(x) if name != "factor" else x for name, x in options.items()}
    plain = ArrayKernel(block=64).state(plan, torch.from_numpy(k), torch.from_numpy(v), **given)
    np.testing.assert_allclose(fused, plain.numpy(), rtol=1e-12, atol=1e-12)
    assert fused.flags.c_contiguous


def test_default_blocks_keep_products_small_enough_for_blas() -> None:
    kernel = ArrayKernel()
    for rows, columns in ((21, 3), (70, 5), (165, 9), (153, 17), (5000, 65)):
        block = kernel._tokens(rows, columns, np.empty((10**6, 1)))
        assert block % 64 == 0
        assert block < 1024 or math.log2(block).is_integer()
        assert block == 64 or block * rows * columns <= 10**6


@pytest.mark.parametrize("head_dim", [1, 16])
@pytest.mark.parametrize("n", [1, 512])
def test_rank_one(head_dim: int, n: int) -> None:
    plan, kernel = feature_plan(head_dim, 0), ArrayKernel()
    k, v, shift, value_shift = arrays(2, n, head_dim, 3, "float64")
    state = kernel.state(plan, k, v, shift=shift, factor=1.0, value_shift=value_shift)
    np.testing.assert_allclose(state, [[*(v - value_shift).sum(axis=0), n]], rtol=1e-12)
    np.testing.assert_allclose(kernel.outputs(plan, k, state, factor=1.0), np.repeat(state, n, axis=0), rtol=1e-15)


@pytest.mark.parametrize(("head_dim", "degree"), [(1, 0), (2, 5), (8, 3), (16, 3)])
def test_roundings_count_the_longest_way_of_a_term(head_dim: int, degree: int) -> None:
    """A term of an output is scaled and multiplied up g times and then one of r terms of an inner product."""
    kernel, plan = ArrayKernel(), feature_plan(head_dim, degree)
    assert kernel.output_roundings(plan) >= plan.rank + 2 * degree + 1
    for keys in (1, 1000, 10**6):
        # at least: centring and scaling of g factors, g - 1 products, the value, and one sum over the keys of a block
        assert kernel.state_roundings(plan, keys) >= 3 * degree + max(degree - 1, 0) + 2 + min(keys, 64)
