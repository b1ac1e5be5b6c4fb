"""The compiled kernel against exact integer arithmetic, on register files of several processors."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.attention.compiled.counts import output_roundings, state_roundings
from varproof.attention.compiled.layout import BLOCK_TOKENS, Layout, Machine, Tiling, layout_of
from varproof.attention.features import FeaturePlan, feature_plan
from varproof.base.errors import MissingExtraError
from varproof.base.tolerances import UNIT_ROUNDOFF

pytest.importorskip("llvmlite", reason='needs pip install "varproof[fast]"')

from varproof.attention.compiled import emitter as numba_emitter
from varproof.attention.compiled.kernel import NumbaKernel, numba_kernel

MACHINES = [Machine(64, 32), Machine(32, 16), Machine(16, 16), Machine(16, 32)]
BITS = 53  # all data are multiples of 2^-53
FACTOR = 0.3
# d, g, d_v, tokens: around the lengths of vectors, tiles and blocks, stored and deferred last degrees, several tiles
SHAPES = [
    (1, 0, 1, 3),
    (3, 0, 2, 10),
    (1, 7, 1, 33),
    (12, 1, 3, 9),
    (2, 5, 2, BLOCK_TOKENS + 1),
    (2, 5, 2, 2 * BLOCK_TOKENS),
    (4, 5, 4, BLOCK_TOKENS - 1),
    (8, 3, 8, 65),
    (8, 2, 20, 8),
    (16, 2, 16, 7),
    (3, 3, 0, 16),
    (5, 4, 3, 1),
    (2, 3, 1, 0),
]


def tokens(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    return rng.random(shape, dtype=dtype) - dtype(0.5)


def integers(a: NDArray[Any]) -> NDArray[np.object_]:
    """2^53 a, exactly."""
    scaled = a.astype(np.float64) * 2.0**BITS
    assert np.array_equal(scaled, np.rint(scaled))
    return scaled.astype(np.int64).astype(object)


def monomials(plan: FeaturePlan, x: NDArray[np.object_]) -> NDArray[np.object_]:
    """(tokens, r) exact; a monomial of degree k carries the scale of its factors to the power k."""
    rows = np.ones((x.shape[0], plan.rank), dtype=object)
    for row, exponents in enumerate(plan.exponents.tolist()):
        for variable, power in enumerate(exponents):
            rows[:, row] = rows[:, row] * x[:, variable] ** power
    return rows


def assert_within(computed: NDArray[Any], exact: Any, size: Any, scales: list[int], m: int, dtype: Any) -> Fraction:
    """|computed - exact/scale| <= gamma_m size/scale entrywise (scale by row); the largest ratio error/(u size)."""
    u = Fraction(UNIT_ROUNDOFF[np.dtype(dtype).name])
    gamma, worst = m * u / (1 - m * u), Fraction(0)
    assert computed.shape == exact.shape
    for (i, c), value in np.ndenumerate(np.asarray(computed)):
        error = abs(Fraction(float(value)) * scales[i] - int(exact[i, c]))
        assert error <= gamma * int(size[i, c]), (i, c)
        if size[i, c]:
            worst = max(worst, error / int(size[i, c]) / u)
    return worst


def check_state(kernel: NumbaKernel, plan: FeaturePlan, k: Any, v: Any, shift: Any, value_shift: Any) -> Fraction:
    state = kernel.state(plan, k, v, shift=shift, factor=FACTOR, value_shift=value_shift)
    assert state.dtype == np.float64
    numerator, denominator = FACTOR.as_integer_ratio()
    x = monomials(plan, (integers(k) - integers(shift)) * numerator)
    ones = np.full((k.shape[0], 1), 2**BITS, dtype=object)
    w = np.concatenate([integers(v) - integers(value_shift), ones], axis=1)
    scales = [(2**BITS * denominator) ** int(degree) * 2**BITS for degree in plan.degrees]
    exact, size = (a.T.dot(b) if len(a) else np.zeros((plan.rank, w.shape[1])) for a, b in ((x, w), (abs(x), abs(w))))
    return assert_within(state, exact, size, scales, kernel.state_roundings(plan, k.shape[0]), k.dtype)


def check_outputs(kernel: NumbaKernel, plan: FeaturePlan, q: Any, table: Any) -> Fraction:
    outputs = kernel.outputs(plan, q, table, factor=FACTOR)
    assert outputs.dtype == q.dtype
    numerator, denominator = FACTOR.as_integer_ratio()
    unit = 2**BITS * denominator
    lift = np.array([unit ** (plan.degree - int(degree)) for degree in plan.degrees], dtype=object)
    x, t = monomials(plan, integers(q) * numerator) * lift, integers(table)
    scales = [unit**plan.degree * 2**BITS] * q.shape[0]
    exact, size = (a.dot(b) for a, b in ((x, t), (abs(x), abs(t))))
    return assert_within(outputs, exact, size, scales, kernel.output_roundings(plan), q.dtype)


def case(shape: tuple[int, int, int, int], dtype: Any) -> tuple[FeaturePlan, Any, Any, Any, Any, Any]:
    d, g, value_dim, n = shape
    rng = np.random.default_rng(sum(shape))
    plan = feature_plan(d, g)
    k, v = tokens(rng, (n, d), dtype), tokens(rng, (n, value_dim), dtype)
    shift, value_shift = tokens(rng, (d,), dtype), tokens(rng, (value_dim,), dtype)
    return plan, k, v, shift, value_shift, tokens(rng, (plan.rank, value_dim + 1), dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_both_passes_are_within_their_roundings(shape: tuple[int, int, int, int], dtype: Any) -> None:
    plan, k, v, shift, value_shift, table = case(shape, dtype)
    kernel = numba_kernel()
    error = check_state(kernel, plan, k, v, shift, value_shift)
    assert error > 0 or shape[1] == 0 or shape[3] == 0  # the bound is about something: rounding happens
    check_outputs(kernel, plan, k, table)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_code_for_other_processors(machine: Machine, dtype: Any) -> None:
    kernel = NumbaKernel(machine)
    for shape in ((3, 4, 9, 37), (6, 2, 5, BLOCK_TOKENS + 3)):
        plan, k, v, shift, value_shift, table = case(shape, dtype)
        check_state(kernel, plan, k, v, shift, value_shift)
        check_outputs(kernel, plan, k, table)


@pytest.mark.parametrize("head_dim", [1, 16])
@pytest.mark.parametrize("n", [1, 512])
def test_rank_one(head_dim: int, n: int) -> None:
    rng, plan, kernel = np.random.default_rng(8), feature_plan(head_dim, 0), numba_kernel()
    k, v = rng.random((n, head_dim)), rng.random((n, 3))
    state = kernel.state(plan, k, v, shift=np.zeros(head_dim), factor=1.0, value_shift=np.zeros(3))
    np.testing.assert_allclose(state, [[*v.sum(axis=0), n]], rtol=1e-12)
    np.testing.assert_allclose(kernel.outputs(plan, k, state, factor=1.0), np.repeat(state, n, axis=0), rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_any_strides(dtype: Any) -> None:
    plan, k, v, shift, value_shift, table = case((3, 3, 3, 50), dtype)
    kernel = numba_kernel()
    spread = np.zeros((100, 7), dtype=dtype)
    spread[::2, :6:2] = k
    for view in (np.asfortranarray(k), k[::-1, ::-1], spread[::2, :6:2], np.broadcast_to(k[:1], k.shape)):
        check_state(kernel, plan, view, v[:, ::-1], shift[::-1], value_shift)
        check_outputs(kernel, plan, view, np.asfortranarray(table))
        check_outputs(kernel, plan, view, table[::-1, ::-1])
        squares, _ = kernel.squares(view, shift[::-1])
        assert np.allclose(squares, ((view.astype(float) - shift[::-1]) ** 2).sum(axis=1), rtol=1e-5)
        low, high = kernel.ranges(view)
        assert np.array_equal(low, view.min(axis=0))
        assert np.array_equal(high, view.max(axis=0))


def test_a_wide_table_is_cast_for_float32_queries() -> None:
    plan, q, _, _, _, table = case((4, 3, 4, 30), np.float32)
    fine = np.random.default_rng(1).random(table.shape) - 0.5
    check_outputs(numba_kernel(), plan, q, fine)


def test_float32_blocks_are_added_in_float64() -> None:
    # 2^24 in the first block, then a thousand ones that a float32 sum would lose
    k = np.zeros((1000 + BLOCK_TOKENS, 1), dtype=np.float32)
    v = np.ones((1000 + BLOCK_TOKENS, 1), dtype=np.float32)
    v[:BLOCK_TOKENS] = 0
    v[0] = 2.0**24
    zero = np.zeros(1, dtype=np.float32)
    state = numba_kernel().state(feature_plan(1, 1), k, v, shift=zero, factor=1.0, value_shift=zero)
    assert state[0].tolist() == [2.0**24 + 1000, 1000 + BLOCK_TOKENS]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [1, 7, 8, 16, 17, 31, BLOCK_TOKENS, 3 * BLOCK_TOKENS + 5])
def test_ranges_and_squares(n: int, dtype: Any) -> None:
    rng = np.random.default_rng(n)
    kernel = numba_kernel()
    for columns in (1, 2, 5, 17):
        a, shift = tokens(rng, (n, columns), dtype), tokens(rng, (columns,), dtype)
        low, high = kernel.ranges(a)
        assert np.array_equal(low, a.min(axis=0))
        assert np.array_equal(high, a.max(axis=0))
        exact = (((integers(a) - integers(shift)) ** 2).sum(axis=1) * 5 + 3 * 4**BITS)[:, None]
        squares, largest = kernel.squares(a, shift, scale=1.25, offset=0.75)
        assert_within(squares[:, None], exact, exact, [4 * 4**BITS] * n, columns + 5, dtype)
        assert largest == squares.max()


def test_the_extreme_entry_is_found_wherever_it_is() -> None:
    kernel = numba_kernel()
    for n in (8, 13, 40):
        for place in range(n):
            a = np.zeros((n, 3))
            a[place] = [-1.0, 2.0, 3.0]
            low, high = kernel.ranges(a)
            assert (low.tolist(), high.tolist()) == ([-1.0, 0.0, 0.0], [0.0 if n > 1 else -1.0, 2.0, 3.0])


def test_no_rows_have_no_squares() -> None:
    squares, largest = numba_kernel().squares(np.zeros((0, 3)), np.zeros(3))
    assert (squares.shape, largest) == ((0,), 0.0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_division_is_that_of_arrays(dtype: Any) -> None:
    kernel, rng = numba_kernel(), np.random.default_rng(0)
    plan = feature_plan(1, 2)
    for m, value_dim in ((300, 2), (17, 33), (16, 1), (8, 7), (3, 3), (0, 2)):
        table = tokens(rng, (3, value_dim + 2), dtype)
        outputs = kernel.outputs(plan, tokens(rng, (m, 1), dtype), table, factor=1.0)
        middle, whole = tokens(rng, (value_dim,), dtype), np.zeros((m, 2 * value_dim), dtype=dtype)
        ratios = outputs[:, :value_dim] * (1 / outputs[:, value_dim : value_dim + 1])
        for values in (whole[:, :value_dim], np.zeros((value_dim, m), dtype=dtype).T):
            sizes = kernel.divided(outputs, middle, values, largest=True)
            assert np.array_equal(values, ratios + middle)
            assert np.array_equal(sizes, np.abs(ratios).max(axis=1))
            values[...] = 0
            assert kernel.divided(outputs, middle, values, largest=False) is None
            assert np.array_equal(values, ratios + middle)
        assert not whole[:, value_dim:].any()


def test_nan_stays_in_sizes_and_squares() -> None:
    kernel = numba_kernel()
    for row in (0, 7, 30):
        for column in range(3):
            outputs = np.ones((4, 31)).T
            outputs[row, column] = np.nan
            sizes = kernel.divided(outputs, np.zeros(3), np.empty((31, 3)), largest=True)
            assert np.flatnonzero(np.isnan(sizes)).tolist() == [row]
            squares, largest = kernel.squares(outputs[:, :3], np.zeros(3))
            assert np.isnan(largest)
            assert np.flatnonzero(np.isnan(squares)).tolist() == [row]


def test_nan_and_inf_reach_the_outputs() -> None:
    plan, q, _, _, _, table = case((2, 3, 2, 20), np.float64)
    for bad in (np.nan, np.inf):
        q[11, 1] = bad
        outputs = numba_kernel().outputs(plan, q, table, factor=FACTOR)
        assert not np.isfinite(outputs[11]).any()
        assert np.isfinite(np.delete(outputs, 11, axis=0)).all()


def test_threads_do_not_share_memory() -> None:
    plan, k, v, shift, value_shift, table = case((4, 4, 4, 700), np.float64)
    kernel = numba_kernel()

    def both(scale: float) -> tuple[NDArray[Any], NDArray[Any]]:
        state = kernel.state(plan, k * scale, v, shift=shift, factor=FACTOR, value_shift=value_shift)
        return state, kernel.outputs(plan, k * scale, table, factor=FACTOR)

    scales = [1.0, 0.5, 0.25, 0.75] * 4
    alone = [both(scale) for scale in scales]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(both, scales))
    for (s1, o1), (s2, o2) in zip(alone, together, strict=True):
        assert np.array_equal(s1, s2)
        assert np.array_equal(o1, o2)


@pytest.mark.parametrize(("d", "g", "columns"), [(2, 5, 3), (8, 4, 9), (16, 3, 17), (16, 2, 17), (3, 0, 2), (5, 1, 40)])
@pytest.mark.parametrize("registers", [16, 32])
def test_every_row_has_one_place(d: int, g: int, columns: int, registers: int) -> None:
    layout = layout_of(feature_plan(d, g), columns, registers)
    assert sorted(layout.order.tolist()) == list(range(comb(d + g, g)))
    index = layout.state_index(8)
    assert index.shape == (layout.plan.rank, columns)
    assert len(set(index.ravel().tolist())) == index.size
    assert index.max() < layout.state_entries(8)
    assert sum(layout.tiling.widths) == columns
    assert (layout.tiling.depth + 1) * layout.tiling.widths[0] > registers // 3  # registers are used
    assert layout.tiling.depth * layout.tiling.widths[0] <= registers - 3


def executed_state_flops(layout: Layout, keys: int, lanes: int) -> int:
    """Operations of the state pass, walking through the loops of the generated code."""
    columns, count = layout.columns, 2 * keys * (layout.plan.head_dim + layout.columns - 1)
    for start in range(0, keys, BLOCK_TOKENS):
        steps = -(-min(BLOCK_TOKENS, keys - start) // lanes)
        for tile, width in enumerate(layout.tiling.widths):
            runs = [(layout.plain_tiles, 0)]
            runs += [(int(t), int(tile == 0)) for t in layout.row_tiles[: len(layout.built)]]
            runs += [(int(t), 0) for t in layout.row_tiles[len(layout.built) :]]
            count += len(layout.deferred) * steps * width * lanes
            for tiles, made in runs:
                for _ in range(tiles):
                    count += steps * lanes * layout.depth * (2 * width + made)
                    groups = -(-layout.depth * width // lanes)
                    count += groups * (lanes - 1 + 1) * lanes
    assert columns == sum(layout.tiling.widths)
    return count


@pytest.mark.parametrize(
    ("d", "g", "value_dim", "n"), [(2, 5, 2, 1000), (16, 3, 16, 500), (8, 4, 8, 193), (3, 0, 1, 5)]
)
def test_operations_are_those_of_the_loops(d: int, g: int, value_dim: int, n: int) -> None:
    kernel = NumbaKernel(Machine(64, 32))
    plan = feature_plan(d, g)
    layout = layout_of(plan, value_dim + 1, 32)
    flops = kernel.state_flops(plan, n, value_dim)
    assert flops == executed_state_flops(layout, n, 8)
    assert flops >= 2 * n * plan.rank * (value_dim + 1)
    tile = 8 * layout.tiling.depth
    per_token = 0
    for group in (*layout.built, *layout.deferred):
        deferred = group in layout.deferred
        rows = group.stop - group.start
        per_token += 2 * rows * (value_dim + 1) + (2 * (value_dim + 1) if deferred else rows)
    per_token += 2 * layout.plain * (value_dim + 1)
    assert kernel.output_flops(plan, n, value_dim + 1) == -(-n // tile) * tile * per_token + 2 * n * d


def test_roundings_grow_with_the_sums() -> None:
    machine, plan = Machine(64, 32), feature_plan(8, 4)
    # 3 a coordinate, 3 products, value shift, product, 24 steps, 4 levels, one sum a block
    assert state_roundings(plan, 16384, machine) == 12 + 3 + 2 + 24 + 4 + 86
    assert state_roundings(plan, 1, machine) == 12 + 3 + 2 + 1 + 4 + 1
    layouts = [layout_of(plan, columns, 32) for columns in range(1, 40)]
    sums = [layout.stored + len(layout.deferred) for layout in layouts]
    assert output_roundings(plan, machine) >= 2 * 4 + 3 + 2 + max(sums)
    assert output_roundings(plan, machine) <= 2 * 4 + 3 + 2 + max(sums) + 8
    assert Tiling(9, 16).widths == (3, 3, 3)


def test_a_processor_that_llvm_does_not_know_gets_short_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite.binding as llvm

    def unknown() -> None:
        raise RuntimeError("unknown")

    known = numba_kernel()
    monkeypatch.setattr(llvm, "get_host_cpu_features", unknown)
    numba_emitter.host.cache_clear()
    numba_emitter._processor.cache_clear()
    plan, k, v, shift, value_shift, _ = case((7, 2, 3, 20), np.float64)
    assert numba_kernel().machine.vector_bytes == 16
    check_state(numba_kernel(), plan, k, v, shift, value_shift)
    monkeypatch.undo()
    numba_emitter.host.cache_clear()
    numba_emitter._processor.cache_clear()
    assert numba_kernel() == known


def test_absence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    numba_emitter.host.cache_clear()
    numba_emitter._processor.cache_clear()
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    with pytest.raises(MissingExtraError, match=r"varproof\[fast\]"):
        numba_kernel()
    monkeypatch.undo()
    assert numba_kernel().name == "numba"
