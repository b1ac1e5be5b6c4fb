"""Levels of tokens: who sees whom in block-causal attention, as stages over rows sorted by level."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj, is_dask_array, to_device
from numpy.typing import NDArray

from varproof.attention.head import Stage
from varproof.attention.input_arrays import plain
from varproof.base.errors import InputError


def level_stages(query_levels: NDArray[np.int64], key_levels: NDArray[np.int64]) -> tuple[Stage, ...]:
    """The stages of block-causal attention for sorted levels: a query sees the keys of level at most its own.

    Raises `InputError` naming the level when a query would see no key.

    >>> [(s.queries, s.keys) for s in level_stages(np.array([0, 2]), np.array([0, 1, 2, 3]))]
    [(slice(0, 1, None), slice(0, 1, None)), (slice(1, 2, None), slice(1, 3, None))]
    """
    stages, served, seen = [], 0, 0
    for level in np.unique(query_levels):
        stop = int(np.searchsorted(query_levels, level, side="right"))
        keys = int(np.searchsorted(key_levels, level, side="right"))
        if keys == 0:
            raise InputError(
                "the levels leave a query row without keys",
                got=f"a query of level {level}, lowest key level {key_levels.min() if key_levels.size else 'none'}",
                allowed="every query level at least the lowest key level",
            )
        stages.append(Stage(slice(served, stop), slice(seen, keys)))
        served, seen = stop, keys
    return tuple(stages)


def read_levels(levels: Any, queries: int, keys: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The levels of the queries and of the keys; `InputError` unless they are integers, one for each."""
    two = isinstance(levels, tuple) and len(levels) == 2 and not isinstance(levels[0], (int, np.integer))
    pair = levels if two else (levels, levels)
    read = []
    for part, count, name in zip(pair, (queries, keys), ("queries", "keys"), strict=True):
        numbers = to_device(plain(part, "levels"), "cpu") if is_array_api_obj(part) else part
        try:
            values = np.asarray(numbers)
        except (TypeError, ValueError, OverflowError, RuntimeError):  # a ragged list, a type that NumPy has not
            values = np.asarray(None)
        integers = np.issubdtype(values.dtype, np.integer) and np.can_cast(values.dtype, np.int64)
        if values.shape != (count,) or not integers:
            raise InputError(
                "levels do not fit",
                got=f"{values.dtype} of shape {values.shape} for {count} {name}",
                allowed=f"signed integers of shape ({count},), or a pair (levels of the queries, levels of the keys)",
            )
        read.append(values.astype(np.int64))
    return read[0], read[1]


def sorting(levels: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The stable order of the levels, None when they are sorted."""
    return None if np.all(levels[1:] >= levels[:-1]) else np.argsort(levels, kind="stable")


def taken(array: Any, order: NDArray[np.int64]) -> Any:
    """The rows of `array` in another order."""
    xp = array_namespace(array)
    if is_dask_array(array):
        return array[..., order, :]
    return xp.take(array, xp.asarray(order, device=device(array)), axis=array.ndim - 2)
