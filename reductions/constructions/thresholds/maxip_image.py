"""Maximum inner product among threshold layouts: levels, neutral channels, the image, and instances at the levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reductions.core.reduction import Mapped
from reductions.precision.image import ThresholdContext, image_operations, threshold_attention
from reductions.precision.layout import ThresholdLayout, threshold_layout
from reductions.problems.maxip import MaxInnerProduct


def levels_of(instance: MaxInnerProduct) -> tuple[int, int]:
    """(high, low) without what no pair can reach: products are at most P = d M^2 in absolute value.

    A threshold above P becomes P + 1, one below -P becomes -P; a low level below -P - 1 becomes -P - 1. Neither
    changes which pairs reach the threshold or are at the low level.
    """
    most = int(instance.left.shape[1]) * instance.magnitude**2
    high = min(max(int(instance.threshold), -most), most + 1)
    return high, max(min(int(instance.low), high - 1), -most - 1)


def channels_of(instance: MaxInnerProduct) -> tuple[int, ...]:
    """Query entries of the neutral channels: 1, and M as often as the integer part of the neutral score asks for.

    The neutral inner product lies in [(high + low)/2, high). Each channel of entry M adds up to M^2 in absolute value,
    so d of them are enough; none where M is enough.
    """
    high, low = levels_of(instance)
    magnitude = max(1, instance.magnitude)
    farthest = max(abs(high), -((high + low) // 2))
    return (1, *([magnitude] * max(0, -(-(farthest - magnitude) // magnitude**2))))


def layout_of(instance: MaxInnerProduct, options: Mapping[str, Any]) -> ThresholdLayout:
    """The levels of the instance, n keys, the neutral score in digits."""
    high, low = levels_of(instance)
    channels = channels_of(instance)
    return threshold_layout(
        high=high,
        low=low,
        keys=len(instance.right),
        weight_gap=options["weight_gap"],
        head_dim=int(instance.left.shape[1]) + len(channels),
        scale=options["scale"],
        channels=channels,
        digits=True,
    )


def image(instance: MaxInnerProduct, layout: ThresholdLayout) -> Mapped:
    """The image with this layout."""
    target = threshold_attention(layout, instance.left, instance.right)
    left, right, dim, _ = instance.parameters().values()
    context = ThresholdContext(
        products_of(instance), int(instance.threshold), int(instance.low), left, layout.delta, layout
    )
    note = f"{right + 1} keys of dimension {layout.head_dim}, beta = {float(layout.beta.mid()):.6g}"
    return Mapped((target,), context, image_operations(left, right, dim, layout.head_dim), (note,))


def products_of(instance: MaxInnerProduct) -> Any:
    """Exact inner products of some rows."""

    def products(rows: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
        some = MaxInnerProduct(instance.left[rows], instance.right, instance.threshold, instance.low)
        return some.products()

    return products


def hard(seed: int) -> Sequence[MaxInnerProduct]:
    """Rows at the lemma's levels: all keys at the low level; one at the high level and the others far below."""
    rng = np.random.default_rng(seed)
    found = []
    for keys, dim, entry, gap in ((1, 2, 1, 1), (12, 4, 1, 1), (12, 3, 3, 2), (30, 3, 2, 1), (5, 2, 40, 1)):
        row = rng.integers(1, entry + 1, dim)
        best = rng.integers(0, entry + 1, dim)
        threshold = int(row @ best)
        far = np.full((keys, dim), -entry, np.int64)
        alone = far.copy()
        alone[int(rng.integers(0, keys))] = best
        # the same row with a last coordinate of 1: products reach any level exactly
        query = np.array([[*row, 1]], np.int64)
        high = np.hstack([alone, np.where(alone == best, 0, -1).min(axis=1, keepdims=True)])
        low = np.hstack([np.tile(best, (keys, 1)), np.full((keys, 1), -gap)])
        for keys_of in (high, low):
            found.append(MaxInnerProduct(query, keys_of.astype(np.int64), threshold, threshold - gap))
    rows = np.array([[1, 0], [0, 1]], np.int64)
    found.append(MaxInnerProduct(rows, rows[:1], 1))  # rows of different answers
    return found
