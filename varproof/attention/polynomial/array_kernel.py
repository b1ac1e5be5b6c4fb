"""The polynomial method's two passes on NumPy and torch arrays: graded monomials in blocks, matrix products by BLAS.

Features lie feature-major: a row per monomial, a column per token of the block. The last degree is not materialised
where that saves work: its monomials are x_l times a tail of the degree before, so for keys the tail is multiplied by
values times y_l, and for queries the product of the tail with the table is multiplied by x_l.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_torch_namespace
from array_api_compat import numpy as compatible
from scipy.linalg.blas import dgemm

from varproof.attention.features import FeaturePlan, Group
from varproof.base.extras import optional

SMALL_PRODUCT = 10**6  # OpenBLAS multiplies matrices without packing them while m n k is at most this
MOST_TOKENS, FEWEST_TOKENS = 4096, 64  # of a block
CACHED_BLOCK = 2**17  # numbers; torch's products pack by themselves, so the features only have to stay in the cache
LINE = 64  # bytes of a cache line
TOKEN_MAJOR = 12  # from so many columns on BLAS gains more from values token by token than their products lose


@dataclass(frozen=True)
class ArrayKernel:
    """A `Kernel` for NumPy and torch arrays; `block` tokens at a time (None: as many as suit BLAS, for float64).

    Sums over a block are BLAS's own in the arrays' type, so float32 is better off with blocks of some hundred tokens,
    and an accelerator is faster with tens of thousands.

    `wide`: sums over blocks of tokens are kept in float64 and the state comes in float64, which only matters for
    float32 arrays. The table may have either type and is cast to that of the queries.

    >>> import numpy as np
    >>> from varproof.attention.features import feature_plan
    >>> plan, k = feature_plan(1, 2), np.array([[1.0], [2.0]])
    >>> state = ArrayKernel().state(plan, k, k, shift=np.zeros(1), factor=1.0, value_shift=np.zeros(1))
    >>> state.tolist()  # sums of k^0, k^1, k^2 times k, and times 1
    [[3.0, 2.0], [5.0, 3.0], [9.0, 5.0]]
    """

    block: int | None = None
    wide: bool = True
    name: str = "array"

    def state(self, plan: FeaturePlan, k: Any, v: Any, *, shift: Any, factor: float, value_shift: Any) -> Any:
        """sum_j phi((k_j - shift) factor) [v_j - value_shift, 1]: (r, d_v + 1), float64 if `wide`."""
        xp, where = plain_namespace(k, v), device(k)
        d, value_dim = k.shape[1], v.shape[1]
        rows, last = materialised(plan, value_dim + 1), unmaterialised(plan, value_dim + 1)
        block = self._tokens(rows, value_dim + 1, k)
        features = _features(xp, rows, block, k)
        weights, scaled = (_tokens(xp, block, value_dim + 1, k) for _ in range(2))
        weights[:, value_dim] = 1
        state = xp.zeros((plan.starts[-1], value_dim + 1), dtype=xp.float64 if self.wide else k.dtype, device=where)
        add = _adder(xp, k, state)
        for tokens in _blocks(k.shape[0], block):
            width = tokens.stop - tokens.start
            f, w, product = features[:, :width], weights[:width], scaled[:width]
            if rows > 1:
                xp.subtract(k[tokens].T, shift[:, None], out=f[1 : 1 + d])
                f[1 : 1 + d] *= factor
            build(xp, plan, f)
            # transposed, so that loops run along tokens
            xp.subtract(v[tokens].T, value_shift[:, None], out=w[:, :value_dim].T)
            add(state[:rows], f, w)
            for group in last:
                xp.multiply(w, f[1 + group.variable][:, None], out=product)
                add(state[group.start : group.stop], f[group.tail_start : group.tail_stop], product)
        return state

    def outputs(self, plan: FeaturePlan, q: Any, table: Any, *, factor: float) -> Any:
        """phi(q_i factor) @ table: (m, c) in the type of q, a view of a (c, m) array."""
        xp, where = plain_namespace(q, table), device(q)
        d, columns = q.shape[1], table.shape[1]
        rows, last = materialised(plan, columns), unmaterialised(plan, columns)
        block = self._tokens(rows, columns, q)
        features = _features(xp, rows, block, q)
        table = array_namespace(table).astype(table, q.dtype).T
        out = xp.empty((columns, q.shape[0]), dtype=q.dtype, device=where)
        sums, products = (_aligned(xp, columns, block, q) for _ in range(2))
        for tokens in _blocks(q.shape[0], block):
            f = features[:, : tokens.stop - tokens.start]
            if rows > 1:
                xp.multiply(q[tokens].T, factor, out=f[1 : 1 + d])
            build(xp, plan, f)
            if not last:
                xp.matmul(table, f, out=out[:, tokens])
                continue
            total = sums[:, : f.shape[1]]
            xp.matmul(table[:, :rows], f, out=total)
            for group in last:
                product = products[:, : f.shape[1]]
                xp.matmul(table[:, group.start : group.stop], f[group.tail_start : group.tail_stop], out=product)
                product *= f[1 + group.variable]
                total += product
            out[:, tokens] = total
        return out.T

    def state_roundings(self, plan: FeaturePlan, keys: int) -> int:
        """m of `state`: per factor of a monomial shift, scaling and the cast of `factor`, then products, then sums."""
        factors = 3 * plan.degree
        products = max(plan.degree - 1, 0) + 2  # of the monomial, the shift of the value, monomial times value
        longest, shortest = (MOST_TOKENS, FEWEST_TOKENS) if self.block is None else (self.block, self.block)
        return factors + products + min(longest, keys) + -(-keys // shortest)

    def output_roundings(self, plan: FeaturePlan) -> int:
        """m of `outputs`: per factor scaling and the cast of `factor`, products, the cast of the table, sums over r."""
        return 2 * plan.degree + max(plan.degree - 1, 0) + 2 + plan.rank + plan.head_dim

    def state_flops(self, plan: FeaturePlan, keys: int, value_dim: int) -> int:
        """Operations of `state`: centring, features, sums; every key the same."""
        scaling = 2 * plan.head_dim if plan.degree else 0
        return keys * (scaling + value_dim + _flops(plan, value_dim + 1, 1))

    def output_flops(self, plan: FeaturePlan, queries: int, columns: int) -> int:
        """Operations of `outputs`."""
        scaling = plan.head_dim if plan.degree else 0
        return queries * (scaling + _flops(plan, columns, 2))

    def _tokens(self, rows: int, columns: int, like: Any) -> int:
        """Tokens of a block of `rows` features, at most those of `like`."""
        if self.block is not None:
            fits = self.block
        elif isinstance(like, np.ndarray):
            fits = _round_below(SMALL_PRODUCT // (rows * columns))
        else:
            fits = _round_below(CACHED_BLOCK // rows)
        return int(max(1, min(fits, like.shape[0])))


def _round_below(tokens: int) -> int:
    """A power of two, or a multiple of `FEWEST_TOKENS` where powers are far apart for the time that a block takes."""
    if tokens < 16 * FEWEST_TOKENS:
        return max(tokens // FEWEST_TOKENS, 1) * FEWEST_TOKENS
    return min(1 << (tokens.bit_length() - 1), MOST_TOKENS)


def _adder(xp: Any, like: Any, state: Any) -> Callable[[Any, Any, Any], None]:
    """`add(rows, features, weights)`: rows += features @ weights, by BLAS in place where it can be asked."""
    if xp is not compatible or not like.dtype == state.dtype == np.float64:

        def add(rows: Any, features: Any, weights: Any) -> None:
            rows += xp.matmul(features, weights)

        return add

    def fused(rows: Any, features: Any, weights: Any) -> None:
        # Fortran's view: the transposed sum, columns contiguous
        if weights.flags.f_contiguous:
            dgemm(1.0, weights, features.T, beta=1.0, c=rows.T, trans_a=True, overwrite_c=True)
        else:
            dgemm(1.0, weights.T, features.T, beta=1.0, c=rows.T, overwrite_c=True)

    return fused


def plain_namespace(*arrays: Any) -> Any:
    """The arrays' namespace, for torch its own module: the wrapper costs more than the operations on a block."""
    xp = array_namespace(*arrays)
    return optional("torch") if is_torch_namespace(xp) else xp


def materialised(plan: FeaturePlan, columns: int) -> int:
    """The number of leading features that are stored: all, or all but the last degree where that takes more products.

    >>> from varproof.attention.features import feature_plan
    >>> materialised(feature_plan(16, 3), 17), materialised(feature_plan(16, 2), 17)
    (153, 153)
    """
    low, rank = plan.starts[plan.degree], plan.starts[-1]
    return low if rank - low > plan.head_dim * columns else rank


def unmaterialised(plan: FeaturePlan, columns: int) -> tuple[Group, ...]:
    """The groups of the last degree that are not stored."""
    return tuple(plan.groups[-plan.head_dim :]) if materialised(plan, columns) < plan.starts[-1] else ()


def build(xp: Any, plan: FeaturePlan, features: Any) -> None:
    """Fill the rows of degree >= 2 of `features` (rows, tokens) from row 0 (ones) and the coordinates after it."""
    for group in plan.groups[plan.head_dim :]:
        if group.stop > features.shape[0]:
            break
        tail = features[group.tail_start : group.tail_stop]
        xp.multiply(tail, features[1 + group.variable], out=features[group.start : group.stop])


def _features(xp: Any, rows: int, block: int, like: Any) -> Any:
    features = _aligned(xp, rows, block, like)
    features[0, :] = 1
    return features


def _tokens(xp: Any, block: int, columns: int, like: Any) -> Any:
    """(block, columns), the tokens contiguous or the columns, whichever is faster; only the strides differ."""
    return _aligned(xp, block, columns, like) if columns >= TOKEN_MAJOR else _aligned(xp, columns, block, like).T


def _aligned(xp: Any, rows: int, columns: int, like: Any) -> Any:
    """An empty (rows, columns) array that starts a cache line; NumPy's own are aligned to 16 bytes only."""
    flat = xp.empty((rows * columns + LINE // 4,), dtype=like.dtype, device=device(like))
    if isinstance(flat, np.ndarray):
        flat = flat[-flat.ctypes.data % LINE // flat.itemsize :]
    return xp.reshape(flat[: rows * columns], (rows, columns))


def _blocks(tokens: int, block: int) -> Iterator[slice]:
    return (slice(start, min(start + block, tokens)) for start in range(0, tokens, block))


def _flops(plan: FeaturePlan, columns: int, products: int) -> int:
    """Features and their products with `columns` columns, a token; `products` operations per entry and variable."""
    stored, last = materialised(plan, columns), unmaterialised(plan, columns)
    monomials = max(stored - 1 - plan.head_dim, 0)
    return monomials + 2 * plan.starts[-1] * columns + len(last) * columns * products
