"""Makes the entries of boxed arrays rounder as long as the instance still fails, or larger in ratio on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.campaign.arms.moves import with_array
from varproof.campaign.shrink.oracle import Oracle
from varproof.claims.attack import Instance, Measurement

Array = NDArray[Any]
BITS = (1, 2, 4, 8, 16)


def boxed(instance: Instance) -> list[str]:
    """The arrays whose entries may be changed."""
    return [name for name in instance.boxes if name in instance.arrays and instance.arrays[name].size]


def rounder_arrays(
    oracle: Oracle, instance: Instance, found: Measurement, lowest: float = 1.0
) -> tuple[Instance, Measurement]:
    """Whole arrays: one simple value everywhere, then the nearer end of the box, whole numbers, few bits.

    Only what keeps the ratio at `lowest` or above.
    """
    for name in boxed(instance):
        for values in _whole(instance.arrays[name].astype(np.float64), *instance.boxes[name]):
            candidate = with_array(instance, name, values)
            if np.array_equal(candidate.arrays[name], instance.arrays[name]):
                break
            rounder = oracle.fails(candidate)
            if rounder is not None and rounder.ratio >= lowest:
                instance, found = candidate, rounder
                break
    return instance, found


def farther_arrays(oracle: Oracle, instance: Instance, found: Measurement) -> tuple[Instance, Measurement]:
    """The same where the ratio does not fall: what is above 1 then is room for dropping indices."""
    return rounder_arrays(oracle, instance, found, found.ratio)


def rounder_entries(oracle: Oracle, instance: Instance, found: Measurement) -> tuple[Instance, Measurement]:
    """Groups of entries, halving down to single ones, set to 0, 1, -1 or an end of the box."""
    for name in boxed(instance):
        low, high = instance.boxes[name]
        simple = _simple(low, high)
        for places in _groups(instance.arrays[name].size):
            flat = instance.arrays[name].reshape(-1)[places]
            rank = [simple.index(float(v)) if float(v) in simple else len(simple) for v in flat]
            for order, value in enumerate(simple):
                if oracle.spent:
                    return instance, found
                if order >= max(rank):
                    break
                candidate = _with_entries(instance, name, places, value)
                rounder = oracle.fails(candidate)
                if rounder is not None:
                    instance, found = candidate, rounder
                    break
    return instance, found


def farther_entries(oracle: Oracle, instance: Instance, found: Measurement) -> tuple[Instance, Measurement]:
    """Groups of entries set to an end of the box where the ratio grows: room for dropping indices afterwards."""
    for name in boxed(instance):
        for places in _groups(instance.arrays[name].size):
            for value in instance.boxes[name]:
                if oracle.spent:
                    return instance, found
                if (instance.arrays[name].reshape(-1)[places] == value).all():
                    continue
                candidate = _with_entries(instance, name, places, value)
                farther = oracle.fails(candidate)
                if farther is not None and farther.ratio > found.ratio:
                    instance, found = candidate, farther
    return instance, found


def _with_entries(instance: Instance, name: str, places: slice, value: float) -> Instance:
    values = np.array(instance.arrays[name], dtype=np.float64)
    values.reshape(-1)[places] = value
    return with_array(instance, name, values)


def _groups(size: int) -> Iterator[slice]:
    width = size
    while width >= 1:
        for start in range(0, size, width):
            yield slice(start, start + width)
        width //= 2


def _simple(low: float, high: float) -> list[float]:
    return list(dict.fromkeys(value for value in (0.0, 1.0, -1.0, float(high), float(low)) if low <= value <= high))


def _whole(values: Array, low: float, high: float) -> Iterator[Array]:
    for value in _simple(low, high):
        yield np.full_like(values, value)
    middle = (low + high) / 2
    yield np.where(values > middle, high, low)
    rounded: list[Callable[[Array], Array]] = [np.sign, np.rint]
    for made in rounded:
        yield np.clip(made(values), low, high)
    for bits in BITS:
        mantissa, exponent = np.frexp(values)
        yield np.clip(np.ldexp(np.rint(mantissa * 2**bits), exponent - bits), low, high)
