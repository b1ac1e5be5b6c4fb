"""Which keys every query row of exact attention sees, and which rows are served together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.exact.blocks import QUERY_BLOCK
from varproof.attention.head import Head

_WASTE = 2**15  # pairs that may be computed in vain to spare a block's overhead


@dataclass(frozen=True)
class Served:
    """Query rows in the order in which they are served, the number of keys that each sees, and the way back."""

    order: NDArray[np.int64]
    limits: NDArray[np.int64]
    inverse: NDArray[np.int64]

    def blocks(self) -> list[tuple[int, int]]:
        """Runs of rows served together: at most QUERY_BLOCK, and few pairs beyond a row's own keys."""
        found: list[tuple[int, int]] = []
        starts = [0, *(np.flatnonzero(np.diff(self.limits)) + 1).tolist(), len(self.limits)]
        begin = 0
        for start, stop in pairwise(starts):
            grown = int(self.limits[start] - self.limits[begin])
            if start > begin and ((start - begin) * grown > _WASTE or stop - begin > QUERY_BLOCK):
                found.append((begin, start))
                begin = start
            while stop - begin > QUERY_BLOCK:
                found.append((begin, begin + QUERY_BLOCK))
                begin += QUERY_BLOCK
        if begin < len(self.limits):
            found.append((begin, len(self.limits)))
        return found


def serve_rows(head: Head, chosen: NDArray[np.int64]) -> Served:
    """The rows `chosen` of `head` by the number of keys they see; repetitions are allowed.

    >>> from varproof.attention.head import Stage
    >>> stages = (Stage(slice(0, 2), slice(0, 1)), Stage(slice(2, 3), slice(1, 5)))
    >>> head = Head(np.ones((3, 1)), np.ones((5, 1)), np.ones((5, 1)), gamma=1.0, delta=1e-3, stages=stages)
    >>> served = serve_rows(head, np.array([2, 0, 1]))
    >>> served.order.tolist(), served.limits.tolist(), served.blocks()
    ([0, 1, 2], [1, 1, 5], [(0, 3)])
    """
    limits = np.zeros(head.queries, dtype=np.int64)
    seen = 0
    for stage in head.stages:
        seen += stage.keys.stop - stage.keys.start
        limits[stage.queries] = seen
    picked = limits[chosen]
    by_limit = np.argsort(picked, kind="stable")
    return Served(chosen[by_limit], picked[by_limit], np.argsort(by_limit, kind="stable"))


def in_stage_order(xp: Any, head: Head, x: Any) -> Any:
    """Rows of keys or values in the order in which the stages bring them."""
    slices = [stage.keys for stage in head.stages]
    if all(a.stop == b.start for a, b in pairwise(slices)):
        return x[slices[0].start : slices[-1].stop]
    return xp.concat([x[piece] for piece in slices], axis=0)


def take_rows(xp: Any, x: Any, order: NDArray[np.int64]) -> Any:
    """Rows `order` of `x`; `x` itself where these are all rows in order."""
    if len(order) == x.shape[0] and bool(np.all(order == np.arange(len(order)))):
        return x
    return xp.take(x, xp.asarray(order, device=x.device), axis=0)


def keep_masked(xp: Any, mask: Any) -> Callable[[int, int], Any]:
    """For `partial_sums`: the pairs that `mask` (rows, n) lets through."""
    return lambda start, end: xp.permute_dims(mask[:, start:end], (1, 0))


def keep_limited(xp: Any, limits: NDArray[np.int64], device: Any) -> Callable[[int, int], Any]:
    """For `partial_sums`: row i sees the first limits[i] keys, increasing."""
    common = int(limits[0])
    bar = xp.asarray(limits, device=device)

    def keep(start: int, end: int) -> Any:
        return None if end <= common else xp.arange(start, end, device=device)[:, None] < bar[None, :]

    return keep
