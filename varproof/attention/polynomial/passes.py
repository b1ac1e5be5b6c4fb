"""The passes over tokens around a kernel's own: column ranges, squared lengths, the division; array forms of them.

A kernel may bring its own, as the compiled one does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

from varproof.attention.polynomial.kernel import Kernel

FOLD = 64  # rows taken as one, so that operations run along contiguous memory
CACHED = 2**15  # numbers
FEW = 4  # up to so many columns one at a time is faster than a transposition


class Passes(Protocol):
    """Three passes over all tokens, each once per head or stage."""

    def ranges(self, a: Any) -> tuple[Any, Any]:
        """The least and the largest entry of every column of `a` (n, c), n >= 1."""
        ...

    def squares(self, a: Any, shift: Any, *, scale: float, offset: float) -> tuple[Any, float]:
        """scale |a_j - shift|^2 + offset as (n,) float64 and the largest (NaN where one is); no shift for None.

        Relative error of the squares at most gamma_{c+6} of the type of `a`, underflow aside.
        """
        ...

    def divided(self, outputs: Any, middle: Any, values: Any, *, largest: bool) -> Any:
        """values[i, c] = outputs[i, c] (1 / Z_i) + middle[c], Z_i = outputs[i, d_v]: reciprocal, product and sum round.

        With `largest` max_c |outputs[i, c] (1 / Z_i)| (m,) is returned, NaN where one is; else None.
        """
        ...


def passes_of(xp: Any, kernel: Kernel | None) -> Passes:
    """Those of the kernel if it has any."""
    # isinstance of a protocol takes as long as a pass over some thousand tokens
    return cast("Passes", kernel) if hasattr(kernel, "squares") else ArrayPasses(xp)


def column_range(xp: Any, a: Any) -> tuple[Any, Any]:
    """The least and the largest entry of every column of `a` (n, c), n >= 1. Rows are folded into long ones first.

    >>> import numpy as np
    >>> column_range(np, np.arange(260.0).reshape(130, 2))
    (array([0., 1.]), array([258., 259.]))
    """
    rows, columns = a.shape
    whole = rows - rows % FOLD
    if whole == 0:
        return xp.min(a, axis=0), xp.max(a, axis=0)
    folded = xp.reshape(a[:whole, :], (whole // FOLD, FOLD * columns))
    ends = []
    for extreme in (xp.min, xp.max):
        found = xp.reshape(extreme(folded, axis=0), (FOLD, columns))
        ends.append(extreme(xp.concat([found, a[whole:, :]], axis=0), axis=0))
    return ends[0], ends[1]


@dataclass(frozen=True)
class ArrayPasses:
    """The passes as operations of the array namespace `xp`.

    >>> import numpy as np
    >>> passes, a = ArrayPasses(np), np.array([[1.0, 5.0], [4.0, 1.0]])
    >>> passes.ranges(a)
    (array([1., 1.]), array([4., 5.]))
    >>> passes.squares(a, np.array([1.0, 1.0]), scale=1.0, offset=0.0)
    (array([16.,  9.]), 16.0)
    """

    xp: Any

    def ranges(self, a: Any) -> tuple[Any, Any]:
        """See `column_range`."""
        return column_range(self.xp, a)

    def squares(self, a: Any, shift: Any, *, scale: float, offset: float) -> tuple[Any, float]:
        """Block by block so that nothing leaves the cache."""
        xp, (rows, columns) = self.xp, a.shape
        block = max(CACHED // columns // FOLD, 1) * FOLD
        found, ones = xp.empty_like(a[:, 0]), xp.ones_like(a[0, :])
        flat = xp.empty((min(block, rows) * columns,), dtype=a.dtype, device=a.device)  # its reshapes are views
        tiled = None if shift is None else xp.tile(shift, (FOLD,))
        for start in range(0, rows, block):
            part = a[start : start + block, :]
            work = xp.reshape(flat[: part.shape[0] * columns], (part.shape[0], columns))
            whole = part.shape[0] - part.shape[0] % FOLD
            if shift is None:
                xp.multiply(part, part, out=work)
            else:
                if whole:
                    long = (whole // FOLD, FOLD * columns)
                    xp.subtract(xp.reshape(part[:whole, :], long), tiled, out=xp.reshape(flat[: whole * columns], long))
                xp.subtract(part[whole:, :], shift, out=work[whole:, :])
                work *= work
            xp.matmul(work, ones, out=found[start : start + block])
        found = xp.astype(found, xp.float64)
        found *= scale
        found += offset
        return found, float(xp.max(found)) if rows else 0.0

    def divided(self, outputs: Any, middle: Any, values: Any, *, largest: bool) -> Any:
        """Columns of `outputs` are contiguous."""
        xp, columns = self.xp, values.shape[1]
        across = outputs.T
        inverse = 1 / across[columns]
        if columns <= FEW and not largest:
            for c in range(columns):
                values[:, c] = across[c] * inverse + middle[c]
            return None
        ratios = across[:columns] * inverse
        sizes = xp.maximum(xp.max(ratios, axis=0), -xp.min(ratios, axis=0)) if largest else None
        ratios += middle[:, None]
        values[...] = ratios.T
        return sizes
