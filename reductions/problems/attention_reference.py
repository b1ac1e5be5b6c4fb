"""The reference solver of attention: row by row in rationals and balls; the oracles share no score or sum with it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flint import arb, ctx, fmpq

from reductions.core.answer import Outputs
from reductions.problems.ball_outputs import settled
from varproof.base.balls import ball, rational
from varproof.base.errors import CertificateError

if TYPE_CHECKING:
    from reductions.problems.attention import ApproximateAttention

FIRST_BITS = 128
LAST_BITS = 2**15
FINER = 2**40  # balls are this much narrower than delta


def enclosed(instance: ApproximateAttention) -> Outputs:
    """Balls (queries, value columns) around the exact outputs, of diameter at most delta 2^-40.

    About m n (d + d_v) operations on rationals in Python. Raises `CertificateError` where 32768 bits do not suffice.
    """
    queries = _exact(instance.queries, instance.query_unit)
    keys = _exact(instance.keys, instance.key_unit)
    values = _exact(instance.values, instance.value_unit)
    bits = FIRST_BITS
    while bits <= LAST_BITS:
        with ctx.workprec(bits):
            gamma = ball(instance.gamma)
            outputs = [
                _row(gamma, query, [(keys[j], values[j]) for j in _seen(instance, i)])
                for i, query in enumerate(queries)
            ]
            found = settled(outputs, instance.values.shape[1], instance.delta)
        if found.error * FINER <= instance.delta:
            return found
        bits *= 2
    raise CertificateError("outputs could not be enclosed", got=f"{LAST_BITS} bits", allowed="smaller scores")


def _seen(instance: ApproximateAttention, row: int) -> list[int]:
    """The keys that a query sees."""
    everything = range(len(instance.keys))
    if instance.levels is None:
        return list(everything)
    own, of_keys = instance.levels
    return [j for j in everything if of_keys[j] <= own[row]]


def _row(gamma: arb, query: list[fmpq], pairs: list[tuple[list[fmpq], list[fmpq]]]) -> list[arb]:
    products = [sum((a * b for a, b in zip(query, key, strict=True)), fmpq(0)) for key, _ in pairs]
    top = max(products)
    weights = [(gamma * arb(product - top)).exp() for product in products]
    total = sum(weights, arb(0))
    columns = range(len(pairs[0][1]))
    return [
        sum((w * arb(value[c]) for w, (_, value) in zip(weights, pairs, strict=True)), arb(0)) / total for c in columns
    ]


def _exact(array: Any, unit: Fraction) -> list[list[fmpq]]:
    """The entries times the unit, nothing rounded: Python reads the exact value of a float or an integer."""
    return [[rational(Fraction(entry) * unit) for entry in row] for row in array.tolist()]
