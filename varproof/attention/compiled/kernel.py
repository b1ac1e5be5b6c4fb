"""The compiled kernel of the polynomial method for NumPy arrays (extra `fast`): both passes as generated machine code.

The code is written with llvmlite, the compiler under numba, once for each number of columns and dtype; plans come as
data, so there is no code per dimension and degree. Vector width and register tiles follow the processor it runs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.compiled import counts as numba_counts
from varproof.attention.compiled import division as numba_division
from varproof.attention.compiled import summary as numba_summary
from varproof.attention.compiled.emitter import host
from varproof.attention.compiled.fill import token_stride
from varproof.attention.compiled.layout import Machine, layout_of
from varproof.attention.compiled.prepared import address, prepared_outputs, prepared_state
from varproof.attention.features import FeaturePlan

Array = NDArray[Any]


def scratch(entries: int, dtype: Any) -> tuple[Array, int]:
    """Zeros from a cache line's start on, and its address; tiles may read rows never written, rubbish may be slow."""
    room = np.zeros(entries * dtype.itemsize + 64, dtype=np.uint8)
    start = -address(room) % 64
    return room[start : start + entries * dtype.itemsize].view(dtype), address(room) + start


@dataclass(frozen=True)
class NumbaKernel:
    """A `Kernel` for NumPy arrays of float64 or float32, any strides, one thread; `numba_kernel()` makes it.

    Sums over a block of tokens are in the arrays' type, sums of blocks in float64; the state comes in float64. The
    table may have either type and is cast to that of the queries. Outputs are a view of a (c, m) array.

    >>> from importlib.util import find_spec
    >>> from varproof.attention.features import feature_plan
    >>> from varproof.attention.polynomial.array_kernel import ArrayKernel  # gives the same, without the extra
    >>> plan, k = feature_plan(1, 2), np.array([[1.0], [2.0]])
    >>> kernel = numba_kernel() if find_spec("llvmlite") else ArrayKernel()
    >>> state = kernel.state(plan, k, k, shift=np.zeros(1), factor=1.0, value_shift=np.zeros(1))
    >>> state.tolist()  # sums of k^0, k^1, k^2 times k, and times 1
    [[3.0, 2.0], [5.0, 3.0], [9.0, 5.0]]
    """

    machine: Machine
    name: str = "numba"

    def state(self, plan: FeaturePlan, k: Array, v: Array, *, shift: Array, factor: float, value_shift: Array) -> Array:
        """sum_j phi((k_j - shift) factor) [v_j - value_shift, 1]: (r, d_v + 1) float64 from k (n, d), v (n, d_v)."""
        dtype, item_bytes = k.dtype, k.dtype.itemsize
        columns = v.shape[1] + 1
        ready = prepared_state(plan, columns, item_bytes, self.machine)
        row, d = ready.stride // item_bytes, k.shape[1]
        weights = ready.feature_rows * row
        shifts = weights + (columns + ready.width) * row
        room, at = scratch(shifts + d + columns + 1, dtype)
        room[:row] = 1
        room[weights + (columns - 1) * row : weights + columns * row] = 1
        room[shifts : shifts + d] = shift
        room[shifts + d : shifts + d + columns - 1] = value_shift
        room[-2], room[-1] = factor, 1
        sums = np.zeros(ready.entries)
        at_shift, at_weights, end = at + shifts * item_bytes, at + weights * item_bytes, at + room.nbytes
        ready.code.call(
            *(address(k), *k.strides, address(v), *v.strides, *k.shape, columns - 1),
            *(at_shift, at_shift + d * item_bytes, end - 2 * item_bytes, end - item_bytes, at),
            *(at_weights, at_weights + columns * ready.stride, address(sums), *ready.counts),
        )
        return sums[ready.index]

    def outputs(self, plan: FeaturePlan, q: Array, table: Array, *, factor: float) -> Array:
        """phi(q_i factor) @ table: (m, c) from q (m, d) and table (r, c)."""
        dtype, item_bytes = q.dtype, q.dtype.itemsize
        tokens, columns = q.shape[0], table.shape[1]
        ready = prepared_outputs(plan, columns, item_bytes, self.machine)
        sums = ready.feature_rows * ready.tile
        shift = sums + ready.width * ready.tile
        room, at = scratch(shift + q.shape[1] + 1, dtype)
        room[: ready.tile] = 1
        room[-1] = factor
        # padded to whole tiles, and by a vector so that columns do not share cache sets
        padded = -(-tokens // ready.tile) * ready.tile + self.machine.lanes(item_bytes)
        outputs = np.empty((columns, padded), dtype=dtype)
        packed = table.astype(dtype, copy=False).ravel()[ready.index]
        ready.code.call(
            *(address(q), *q.strides, *q.shape, at + shift * item_bytes, at + room.nbytes - item_bytes, at),
            *(at + sums * item_bytes, address(packed), address(outputs), padded * item_bytes, *ready.counts),
        )
        return outputs[:, :tokens].T

    def ranges(self, a: Array) -> tuple[Array, Array]:
        """The smallest and the largest entry of every column of `a` (n, c), n >= 1: exact, two arrays (c,)."""
        lanes = self.machine.lanes(a.dtype.itemsize)
        if a.shape[0] < lanes or not a.flags.c_contiguous:
            return a.min(axis=0), a.max(axis=0)
        low, high = a[:lanes].copy(), a[:lanes].copy()
        numba_summary.range_code(a.dtype.itemsize, lanes).call(address(a), *a.shape, address(low), address(high))
        return low.min(axis=0), high.max(axis=0)

    def squares(self, a: Array, shift: Array | None, *, scale: float = 1.0, offset: float = 0.0) -> tuple[Array, float]:
        """scale |a_j - shift|^2 + offset as (n,) float64 from `a` (n, c), `shift` (c,) or None, and the largest.

        Entries are subtracted in the type of `a`, the rest is float64: relative error at most gamma_m of that type's u
        with m = c + 5, underflow aside. A NaN makes the largest NaN.
        """
        item_bytes = a.dtype.itemsize
        lanes = self.machine.lanes(item_bytes)
        room = a.shape[1] * token_stride(lanes, item_bytes) // item_bytes
        block, at = scratch(room + a.shape[1] + 1, a.dtype)
        block[room:-1], block[-1] = 0 if shift is None else shift, 1
        squares, numbers = np.empty(-(-a.shape[0] // lanes) * lanes), np.empty(lanes + 2)
        numbers[0], numbers[1] = scale, offset
        at_shift, at_numbers = at + room * item_bytes, address(numbers)
        numba_summary.square_code(item_bytes, lanes).call(
            *(address(a), *a.strides, *a.shape, at_shift, at + block.nbytes - item_bytes, at),
            *(at_numbers, at_numbers + 8, address(squares), at_numbers + 16),
        )
        return squares[: a.shape[0]], float(numbers[2:].max())

    def divided(self, outputs: Array, middle: Array, values: Array, *, largest: bool) -> Array | None:
        """values[i, c] = outputs[i, c] (1 / Z_i) + middle[c], Z_i = outputs[i, d_v]: reciprocal, product and sum round.

        `outputs` (m, at least d_v + 1) as `outputs` returns them, `middle` (d_v,) and `values` (m, d_v) of the same
        type. With `largest` the sizes max_c |outputs[i, c] (1 / Z_i)| (m,) are returned, NaN where one is.
        """
        columns, lanes = values.shape[1], self.machine.lanes(outputs.dtype.itemsize)
        sums = outputs.T
        simple = sums.strides[1] == sums.itemsize == values.strides[1] and values.shape[0] >= lanes
        if not simple or values.dtype != outputs.dtype:
            ratios = sums[:columns] * (1 / sums[columns])
            np.add(ratios.T, middle, out=values, casting="same_kind")
            return np.abs(ratios).max(axis=0, initial=0.0) if largest else None
        middles = middle.astype(values.dtype, order="C")
        sizes = np.empty(values.shape[0], dtype=values.dtype) if largest else None
        numba_division.division_code(sums.itemsize, lanes).call(
            *(address(sums), sums.strides[0], address(sums) + columns * sums.strides[0], values.shape[0], columns),
            *(address(middles), address(values), values.strides[0]),
            *((0, 0) if sizes is None else (address(sizes), columns)),
        )
        return sizes

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

    >>> from importlib.util import find_spec
    >>> numba_kernel().name if find_spec("llvmlite") else "numba"
    'numba'
    """
    return NumbaKernel(host())
