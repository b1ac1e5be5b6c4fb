"""The ledger of a pass: bound beside measured error at every step, the loosest step, growth from scale to scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from varproof.var.arithmetic.plain import Engine
from varproof.var.ledger.attention_rule import AttentionCall
from varproof.var.ledger.bounded import Bounded
from varproof.var.ledger.bounded_array import BoundedArray
from varproof.var.ledger.entries import Entry, entry_of

Run = Callable[[Bounded], BoundedArray | Sequence[BoundedArray]]


@dataclass(frozen=True)
class Ledger:
    """Entries in the order of the pass, one entry for each array that the pass returned, and its attention calls."""

    entries: tuple[Entry, ...]
    outputs: tuple[Entry, ...]
    calls: tuple[AttentionCall, ...]
    engine: str
    delta: float

    @property
    def final_bound(self) -> float:
        """The largest bound of what the pass returned."""
        return max((entry.bound for entry in self.outputs), default=0.0)

    @property
    def final_measured(self) -> float:
        """The largest measured error of what the pass returned."""
        return max((entry.measured for entry in self.outputs), default=0.0)

    @property
    def slack(self) -> float | None:
        """final_bound / final_measured."""
        return self.final_bound / self.final_measured if self.final_measured > 0 else None

    @property
    def holds(self) -> bool:
        """Whether every measured error is within its bound (and the rounding of the reference)."""
        return all(entry.holds for entry in (*self.entries, *self.outputs))

    @property
    def slack_factors(self) -> tuple[tuple[Entry, float], ...]:
        """Entries with a measured error, and its slack over that of the one before (the first: its slack).

        The factors multiply up to the slack of the last entry.
        """
        factors, before = [], 1.0
        for entry in self.entries:
            if entry.slack is not None:
                factors.append((entry, entry.slack / before))
                before = entry.slack
        return tuple(factors)

    @property
    def loosest(self) -> Entry | None:
        """The entry whose own factor of slack is the largest; None where no error was measured."""
        factors = [pair for pair in self.slack_factors if np.isfinite(pair[1])]
        return max(factors, key=lambda pair: pair[1])[0] if factors else None

    @property
    def growth(self) -> tuple[float | None, ...]:
        """Bound of each output over that of the one before: above 1 throughout where errors multiply (chained)."""
        bounds = [entry.bound for entry in self.outputs]
        return tuple(b / a if a > 0 else None for a, b in pairwise(bounds))


def error_ledger(
    run: Run, *, like: Any, engine: Engine = "auto", delta: float = 1e-3, correlated: bool = True
) -> Ledger:
    """The ledger of `run(ops)`, a pass written against the operations, with attention by `engine` within `delta`.

    `like` sets library and dtype of the values. Beside it runs the exact pass in float64, so measured errors are of
    the whole pass up to there. `correlated` False keeps entrywise bounds only: less memory, about ten times the slack.
    Raises what the pass raises, `CertificateError` where attention cannot reach delta. Proofs:
    docs/explanation/error-ledger.md.

    >>> found = error_ledger(lambda ops: ops.scaled(ops.known(np.ones((1, 2))), 0.1), like=np.empty(0, np.float32))
    >>> found.holds, found.final_bound < 1e-8
    (True, True)
    """
    ops = Bounded(like, engine=engine, delta=delta, correlated=correlated)
    outputs = outputs_of(run(ops))
    ends = tuple(entry_of(x, f"output {place}", "") for place, x in enumerate(outputs))
    return Ledger(tuple(ops.entries), ends, tuple(ops.calls), engine, delta)


def outputs_of(result: BoundedArray | Sequence[BoundedArray]) -> tuple[BoundedArray, ...]:
    """What a pass returned, as a tuple."""
    return (result,) if isinstance(result, BoundedArray) else tuple(result)
