"""Many single rows at once, each of a family and a size of its own, as the batches of campaigns need them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.families.matrices import draw


def draw_rows(
    names: Sequence[str], sizes: NDArray[np.int64], bounds: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Row i is drawn from family `names[i]`, entries at most `bounds[i]` in absolute value, shape (count, max(sizes)).

    Its first `sizes[i]` entries are the row, zeros follow. Rows of one family with sizes up to the same power of two
    are drawn together and cut. Raises `InputError` for sequences of different lengths and as `draw` does.

    >>> rng = np.random.default_rng(0)
    >>> draw_rows(["constant", "alternating"], np.array([1, 3]), np.array([0.0, 2.0]), rng).tolist()
    [[0.0, 0.0, 0.0], [2.0, -2.0, 2.0]]
    """
    if not len(names) == len(sizes) == len(bounds):
        raise InputError("rows to be drawn", got=(len(names), len(sizes), len(bounds)), allowed="equally many of all")
    if not len(names):
        return np.zeros((0, 0))
    width = int(sizes.max())
    rows = np.zeros((len(names), width))
    groups: dict[tuple[str, int], list[int]] = {}
    for index, (name, size) in enumerate(zip(names, sizes.tolist(), strict=True)):
        groups.setdefault((name, 1 << (size - 1).bit_length() if size > 0 else 0), []).append(index)
    for (name, padded), members in groups.items():
        drawn = draw(name, (len(members), 1, padded), 1.0, rng)[:, 0, :width]
        rows[members, : drawn.shape[1]] = drawn
    rows[np.arange(width) >= sizes[:, None]] = 0.0
    return rows * bounds[:, None] + 0.0  # no negative zeros
