"""Drops indices of the dimensions of an instance as long as it still fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from varproof.campaign.shrink.oracle import Oracle
from varproof.claims.attack import Instance, Measurement


def length(instance: Instance, name: str) -> int:
    """How many indices a dimension has; 0 for one without axes."""
    axes = instance.dimensions[name]
    return instance.arrays[axes[0][0]].shape[axes[0][1]] if axes else 0


def kept(instance: Instance, name: str, indices: list[int]) -> Instance:
    """The instance with these indices of a dimension only."""
    arrays = dict(instance.arrays)
    for key, axis in instance.dimensions[name]:
        arrays[key] = np.take(arrays[key], indices, axis=axis)
    return replace(instance, arrays=arrays)


def fewer_indices(oracle: Oracle, instance: Instance, found: Measurement) -> tuple[Instance, Measurement]:
    """A shortest failing prefix by bisection first, then pieces of halving length, for each dimension in turn."""
    for name in instance.dimensions:
        instance, found = _prefix(oracle, instance, found, name)
        instance, found = _pieces(oracle, instance, found, name)
    return instance, found


def _prefix(oracle: Oracle, instance: Instance, found: Measurement, name: str) -> tuple[Instance, Measurement]:
    holds, fails = 0, length(instance, name)
    whole = instance
    while fails - holds > 1:
        middle = (holds + fails) // 2
        candidate = kept(whole, name, list(range(middle)))
        smaller = oracle.fails(candidate)
        if smaller is None:
            holds = middle
        else:
            instance, found, fails = candidate, smaller, middle
    return instance, found


def _pieces(oracle: Oracle, instance: Instance, found: Measurement, name: str) -> tuple[Instance, Measurement]:
    width = length(instance, name) // 2
    while width >= 1 and not oracle.spent:
        start = 0
        while start < (size := length(instance, name)) and size > 1:
            rest = [*range(start), *range(start + width, size)]
            candidate = kept(instance, name, rest) if rest else None
            smaller = oracle.fails(candidate) if candidate is not None else None
            if candidate is None or smaller is None:
                start += width
            else:
                instance, found = candidate, smaller
        width //= 2
    return instance, found
