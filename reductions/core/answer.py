"""Answers: to a decision problem a decision with a witness, to attention the outputs with their largest error."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Decision(StrEnum):
    """What a decoded answer says about the instance.

    UNDECIDED: the margin does not survive the error of the answer. PROMISE_VIOLATED: the instance or the oracle broke
    what it had promised (a gap instance between its two levels, outputs that no exact answer allows).
    """

    YES = "YES"
    NO = "NO"
    UNDECIDED = "UNDECIDED"
    PROMISE_VIOLATED = "PROMISE_VIOLATED"

    @classmethod
    def of(cls, holds: bool) -> Decision:
        """YES or NO.

        >>> Decision.of(True)
        <Decision.YES: 'YES'>
        """
        return cls.YES if holds else cls.NO


@dataclass(frozen=True, eq=False)
class Outputs:
    """Outputs of attention, `values` (rows, value columns), each within `error` of the exact real number.

    `values` is a float64 array, or an object array of Arb balls that hold what the oracle returned. `error` is a
    rational: rounding for the exact oracles, the allowed delta for an oracle that only promises delta. Balls: every
    point of the ball is within `error` of the exact output.
    """

    values: NDArray[np.float64] | NDArray[Any]
    error: Fraction

    @property
    def rows(self) -> int:
        """Number of queries answered."""
        return len(self.values)


@dataclass(frozen=True)
class Answer:
    """One of: a decision (with a witness for YES, a count where the problem counts), or outputs of attention.

    `witnesses` are all that the answer shows, `witness` the first; `count` the number of witnesses of the problem.
    """

    decision: Decision | None = None
    witness: Any = None
    witnesses: tuple[Any, ...] = ()
    count: int | None = None
    outputs: Outputs | None = None
    note: str = ""
