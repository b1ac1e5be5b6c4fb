"""The attention instance of a threshold layout, and what its rules remember of the source to decode it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reductions.precision.budget import Budget, budget
from reductions.precision.decide import HALF
from reductions.precision.layout import ThresholdLayout
from reductions.problems.attention import ApproximateAttention
from varproof.base.errors import InputError

MEMORY = 2 << 30  # bytes of queries and keys that a rule still builds

# row numbers of the left side -> for each the integer inner products with all right rows, in order
Products = Callable[[NDArray[np.int64]], Iterator[NDArray[Any]]]


@dataclass(frozen=True, eq=False)
class ThresholdContext:
    """`products` gives exact inner products of source rows; a pair is a witness where they are >= `high`.

    `low` and `high` are the source's levels: the promise is broken in between. `threshold` is what outputs are
    compared with, `delta` the error they may have. `layout` is None where the layout is not the one of this package.
    """

    products: Products
    high: int
    low: int
    rows: int
    delta: Fraction
    layout: ThresholdLayout | None
    threshold: Fraction = HALF


def threshold_attention(
    layout: ThresholdLayout, left: NDArray[np.int64], right: NDArray[np.int64]
) -> ApproximateAttention:
    """Queries (left_i, channels), keys (right_j, 0) of value 1, and last the neutral key (0, entries) of value 0.

    `left` (m, d) and `right` (n, d) are integers. The keys are floats, all of them exact.
    """
    dim, extra = left.shape[1], len(layout.channels)
    queries = np.empty((len(left), dim + extra), dtype=np.int64)
    queries[:, :dim] = left
    queries[:, dim:] = np.array(layout.channels, dtype=np.int64)
    keys = np.zeros((len(right) + 1, dim + extra))
    keys[:-1, :dim] = right
    keys[-1, dim:] = [float(entry) for entry in layout.entries]
    values = np.ones((len(right) + 1, 1), dtype=np.int64)
    values[-1] = 0
    return ApproximateAttention(
        queries,
        keys,
        values,
        layout.delta,
        scale=layout.scale,
        query_unit=layout.unit,
        key_unit=layout.unit,
        neutral=len(right),
    )


def threshold_budget(layout: ThresholdLayout, largest_product: int, largest_entry: int = 1) -> Budget:
    """The budget of a layout whose data products and entries are bounded so in absolute value."""
    return budget(
        layout.delta,
        layout.gap,
        layout.logit_bound(largest_product),
        layout.entry_bounds(largest_entry),
        layout.keys + 1,
    )


def image_operations(left: int, right: int, dim: int, head_dim: int, neutral: int = 1) -> Any:
    """Numbers read and written for such an image: the source's rows, queries, keys and values. Works on symbols."""
    return (left + right) * dim + (left + right + neutral) * head_dim + right + neutral


def too_large(left: int, right: int, head_dim: int) -> str | None:
    """Why an image of these sizes is not built, or None."""
    size = (left + right) * head_dim * 8
    if size <= MEMORY:
        return None
    return (
        f"{left} queries and {right} keys of dimension {head_dim} take {size} bytes, above the limit of {MEMORY} bytes"
    )


def gap_lost(layout_of: Callable[..., ThresholdLayout], instance: Any, options: Mapping[str, Any]) -> str | None:
    """Why there is no layout for this instance (a weight gap that rounding eats up), or None."""
    try:
        layout_of(instance, options)
    except InputError as error:
        return str(error)
    return None
