"""Numbers that count the operations done on them, for arrays of objects: claims about the cost of one operation."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Count:
    """How many flops were done: +, -, *, /, square root, exponential and tanh. Signs and comparisons are free.

    >>> count = Count()
    >>> x = count.array((2, 3), seed=1)
    >>> y = x @ x.T  # four inner products of length 3, without a start: three products and two sums each
    >>> count.flops
    20
    """

    flops: int = 0

    def array(self, shape: tuple[int, ...], *, seed: int) -> NDArray[Any]:
        """Counted numbers drawn from [-1, 1]."""
        drawn = np.random.default_rng(seed).uniform(-1, 1, shape)
        return np.array([Counted(float(x), self) for x in drawn.ravel()], dtype=object).reshape(shape)


@dataclass(frozen=True)
class Counted:
    """A float whose arithmetic is counted."""

    value: float
    count: Count

    def _made(self, value: float) -> Counted:
        self.count.flops += 1
        return Counted(value, self.count)

    def _with(self, other: Any, function: Callable[[float, float], float]) -> Counted:
        return self._made(function(self.value, float(other)))

    def __add__(self, other: Any) -> Counted:
        return self._with(other, operator.add)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Counted:
        return self._with(other, operator.mul)

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Counted:
        return self._with(other, operator.sub)

    def __rsub__(self, other: Any) -> Counted:
        return self._with(other, lambda x, y: y - x)

    def __truediv__(self, other: Any) -> Counted:
        return self._with(other, operator.truediv)

    def __rtruediv__(self, other: Any) -> Counted:
        return self._with(other, lambda x, y: y / x)

    def sqrt(self) -> Counted:
        """NumPy calls this for arrays of objects; so `exp` and `tanh`."""
        return self._made(math.sqrt(self.value))

    def exp(self) -> Counted:
        """Counted once."""
        return self._made(math.exp(self.value))

    def tanh(self) -> Counted:
        """Counted once."""
        return self._made(math.tanh(self.value))

    def __neg__(self) -> Counted:
        return Counted(-self.value, self.count)

    def __abs__(self) -> Counted:
        return Counted(abs(self.value), self.count)

    def __float__(self) -> float:
        return self.value

    def __lt__(self, other: Any) -> bool:
        return self.value < float(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= float(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > float(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= float(other)
