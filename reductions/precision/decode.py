"""Decisions of rows become the answer of the source: flagged rows are scanned exactly for witnesses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reductions.core.answer import Answer, Decision
from reductions.precision.decide import decide_rows
from reductions.precision.image import ThresholdContext
from varproof.base.errors import InputError

MOST_WITNESSES = 1 << 16  # pairs listed in an answer; a note says where there are more


def decode_threshold(context: ThresholdContext, answers: Sequence[Answer]) -> Answer:
    """YES with all witnesses of the flagged rows; else PROMISE_VIOLATED, UNDECIDED or NO.

    A flagged row is scanned: O(n d) operations. PROMISE_VIOLATED: outputs no attention has, or a flagged row without a
    pair above the low level (the answer was not within its error); or, when there is no witness and no undecided row
    that may have one, a flagged row whose best pair lies between the levels. Pairs beyond 65536 are not listed. No
    count: rows are flagged, not pairs.
    Raises `InputError` for an answer without outputs or with another number of rows.

    >>> from fractions import Fraction
    >>> from reductions.core.answer import Outputs
    >>> found = [np.array([0, -2])]  # inner products of the only row
    >>> context = ThresholdContext(lambda rows: iter(found), 0, -1, 1, Fraction(1, 4), None)
    >>> decode_threshold(context, [Answer(outputs=Outputs(np.array([[0.7]]), Fraction(1, 8)))]).witnesses
    ((0, 0),)
    """
    outputs = answers[0].outputs
    if outputs is None or outputs.rows != context.rows:
        got = "no outputs" if outputs is None else f"{outputs.rows} rows of outputs"
        raise InputError("the answer does not belong to this instance", got=got, allowed=f"{context.rows} rows")
    decisions = np.array(decide_rows(outputs, context.delta, context.threshold), dtype=object)
    impossible = np.flatnonzero(decisions == Decision.PROMISE_VIOLATED)
    if len(impossible):
        return _violated(f"row {impossible[0]} has an output that no attention over values 0 and 1 has")
    flagged = np.flatnonzero(decisions == Decision.YES)
    witnesses: list[tuple[int, int]] = []
    between, listed = [], True
    for row, products in zip(flagged.tolist(), context.products(flagged), strict=True):
        found = np.flatnonzero(products >= context.high).tolist()
        if not found and not np.any(products > context.low):
            return _violated(f"row {row} was flagged, but all its pairs are at the low level or below")
        if not found:
            between.append(row)
        listed = listed and len(witnesses) + len(found) <= MOST_WITNESSES
        witnesses.extend((row, j) for j in found[: max(0, MOST_WITNESSES - len(witnesses))])
    if witnesses:
        note = "" if listed else f"only the first {MOST_WITNESSES} witnesses are listed"
        return Answer(Decision.YES, witnesses[0], tuple(witnesses), note=note)
    undecided = int(np.count_nonzero(decisions == Decision.UNDECIDED))
    if undecided:  # before the rows between the levels: one of these may still be a YES, which keeps the promise
        note = f"{undecided} rows are within the error of the answer from the threshold"
        return Answer(Decision.UNDECIDED, note=note)
    if between:
        return _violated(f"the best pair of row {between[0]} lies between the two levels")
    return Answer(Decision.NO)


def pair_of_row(context: ThresholdContext, index: int, row: int) -> tuple[int, int] | None:
    """The first witness of a row, by a scan; None where the row has none. `index` is 0, there is one target."""
    found = np.flatnonzero(next(context.products(np.array([row], dtype=np.int64))) >= context.high)
    return (row, int(found[0])) if len(found) else None


def _violated(note: str) -> Answer:
    return Answer(Decision.PROMISE_VIOLATED, note=note)
