"""Arrays that count the operations done on them, for claims about costs: shapes decide, as for a profiler of flops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

COUNTED = ("add", "subtract", "multiply", "divide")  # one operation an entry of the result


@dataclass(eq=False)
class Meter:
    """The operations counted so far; also the namespace of its arrays, that of NumPy with a count.

    One operation an entry of a sum, difference, product or quotient of arrays, and 2m for an inner product of length m:
    m products and m sums, the first of which goes to zero or, in `x += matmul(...)`, to x. All else counts nothing.

    >>> meter = Meter()
    >>> x = meter.wrap(np.ones((3, 4)))
    >>> y = meter.matmul(x, x.T) * 2
    >>> meter.operations  # 9 inner products of length 4, 9 products
    81
    """

    operations: int = 0

    def wrap(self, data: Any) -> Metered:
        """`data` as an array that this meter counts."""
        return Metered(np.asarray(data, dtype=np.float64), self)

    def count(self, result: NDArray[np.float64], each: int = 1) -> Metered:
        """`result` as an array, with `each` operations counted for every entry."""
        self.operations += each * result.size
        return Metered(result, self)

    def matmul(self, a: Any, b: Any, out: Metered | None = None) -> Metered:
        """The product of two matrices, 2m operations an entry."""
        result = self.count(np.matmul(plain(a), plain(b)), each=2 * a.shape[-1])
        if out is not None:
            out.data[...] = result.data
        found = result if out is None else out
        found.inner_products = True
        return found

    def __getattr__(self, name: str) -> Any:
        whatever = getattr(np, name)
        return self._wrapped(name, whatever) if callable(whatever) and not isinstance(whatever, type) else whatever

    def _wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, out: Metered | None = None, **options: Any) -> Any:
            options.pop("device", None)  # NumPy's own function may not know it
            if out is not None:
                options["out"] = out.data
            result = function(*map(plain, arguments), **options)
            self.operations += result.size if name in COUNTED else 0
            return Metered(result, self) if out is None else out

        return call


@dataclass(eq=False)
class Metered:
    """A float64 array whose arithmetic is counted by `meter`; slices are views.

    `inner_products`: it comes straight from `matmul`.
    """

    data: NDArray[np.float64]
    meter: Meter
    inner_products: bool = False
    device: str = "cpu"

    def __array_namespace__(self, *, api_version: str | None = None) -> Meter:
        return self.meter

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the array."""
        return self.data.shape

    @property
    def dtype(self) -> Any:
        """float64."""
        return self.data.dtype

    @property
    def T(self) -> Metered:  # noqa: N802
        """The transpose, a view."""
        return Metered(self.data.T, self.meter)

    def __getitem__(self, index: Any) -> Metered:
        return Metered(self.data[index], self.meter)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.data[index] = plain(value)

    def __add__(self, other: Any) -> Metered:
        return self.meter.count(self.data + plain(other))

    def __mul__(self, other: Any) -> Metered:
        return self.meter.count(self.data * plain(other))

    def __rtruediv__(self, other: Any) -> Metered:
        return self.meter.count(plain(other) / self.data)

    def __imul__(self, other: Any) -> Metered:
        self.data *= plain(other)
        return self.meter.count(self.data)

    def __iadd__(self, other: Any) -> Metered:
        self.data += plain(other)
        # inner products that go on from x have been counted with their first sum
        return self if isinstance(other, Metered) and other.inner_products else self.meter.count(self.data)


def plain(x: Any) -> Any:
    """The numbers of an array, whether counted or not."""
    return x.data if isinstance(x, Metered) else x
