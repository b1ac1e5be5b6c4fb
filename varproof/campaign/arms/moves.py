"""Random changes of points and of the boxed arrays of instances: the steps of the worst-ratio arm."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.claims.attack import Instance
from varproof.families.space import SEEDS, Choice, Field, Point, Seed, Space, Value
from varproof.families.strategies import share_of, value_at

Array = NDArray[Any]
WIDE = 64.0  # boxes of positive numbers with a larger ratio of their ends are searched in logarithms
Move = Callable[[Array, float, float, float, np.random.Generator], Array]


def moved_point(space: Space, point: Point, width: float, rng: np.random.Generator) -> dict[str, Value]:
    """The point with one field changed, now and then several; `width` (0 to 1) is that of steps within a field."""
    changed = dict(point)
    names = list(space.fields)
    several = rng.random() < 0.25
    for name in rng.permutation(len(names))[: 1 + (int(rng.integers(1, 3)) if several else 0)].tolist():
        changed[names[name]] = _moved_value(space.fields[names[name]], changed[names[name]], width, rng)
    return changed


def _moved_value(field: Field, value: Value, width: float, rng: np.random.Generator) -> Value:
    if isinstance(field, Seed):
        return int(rng.integers(SEEDS))
    if isinstance(field, Choice):
        return field.options[int(rng.integers(len(field.options)))]
    kind = rng.random()
    if kind < 0.3:
        return field.low if kind < 0.15 else field.high
    if kind < 0.45:
        return value_at(field, float(rng.random()))
    share = share_of(field, float(value)) + width * float(rng.standard_normal())
    stepped = value_at(field, share)
    if isinstance(value, int) and stepped == value:
        return min(max(value + (1 if rng.random() < 0.5 else -1), int(field.low)), int(field.high))
    return stepped


def moved_instance(instance: Instance, name: str, width: float, rng: np.random.Generator) -> Instance | None:
    """The instance after one move of its arrays, inside their boxes; None where this move does not apply to it."""
    if name == "couple":
        return _coupled(instance, rng)
    boxed = [key for key in instance.boxes if key in instance.arrays and instance.arrays[key].size]
    if not boxed:
        return None
    key = boxed[int(rng.integers(len(boxed)))]
    old, (low, high) = instance.arrays[key], instance.boxes[key]
    if name == "blend":
        new = _blended(instance, boxed, key, width, rng)
    else:
        new = MOVES[name](np.array(old, dtype=np.float64), low, high, width, rng)
    return None if new is None else with_array(instance, key, new)


def with_array(instance: Instance, key: str, values: Array) -> Instance:
    """The instance with an array replaced, in the array's own type and box."""
    old, (low, high) = instance.arrays[key], instance.boxes[key]
    if old.dtype.kind in "iu":
        values = np.rint(values)
    fitted = np.clip(values, low, high).astype(old.dtype)
    return replace(instance, arrays={**instance.arrays, key: fitted})


def _few(size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """One place, or a number of them with every doubling as likely as the next."""
    count = 1 if rng.random() < 0.5 else int(2 ** rng.uniform(0, math.log2(size) if size > 1 else 0))
    return rng.integers(size, size=count)


def _step(values: Array, low: float, high: float, width: float, noise: Any, relative: bool) -> Array:
    """A step in the logarithm for a wide box of positive numbers, in the numbers themselves elsewhere."""
    if low > 0 and high / low > WIDE:
        return np.asarray(values * np.exp(width * math.log(high / low) / 2 * noise))
    if relative:
        return np.asarray(values * np.exp(4 * width * noise))
    return np.asarray(values + width * (high - low) * noise)


def _sparse(values: Array, low: float, high: float, width: float, rng: np.random.Generator) -> Array:
    flat = values.reshape(-1)
    places = _few(flat.size, rng)
    noise = rng.standard_normal(places.size)
    flat[places] = _step(flat[places], low, high, width, noise, rng.random() < 0.3)
    return values


def _dense(values: Array, low: float, high: float, width: float, rng: np.random.Generator) -> Array:
    noise = rng.standard_normal(values.shape) / math.sqrt(values.size)
    return _step(values, low, high, width, noise, rng.random() < 0.3)


def _common(values: Array, low: float, high: float, width: float, rng: np.random.Generator) -> Array:
    return _step(values, low, high, width, rng.standard_normal(), rng.random() < 0.5)


def _ends(values: Array, low: float, high: float, width: float, rng: np.random.Generator) -> Array:
    flat = values.reshape(-1)
    flat[_few(flat.size, rng)] = (low, high, min(max(0.0, low), high))[int(rng.integers(3))]
    return values


def _flips(values: Array, low: float, high: float, width: float, rng: np.random.Generator) -> Array:
    flat = values.reshape(-1)
    places = _few(flat.size, rng)
    flat[places] = low + high - flat[places]
    return values


def _pattern(values: Array, low: float, high: float, width: float, rng: np.random.Generator) -> Array:
    """Everything to the ends of the box: by its order, at a random threshold, or all to one end."""
    threshold = np.quantile(values, rng.random())
    first, second = (low, high) if rng.random() < 0.5 else (high, low)
    if rng.random() < 0.3:
        return np.full_like(values, first)
    return np.where(values > threshold, second, first)


def _copies(values: Array, low: float, high: float, width: float, rng: np.random.Generator) -> Array:
    """One index of an axis, or one entry, takes the numbers of another."""
    if values.ndim > 1 and rng.random() < 0.5:
        axis = int(rng.integers(values.ndim))
        rows = np.moveaxis(values, axis, 0)
        rows[int(rng.integers(len(rows)))] = rows[int(rng.integers(len(rows)))].copy()
        return values
    flat = values.reshape(-1)
    flat[_few(flat.size, rng)] = flat[int(rng.integers(flat.size))]
    return values


def _levels(values: Array, low: float, high: float, width: float, rng: np.random.Generator) -> Array:
    """Two values only: the mean of those above a threshold, the mean of those below."""
    above = values > np.quantile(values, rng.random())
    for part in (above, ~above):
        if part.any():
            values[part] = values[part].mean()
    return values


def _blended(instance: Instance, boxed: list[str], key: str, width: float, rng: np.random.Generator) -> Array | None:
    """Towards another boxed array of the same shape, or away from it."""
    own = instance.arrays[key]
    others = [name for name in boxed if name != key and instance.arrays[name].shape == own.shape]
    if not others:
        return None
    other = np.array(instance.arrays[others[int(rng.integers(len(others)))]], dtype=np.float64)
    share = 1.0 if rng.random() < 0.3 else float(rng.random())
    sign = 1.0 if rng.random() < 0.5 else -1.0
    return np.asarray(own + share * (sign * other - own))


def _coupled(instance: Instance, rng: np.random.Generator) -> Instance | None:
    """One index of a dimension takes the numbers of another, in all boxed arrays that share the dimension."""
    names = list(instance.dimensions)
    if not names:
        return None
    axes = instance.dimensions[names[int(rng.integers(len(names)))]]
    if not axes or any(key not in instance.boxes for key, _ in axes):
        return None
    size = instance.arrays[axes[0][0]].shape[axes[0][1]]
    if size < 2:
        return None
    source, target = (int(place) for place in rng.choice(size, 2, replace=False))
    arrays = dict(instance.arrays)
    for key, axis in axes:
        array = arrays[key].copy()
        rows = np.moveaxis(array, axis, 0)
        rows[target] = rows[source].copy()
        arrays[key] = array
    return replace(instance, arrays=arrays)


MOVES: dict[str, Move] = {
    "sparse": _sparse,
    "dense": _dense,
    "common": _common,
    "ends": _ends,
    "flips": _flips,
    "pattern": _pattern,
    "copies": _copies,
    "levels": _levels,
}
NAMES = (*MOVES, "blend", "couple")
