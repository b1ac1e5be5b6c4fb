"""The compiled kernel of the polynomial method for NumPy arrays (extra `fast`): both passes as generated machine code.

The code is written with llvmlite, the compiler under numba, once for each number of columns and dtype; plans come as
data, so there is no code per dimension and degree. Vector width and register tiles follow the processor it runs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention import numba_counts, numba_outputs, numba_state, numba_summary
from varproof.attention.features import FeaturePlan
from varproof.attention.numba_emitter import host
from varproof.attention.numba_fill import token_stride
from varproof.attention.numba_layout import BLOCK_TOKENS, Layout, Machine, layout_of

Array = NDArray[Any]


def scratch(entries: int, dtype: Any) -> Array:
    """Zeros from a cache line's start on: tiles may compute with rows never written, and subnormal rubbish is slow."""
    room = np.zeros(entries * np.dtype(dtype).itemsize + 64, dtype=np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + entries * np.dtype(dtype).itemsize].view(dtype)


def address(array: Array) -> int:
    """Where the first entry lies."""
    return int(array.__array_interface__["data"][0])


@dataclass(frozen=True)
class NumbaKernel:
    """A `Kernel` for NumPy arrays of float64 or float32, any strides, one thread; `numba_kernel()` makes it.

    Sums over a block of tokens are in the arrays' type, sums of blocks in float64; the state comes in float64. The
    table may have either type and is cast to that of the queries. Outputs are a view of a (c, m) array.

    >>> import numpy as np
    >>> from varproof.attention.features import feature_plan
    >>> plan, k = feature_plan(1, 2), np.array([[1.0], [2.0]])
    >>> state = numba_kernel().state(plan, k, k, shift=np.zeros(1), factor=1.0, value_shift=np.zeros(1))
    >>> state.tolist()  # sums of k^0, k^1, k^2 times k, and times 1
    [[3.0, 2.0], [5.0, 3.0], [9.0, 5.0]]
    """

    machine: Machine
    name: str = "numba"

    def state(self, plan: FeaturePlan, k: Array, v: Array, *, shift: Array, factor: float, value_shift: Array) -> Array:
        """sum_j phi((k_j - shift) factor) [v_j - value_shift, 1]: (r, d_v + 1) float64 from k (n, d), v (n, d_v)."""
        dtype = k.dtype
        lanes = self.machine.lanes(dtype.itemsize)
        columns = v.shape[1] + 1
        layout = layout_of(plan, columns, self.machine.registers)
        code = numba_state.state_code(layout.tiling, layout.depth, dtype.itemsize, lanes)
        stride = token_stride(lanes, dtype.itemsize)
        row = stride // dtype.itemsize
        features = scratch((layout.rows + layout.depth) * row, dtype)
        features[:row] = 1.0
        weights = scratch((columns + layout.tiling.widths[0]) * row, dtype)
        weights[(columns - 1) * row : columns * row] = 1.0
        sums = np.zeros(layout.state_entries(lanes))
        shifts = np.ascontiguousarray(np.concatenate([shift, value_shift]), dtype=dtype)
        factors = np.array([factor, 1.0], dtype=dtype)
        records, index = state_tables(layout, stride, lanes)
        fields = np.array(
            [
                *(address(k), *k.strides, address(v), *v.strides, k.shape[0], k.shape[1], v.shape[1]),
                *(address(shifts), address(shifts) + k.shape[1] * dtype.itemsize),
                *(address(factors), address(factors) + dtype.itemsize, address(features), address(weights)),
                *(address(weights) + columns * stride, address(sums), layout.plain_tiles, address(records)),
                *(len(layout.built), len(layout.deferred)),
            ],
            dtype=np.int64,
        )
        code.call(address(fields))
        return np.asarray(sums[index])

    def outputs(self, plan: FeaturePlan, q: Array, table: Array, *, factor: float) -> Array:
        """phi(q_i factor) @ table: (m, c) from q (m, d) and table (r, c); columns are contiguous."""
        dtype = q.dtype
        lanes = self.machine.lanes(dtype.itemsize)
        columns, tokens = table.shape[1], q.shape[0]
        layout = layout_of(plan, columns, self.machine.registers)
        code = numba_outputs.output_code(layout.tiling, dtype.itemsize, lanes)
        depth = layout.tiling.depth
        tile = depth * lanes
        features = scratch(layout.rows * tile, dtype)
        features[:tile] = 1.0
        sums = scratch(layout.tiling.widths[0] * tile, dtype)
        # padded to whole tiles, and by a cache line so that columns do not share cache sets
        width = -(-tokens // tile) * tile + lanes
        outputs = np.empty((columns, width), dtype=dtype)
        packed = pack(layout, table, dtype)
        shift, factors = np.zeros(q.shape[1], dtype=dtype), np.array([factor], dtype=dtype)
        records = output_tables(layout, tile * dtype.itemsize)
        fields = np.array(
            [
                *(address(q), *q.strides, tokens, q.shape[1], address(shift), address(factors), address(features)),
                *(address(sums), address(packed), address(outputs), width * dtype.itemsize, layout.plain),
                *(layout.stored, address(records), len(layout.built), len(layout.deferred), plan.rank),
            ],
            dtype=np.int64,
        )
        code.call(address(fields))
        return outputs[:, :tokens].T

    def ranges(self, a: Array) -> tuple[Array, Array]:
        """The smallest and the largest entry of every column of `a` (n, c), n >= 1: exact, two arrays (c,)."""
        lanes = self.machine.lanes(a.dtype.itemsize)
        if a.shape[0] < lanes or not a.flags.c_contiguous:
            return a.min(axis=0), a.max(axis=0)
        low, high = a[:lanes].copy(), a[:lanes].copy()
        fields = np.array([address(a), *a.shape, address(low), address(high)], dtype=np.int64)
        numba_summary.range_code(a.dtype.itemsize, lanes).call(address(fields))
        return low.min(axis=0), high.max(axis=0)

    def squares(self, a: Array, shift: Array) -> Array:
        """|a_j - shift|^2 as (n,) float64 from `a` (n, c), `shift` (c,).

        Entries are subtracted in the type of `a`, squared and added in float64: relative error at most gamma_m of that
        type's u with m = c + 3, underflow aside.
        """
        item_bytes = a.dtype.itemsize
        lanes = self.machine.lanes(item_bytes)
        block = scratch(a.shape[1] * token_stride(lanes, item_bytes) // item_bytes, a.dtype)
        squares = np.empty(-(-a.shape[0] // lanes) * lanes)
        shifts, one = np.ascontiguousarray(shift, dtype=a.dtype), np.ones(1, dtype=a.dtype)
        fields = np.array(
            [address(a), *a.strides, *a.shape, *(address(x) for x in (shifts, one, block, squares))], dtype=np.int64
        )
        numba_summary.square_code(item_bytes, lanes).call(address(fields))
        return squares[: a.shape[0]]

    def state_roundings(self, plan: FeaturePlan, keys: int) -> int:
        """m of `state` over `keys` rows, for either type."""
        return numba_counts.state_roundings(plan, keys, self.machine)

    def output_roundings(self, plan: FeaturePlan) -> int:
        """m of `outputs`, for either type and any number of columns."""
        return numba_counts.output_roundings(plan, self.machine)

    def state_flops(self, plan: FeaturePlan, keys: int, value_dim: int) -> int:
        """Operations of `state` on float64, unread rows of register tiles and padding tokens included."""
        return numba_counts.state_flops(layout_of(plan, value_dim + 1, self.machine.registers), keys, self.machine)

    def output_flops(self, plan: FeaturePlan, queries: int, columns: int) -> int:
        """Operations of `outputs` on float64, padding tokens included."""
        return numba_counts.output_flops(layout_of(plan, columns, self.machine.registers), queries, self.machine)


def numba_kernel() -> NumbaKernel:
    """The kernel for this processor; `MissingExtraError` without the extra `fast`.

    >>> numba_kernel().name
    'numba'
    """
    return NumbaKernel(host())


@lru_cache(maxsize=64)
def state_tables(layout: Layout, stride: int, lanes: int) -> tuple[Array, Array]:
    """Records of the state pass (offsets in bytes, rows in register tiles) and where its sums are found."""
    records = layout.records * np.array([stride, stride, 0, stride])
    records[:, 2] = layout.row_tiles
    return np.ascontiguousarray(records), layout.state_index(lanes)


@lru_cache(maxsize=64)
def output_tables(layout: Layout, row_bytes: int) -> Array:
    """Records of the output pass, offsets in bytes."""
    return np.ascontiguousarray(layout.records * np.array([row_bytes, row_bytes, 1, row_bytes]))


def pack(layout: Layout, table: Array, dtype: Any) -> Array:
    """The table column tile after column tile, rows in the order in which the output pass meets them."""
    ordered = np.asarray(table, dtype=dtype)[layout.order]
    tiles = zip(layout.tiling.starts, layout.tiling.widths, strict=True)
    return np.concatenate([ordered[:, start : start + width].ravel() for start, width in tiles])
