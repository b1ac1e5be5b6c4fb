"""Simpler points that still fail: fields go to their low ends, to round numbers, to earlier options."""

from __future__ import annotations

import math
from collections.abc import Iterator

from varproof.campaign.shrink.oracle import Oracle
from varproof.claims.attack import Instance, Measurement
from varproof.families.space import Choice, Field, Point, Seed, Space, Value

ROUNDS = 3
SEEDS_TRIED = 3


def simpler_point(
    oracle: Oracle, space: Space, point: Point, instance: Instance, found: Measurement
) -> tuple[Point, Instance, Measurement]:
    """Greedy over the fields, until nothing changes or the measurements are spent; a larger size is never taken.

    Integers are bisected between a value that holds and one that fails: right where the failing ones are all above
    some threshold, harmless elsewhere.
    """
    best = (point, instance, found)
    for _ in range(ROUNDS):
        before = best[0]
        for name, field in space.fields.items():
            if isinstance(field, Seed) or oracle.spent:
                continue
            best = _field(oracle, name, field, best)
        if best[0] == before:
            break
    for name, field in space.fields.items():
        if isinstance(field, Seed):
            best = _field(oracle, name, field, best)
    return best


def _field(
    oracle: Oracle, name: str, field: Field, best: tuple[Point, Instance, Measurement]
) -> tuple[Point, Instance, Measurement]:
    value = best[0][name]
    for candidate in _simpler(field, value):
        taken = _attempt(oracle, name, candidate, best)
        if taken is not None:
            return taken
    if isinstance(value, int) and not isinstance(field, Choice | Seed):
        low = int(field.low)  # holds
        while value - low > 1:
            middle = (low + value) // 2
            taken = _attempt(oracle, name, middle, best)
            if taken is None:
                low = middle
            else:
                best, value = taken, middle
    return best


def _attempt(
    oracle: Oracle, name: str, value: Value, best: tuple[Point, Instance, Measurement]
) -> tuple[Point, Instance, Measurement] | None:
    point = {**best[0], name: value}
    failing = oracle.fails_at(point)
    if failing is None or failing[1].size > best[2].size:
        return None
    return (point, *failing)


def _simpler(field: Field, value: Value) -> Iterator[Value]:
    """Simpler values than this one, the simplest first."""
    if isinstance(field, Choice):
        yield from field.options[: field.options.index(value)]
    elif isinstance(field, Seed):
        yield from range(min(SEEDS_TRIED, int(value)))
    elif isinstance(value, int):
        if value > field.low:
            yield field.low
    else:
        number = float(value)
        seen = [number]
        for candidate in (float(field.low), 0.0, 1.0, float(math.floor(number)), _few_bits(number, 3)):
            if field.low <= candidate <= field.high and candidate not in seen:
                seen.append(candidate)
                yield candidate


def _few_bits(value: float, bits: int) -> float:
    mantissa, exponent = math.frexp(value)
    return math.ldexp(round(mantissa * 2**bits), exponent - bits)
