"""Maximum inner product: has some pair of integer rows an inner product of at least a threshold?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from reductions.core.answer import Answer, Decision
from reductions.problems.pairs import is_pair
from varproof.base.errors import InputError


@dataclass(frozen=True, eq=False)
class MaxInnerProduct:
    """YES: some <left_i, right_j> >= `threshold`. NO: all are <= `low`. Else the promise is violated.

    `left` (rows, dim) and `right` (rows, dim) are int64; `low` is below the threshold, by default threshold - 1, which
    promises nothing. Inner products are exact: Python integers wherever int64 could overflow.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    threshold: int
    low: int = cast(int, None)  # set to threshold - 1 when not given

    NAME: ClassVar[str] = "maxip"
    TITLE: ClassVar[str] = "Maximum inner product"
    PARAMETERS: ClassVar[Mapping[str, str]] = {
        "left": "number of rows on the left",
        "right": "number of rows on the right",
        "dim": "integers of a row d",
        "magnitude": "largest absolute entry, 0 where there is none",
    }
    SIZE: ClassVar[str] = "left"
    FUNCTION: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for side in ("left", "right"):
            rows = getattr(self, side)
            if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.dtype != np.int64:
                raise InputError(f"{side} is no int64 matrix", got=getattr(rows, "dtype", type(rows).__name__))
        if self.left.shape[1] != self.right.shape[1]:
            got = (self.left.shape[1], self.right.shape[1])
            raise InputError("left and right rows differ in length", got=got, allowed="the same dim")
        if self.low is None:
            object.__setattr__(self, "low", self.threshold - 1)
        if not self.low < self.threshold:
            raise InputError("the two levels are not a gap", got=(self.low, self.threshold), allowed="low < threshold")

    @property
    def magnitude(self) -> int:
        """The largest absolute entry of both sides, 0 where there is none."""
        return max(
            (abs(int(x)) for rows in (self.left, self.right) if rows.size for x in (rows.min(), rows.max())), default=0
        )

    def parameters(self) -> dict[str, int]:
        """Rows left and right, d and the largest absolute entry."""
        return {
            "left": len(self.left),
            "right": len(self.right),
            "dim": int(self.left.shape[1]),
            "magnitude": self.magnitude,
        }

    def inner(self, i: int, j: int) -> int:
        """<left_i, right_j>, in Python integers."""
        return sum(int(x) * int(y) for x, y in zip(self.left[i], self.right[j], strict=True))

    def verify(self, witness: Any) -> bool:
        """Whether `witness` is a pair (i, j) of inner product at least the threshold, in Python integers."""
        return is_pair(witness, len(self.left), len(self.right)) and self.inner(*witness) >= self.threshold

    def witnesses(self) -> Iterator[tuple[int, int]]:
        """All pairs that reach the threshold, in row order."""
        for i, products in enumerate(self.products()):
            for j in np.flatnonzero(products >= self.threshold):
                yield i, int(j)

    def products(self) -> Iterator[NDArray[Any]]:
        """For each left row its inner products with all right rows: int64 where they fit, else Python integers."""
        fits = int(self.left.shape[1]) * self.magnitude**2 < 2**63 and abs(self.threshold) < 2**63
        left, right = (self.left, self.right) if fits else (self.left.astype(object), self.right.astype(object))
        for row in left:
            yield (right * row).sum(axis=1)

    def solve(self) -> Answer:
        """All inner products one after the other; PROMISE_VIOLATED when the largest lies between the levels."""
        found = tuple(self.witnesses())
        if found:
            return Answer(Decision.YES, found[0], found, len(found))
        between = any(bool((products > self.low).any()) for products in self.products())
        return Answer(Decision.PROMISE_VIOLATED if between else Decision.NO, count=0)


PROBLEM = MaxInnerProduct
