"""Dask arrays by chunks of rows: what is reduced before a graph is built, and trees of pairwise sums.

Only these reductions are computed at once: the range of every column of q, k and v, the largest query and, once the
keys' centre is known, the largest centred key. Two passes over the keys, one over queries and values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from varproof.attention.exact.frame import Frame, frame_from_ranges
from varproof.attention.exact.rounding import row_norms
from varproof.attention.head import Head
from varproof.base.errors import InputError
from varproof.base.extras import optional


@dataclass(frozen=True)
class Chunk:
    """Rows `start`:`stop` of an array, as a Dask delayed object."""

    start: int
    stop: int
    rows: Any


@dataclass(frozen=True)
class Summary:
    """The numbers about a head that its graphs need: frame in float64, norms rounded up, all of them NumPy's."""

    at: Frame
    largest_query: float
    largest_key: float


def row_chunks(x: Any, cuts: Sequence[int] = ()) -> list[Chunk]:
    """The chunks of rows of a two-dimensional Dask array, empty ones left out, also cut at the rows `cuts`."""
    edges = {0, x.shape[0], *np.cumsum(x.chunks[0]).tolist(), *cuts}
    bounds = sorted(edge for edge in edges if 0 <= edge <= x.shape[0])
    sizes = tuple(b - a for a, b in pairwise(bounds))
    if not sizes:
        return []
    pieces = x.rechunk((sizes, x.shape[1])).to_delayed().ravel()
    return [Chunk(a, b, piece) for (a, b), piece in zip(pairwise(bounds), pieces, strict=True)]


def tree(join: Callable[[Any, Any], Any], parts: Sequence[Any]) -> Any:
    """Pairwise joins, `levels(len(parts))` deep.

    >>> tree(lambda a, b: f"({a}{b})", "abcde")
    '(((ab)(cd))e)'
    """
    while len(parts) > 1:
        parts = [join(*parts[i : i + 2]) if i + 1 < len(parts) else parts[i] for i in range(0, len(parts), 2)]
    return parts[0]


def levels(count: int) -> int:
    """The depth of a `tree` of `count` parts.

    >>> [levels(count) for count in (1, 2, 3, 5)]
    [0, 1, 2, 3]
    """
    return math.ceil(math.log2(count)) if count > 1 else 0


def _look(rows: Any) -> tuple[Any, Any, float]:
    with np.errstate(all="ignore"):
        return rows.min(axis=0), rows.max(axis=0), float(row_norms(np, rows).max())


def _largest_norm(rows: Any, centre: Any) -> float:
    with np.errstate(all="ignore"):
        return float(row_norms(np, rows.astype(np.float64) - centre).max())


def summary(head: Head) -> Summary:
    """Reduce the arrays of a head; `InputError` naming the array that has entries that are not finite."""
    dask = optional("dask")
    look = dask.delayed(_look)
    found = dask.compute(*[[look(chunk.rows) for chunk in row_chunks(x)] for x in (head.q, head.k, head.v)])
    ranges = []
    for name, parts in zip("qkv", found, strict=True):
        low = np.min([part[0] for part in parts], axis=0) if parts else np.zeros(1)
        high = np.max([part[1] for part in parts], axis=0) if parts else np.zeros(1)
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise InputError(
                f"{name} has entries that are not finite",
                got=f"a column with smallest entry {low.min()} and largest {high.max()}",
                allowed="finite numbers",
            )
        ranges.append((low.astype(np.float64), high.astype(np.float64)))
    at = frame_from_ranges(np, *ranges[1], *ranges[2])
    norm = dask.delayed(_largest_norm)
    norms = dask.compute([norm(chunk.rows, at.centre) for chunk in row_chunks(head.k)])[0]
    up = 1 + 1e-9
    return Summary(at, max((part[2] for part in found[0]), default=0.0) * up, max(norms) * up)
