"""Small attention instances for the generic tests."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

SCALES = ("d", "sqrt", "one")


def samples(seed: int) -> Iterator[dict[str, Any]]:
    """Fields of instances: one key, no query, zero vectors, equal values, far scores, then random ones without end."""
    rng = np.random.default_rng(seed)
    yield _fields(rng, 1, 1, 1)
    yield _fields(rng, 0, 3, 2)
    yield _fields(rng, 3, 4, 2) | {"queries": np.zeros((3, 2), dtype=np.int64)}
    yield _fields(rng, 2, 5, 3) | {"values": np.ones((5, 2), dtype=np.int64)}
    yield _fields(rng, 3, 4, 2) | {"query_unit": Fraction(10**6), "scale": "one"}
    yield _fields(rng, 1, 6, 7) | {"delta": Fraction(1, 10**60)}
    while True:
        queries, keys, head_dim = (int(rng.integers(1, top)) for top in (7, 9, 6))
        fields = _fields(rng, queries, keys, head_dim)
        kind = int(rng.integers(4))
        if kind == 0:  # floats, which mean exactly themselves
            fields |= {name: rng.standard_normal(fields[name].shape) for name in ("queries", "keys", "values")}
        elif kind == 1:
            of_keys = rng.integers(0, 3, keys)  # in any order
            fields["levels"] = (rng.integers(of_keys.min(), 3, queries), of_keys)
        elif kind == 2:  # data keys of value 1 and a neutral key of value 0, as the rules build them
            values = np.ones((keys, 1), dtype=np.int64)
            values[-1] = 0
            fields |= {"values": values, "neutral": keys - 1, "value_unit": Fraction(1)}
        yield fields


def _fields(rng: np.random.Generator, queries: int, keys: int, head_dim: int) -> dict[str, Any]:
    return {
        "queries": rng.integers(-3, 4, (queries, head_dim)),
        "keys": rng.integers(-3, 4, (keys, head_dim)),
        "values": rng.integers(-2, 3, (keys, int(rng.integers(1, 3)))),
        "delta": Fraction(1, int(rng.integers(4, 10**4))),
        "scale": SCALES[int(rng.integers(3))],
        "query_unit": Fraction(int(rng.integers(1, 9)), 3),
        "key_unit": Fraction(1, int(rng.integers(1, 4))),
        "value_unit": Fraction(int(rng.integers(1, 4)), 2),
        "adverse": int(rng.integers(-1, 2)),
    }
