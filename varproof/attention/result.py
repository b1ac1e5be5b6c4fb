"""What an engine returns for one head, and what `attend` returns to the user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class HeadResult:
    """Attention of one head by one engine.

    `values` (m, d_v) in the head's dtype; `bound` (m,) float64 of the same namespace and device: a rigorous upper bound
    on the largest entrywise error |values - exact| of each row, rounding of `values` included, inf or NaN nowhere a
    certificate exists. `degree` and `rank` are 0 for exact attention, the largest of a cell for the tree. `flops`
    counts multiplications, additions, divisions and exponentials of sums and products, as executed; norms, ranges and
    bounds, linear in the tokens, are left out. `rows_rerun` the rows whose first
    certificate failed and that were computed again. `notes`: sentences for `explain`.
    """

    values: Any
    bound: Any
    engine: str
    degree: int = 0
    rank: int = 0
    flops: int = 0
    rows_rerun: int = 0
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Attention:
    """The answer of `attend`: values, a certified bound for every query row, and how it was computed.

    `values` (..., m, d_v) in the input's array type and dtype; `bound` (..., m) float64, finite and at most delta: the
    largest entrywise error of the row against exact softmax attention in real arithmetic. `degree` and `rank` are the
    largest over heads (0 where only exact attention ran), `flops` and `rows_rerun` sums. `engine` names the engine, or
    the engines of the heads joined by "+". `explanation` holds sentences, empty unless asked for.
    """

    values: Any
    bound: Any
    engine: str
    degree: int
    rank: int
    flops: int
    rows_rerun: int
    explanation: tuple[str, ...] = ()
