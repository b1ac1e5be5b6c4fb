"""Hypothesis strategies of points, made from the same description as the NumPy samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from varproof.families.space import Choice, Field, Integer, Real, Seed, Space, Value

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

STEPS = 2**20  # of a continuous field; both ends are values
DRAWN_SEEDS = 2**24
# Hypothesis mixes numbers that it finds in the source of imported modules into its draws, so that what is drawn would
# depend on what happens to be loaded. No source holds numbers as large as these, which are drawn and shifted back.
SHIFT = 2**90


def strategy(space: Space) -> SearchStrategy[dict[str, Value]]:
    """Points of the space; they shrink to the low ends, the first options and seed 0.

    Reals come from 2^20 + 1 equal steps between the ends (of the logarithm, with `log`), seeds from below 2^24. What is
    drawn depends on the seed of the test and the version of Hypothesis, not on the modules that are loaded.

    >>> from hypothesis import find
    >>> find(strategy(Space({"keys": Integer(2, 64, log=True), "kind": Choice(("a", "b"))})), lambda point: True)
    {'keys': 2, 'kind': 'a'}
    """
    from hypothesis import strategies as st

    names = tuple(space.fields)
    # not `fixed_dictionaries`, which also draws an order of the fields and so repeats every point in other orders
    values = st.tuples(*(_of_field(field) for field in space.fields.values()))
    return values.map(lambda drawn: dict(zip(names, drawn, strict=True)))


def _of_field(field: Field) -> SearchStrategy[Value]:
    if isinstance(field, Seed):
        return _shifted(DRAWN_SEEDS - 1).map(_unshifted)
    if isinstance(field, Choice):
        options = field.options
        return _shifted(len(options) - 1).map(lambda drawn: options[drawn - SHIFT])
    if isinstance(field, Integer) and not field.log:
        low = field.low - SHIFT
        return _shifted(field.high - field.low).map(lambda drawn: drawn + low)
    return _shifted(STEPS if field.low < field.high else 0).map(lambda drawn: value_at(field, (drawn - SHIFT) / STEPS))


def _shifted(largest: int) -> SearchStrategy[int]:
    from hypothesis import strategies as st

    return st.integers(SHIFT, SHIFT + largest)


def _unshifted(drawn: int) -> int:
    return drawn - SHIFT


def value_at(field: Integer | Real, share: float) -> int | float:
    """The value that lies a share (0 to 1) of the way through a field: 0 gives `low`, 1 gives `high`.

    >>> value_at(Real(1.0, 16.0, log=True), 0.5), value_at(Integer(2, 64, log=True), 1.0)
    (4.0, 64)
    """
    if share <= 0 or field.low == field.high:
        return field.low
    if share >= 1:
        return field.high
    # an integer covers the stretch up to its successor
    top = field.high + 1 if isinstance(field, Integer) else field.high
    if field.log:
        value = field.low * math.exp(share * math.log(top / field.low))
    else:
        value = field.low + share * (top - field.low)
    inside = min(max(value, field.low), field.high)
    return math.floor(inside) if isinstance(field, Integer) else inside


def share_of(field: Integer | Real, value: float) -> float:
    """Where a value lies in its field, from 0 to 1: the inverse of `value_at` up to rounding.

    >>> share_of(Real(1.0, 16.0, log=True), 4.0)
    0.5
    """
    if field.low == field.high:
        return 0.0
    if field.log:
        share = math.log(value / field.low) / math.log(field.high / field.low)
    else:
        share = (value - field.low) / (field.high - field.low)
    return min(max(share, 0.0), 1.0)
