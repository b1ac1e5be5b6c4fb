"""Small instances of attention over VAR scales for the generic tests."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCHEDULES = ((1,), (2,), (1, 2), (2, 4), (1, 2, 3), (3, 4), (2, 6))
KERNELS = ("bicubic", "bspline", "bilinear", "nearest", "bicubic:-1/2")


def samples(seed: int) -> Iterator[dict[str, Any]]:
    """Fields of instances, edge cases first (one token, no rows, zero maps), then random ones without end."""
    rng = np.random.default_rng(seed)
    yield _fields(rng, (1,), "free", rows=1)
    yield _fields(rng, (1, 2), "interpolated", rows=0)
    yield _fields(rng, (2, 4), "interpolated", rows=3, zero=True)
    while True:
        sides = SCHEDULES[int(rng.integers(len(SCHEDULES)))]
        yield _fields(rng, sides, ("free", "interpolated")[int(rng.integers(2))], rows=int(rng.integers(1, 5)))


def _fields(rng: np.random.Generator, sides: tuple[int, ...], inputs: str, rows: int, zero: bool = False) -> Any:
    width, head_dim, columns = (int(rng.integers(1, 4)) for _ in range(3))
    sizes = list(sides) if inputs == "free" else [int(rng.choice([1, sides[0]])), *sides[:-1]]
    maps: list[NDArray[Any]] = [rng.integers(-2, 3, (size, size, width)) * (not zero) for size in sizes]
    if rng.random() < 0.5:
        maps = [each / 4 for each in maps]  # floats, exactly dyadic
    return {
        "sides": sides,
        "kernel": KERNELS[int(rng.integers(len(KERNELS)))],
        "inputs": inputs,
        "maps": tuple(maps),
        "query_projection": rng.integers(-1, 2, (width, head_dim)),
        "key_projection": rng.integers(-1, 2, (width, head_dim)),
        "value_projection": rng.integers(-1, 2, (width, columns)),
        "rows": rng.integers(0, sum(side * side for side in sides), rows),
        "delta": Fraction(1, int(rng.integers(4, 100))),
        "scale": ("d", "sqrt", "one")[int(rng.integers(3))],
        "query_unit": Fraction(int(rng.integers(1, 4)), 3),
        "key_unit": Fraction(1, int(rng.integers(1, 4))),
        "value_unit": Fraction(1, 2),
        "adverse": int(rng.integers(-1, 2)),
    }
