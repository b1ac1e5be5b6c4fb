"""A line of the ledger: one named step with its bound and what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from varproof.var.ledger.bounded_array import BoundedArray

NOISE = 2.0**-46  # of the magnitude: differences below are not errors that anybody made


@dataclass(frozen=True)
class Entry:
    """The largest `bound` of a step, the largest measured |value - exact float64 pass|, the largest |value|.

    `reference_bound`: how far the exact float64 pass itself may be from the truth, so `measured` is at most
    `bound + reference_bound`.
    """

    name: str
    phase: str
    bound: float
    measured: float
    reference_bound: float
    magnitude: float

    @property
    def slack(self) -> float | None:
        """bound / measured, None where what was measured is no more than rounding of the reference.

        >>> Entry("x", "", 2.0, 0.5, 0.0, 1.0).slack
        4.0
        """
        return self.bound / self.measured if self.measured > NOISE * self.magnitude else None

    @property
    def holds(self) -> bool:
        """measured <= bound + reference_bound; False where a value is no finite number.

        >>> Entry("x", "", math.inf, math.inf, 0.0, 1.0).holds
        False
        """
        return math.isfinite(self.measured) and self.measured <= (self.bound + self.reference_bound) * (1 + 1e-12)


def entry_of(x: BoundedArray, name: str, phase: str) -> Entry:
    """The entry of an array. A value that is no number measures as infinite."""
    with np.errstate(all="ignore"):
        difference = np.abs(x.numbers - x.reference)
    difference = np.where(np.isnan(difference), math.inf, difference)
    return Entry(
        name,
        phase,
        bound=_largest(x.bound),
        measured=_largest(difference),
        reference_bound=_largest(x.reference_bound),
        magnitude=_largest(np.abs(x.numbers)),
    )


def _largest(x: object) -> float:
    return float(np.max(np.asarray(x), initial=0.0))
