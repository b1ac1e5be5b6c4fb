"""From the outputs of the counting calls to the number of orthogonal pairs, exactly or not at all.

An output within e of y = 1/(1 + S) holds S in an interval; the weights carry the intervals to one for the count of the
row. A single integer in it is the count, two are UNDECIDED, none means that some output was further off than promised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from flint import arb, ctx

from reductions.constructions.counting.counting_image import Context, Plan
from reductions.core.answer import Answer, Decision, Outputs
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from varproof.base.balls import ball, lower_rational, upper_rational

WITNESSES = 4096  # rows are scanned for pairs until this many are found


Interval = tuple[arb, arb] | None  # bounds on a number; None where no number fits
Reader = Callable[[Interval, int], range]


def decode(context: Context, answers: Sequence[Answer], read: Reader | None = None) -> Answer:
    """The number of orthogonal pairs, the decision and orthogonal pairs, from the outputs of all calls in order.

    Rows whose count is known to be positive are scanned in order for pairs, until `WITNESSES` are found; a scan that
    contradicts the count gives PROMISE_VIOLATED. `read` makes the possible counts from the bounds: `integers`.

    >>> from reductions.oracles.exact import ExactOracle
    >>> from reductions.constructions.counting.counting_image import forward
    >>> instance = OrthogonalVectors.from_bits([[1, 1], [1, 0]], [[0, 1], [0, 0], [1, 1]])
    >>> mapped = forward(instance, {"scale": "d", "logit_ratio": 2, "row_weights": True})
    >>> answers = [Answer(outputs=ExactOracle("float64").outputs(call)) for call in mapped.targets]
    >>> found = decode(mapped.context, answers)
    >>> found.decision.value, found.count, found.witnesses
    ('YES', 3, ((0, 1), (1, 0), (1, 1)))
    """
    instance = context.instance
    if context.plan is None:
        ranges = [range(instance.right.rows, instance.right.rows + 1)] * instance.left.rows
    else:
        plan = context.plan
        intervals = row_intervals(plan, [answer.outputs for answer in answers], instance.left.rows)
        with ctx.workprec(plan.bits):
            ranges = [(read or integers)(interval, plan.keys) for interval in intervals]
    if any(not len(candidates) for candidates in ranges):
        row = next(i for i, candidates in enumerate(ranges) if not len(candidates))
        return Answer(Decision.PROMISE_VIOLATED, note=f"row {row}: no count from 0 to n fits the outputs")
    witnesses: list[tuple[int, int]] = []
    for i, candidates in enumerate(ranges):
        if candidates[0] and len(witnesses) < WITNESSES:
            pairs = partners(instance, i)
            if len(pairs) not in candidates:
                return Answer(Decision.PROMISE_VIOLATED, note=f"row {i} has {len(pairs)} partners, not {candidates}")
            witnesses += pairs
    undecided = sum(len(candidates) > 1 for candidates in ranges)
    count = None if undecided else sum(candidates[0] for candidates in ranges)
    note = f"{undecided} of {len(ranges)} rows could not be counted at this precision" if undecided else ""
    if witnesses:
        return Answer(Decision.YES, witnesses[0], tuple(witnesses), count, note=note)
    return Answer(Decision.UNDECIDED if undecided else Decision.NO, count=count, note=note)


def row_intervals(plan: Plan, outputs: Sequence[Outputs | None], rows: int) -> list[Interval]:
    """Bounds on the count of each row; None where an output fits no exact answer. A missing call gives (0, n)."""
    with ctx.workprec(plan.bits):
        known = plan.weights[0] * plan.keys
        middles = [known] * rows
        radii = [arb(0)] * rows
        broken = [False] * rows
        for t, weight in enumerate(plan.weights[1:]):
            answer = outputs[t] if t < len(outputs) else None
            if answer is None or answer.rows != rows:
                return [(arb(0), arb(plan.keys))] * rows
            error = ball(answer.error)
            for i in range(rows):
                bounds = sum_range(answer.values[i][0], error, plan.keys)
                if bounds is None:
                    broken[i] = True
                    continue
                low, high = bounds
                middles[i] += weight * ((low + high) / 2)
                radii[i] += abs(weight) * ((high - low) / 2)
        return [
            None if bad else (middle - radius, middle + radius)
            for middle, radius, bad in zip(middles, radii, broken, strict=True)
        ]


def sum_range(output: Any, error: arb, keys: int) -> Interval:
    """Bounds on S from an output within `error` of 1/(1 + S), 0 <= S <= n; None if there is no such S.

    A ball stands for its middle, as all its points are within the error.
    """
    value = output.mid() if isinstance(output, arb) else arb(float(output))
    least = 1 / ball(keys + 1)
    low = value - error
    high = value + error
    if high < least or low > 1 or not value.is_finite():
        return None
    s_high = 1 / low - 1 if low > least else ball(keys)
    s_low = 1 / high - 1 if high < 1 else arb(0)
    return s_low, s_high


def integers(interval: Interval, keys: int) -> range:
    """The integers from 0 to n between two balls, both included wherever they may lie.

    >>> list(integers((arb("1.01"), arb("2.99")), 5)), list(integers((arb("4.5"), arb(7)), 5)), list(integers(None, 5))
    ([2], [5], [])
    """
    if interval is None:
        return range(0)
    low, high = interval
    if not (low.is_finite() and high.is_finite()):
        return range(0, keys + 1)
    first = max(0, math.ceil(lower_rational(low)))
    last = min(keys, math.floor(upper_rational(high)))
    return range(first, last + 1)


def partners(instance: OrthogonalVectors, row: int) -> list[tuple[int, int]]:
    """All orthogonal pairs with this row of the first list."""
    overlap = (instance.right.words & instance.left.words[row]).any(axis=1)
    return [(row, j) for j in range(instance.right.rows) if not overlap[j]]


def extract(context: Context, index: int, witness: Any) -> tuple[int, int] | None:
    """An orthogonal pair of the row numbered `witness` (the calls share their rows), None where the row has none."""
    pairs = partners(context.instance, int(witness))
    return pairs[0] if pairs else None
