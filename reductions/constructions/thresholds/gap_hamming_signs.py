"""Gap Hamming as sums of signs: levels, neutral channels, inner products, instances at the gap, for both layouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reductions.precision.layout import ThresholdLayout, threshold_layout
from reductions.problems.bits import BitMatrix
from reductions.problems.gap_hamming import GapHamming


def distances_of(instance: GapHamming) -> tuple[int, int]:
    """(t, T) without what no pair reaches: distances are at most d, so t counts as d and T as d + 1 where larger."""
    return min(instance.near, instance.left.dim), min(instance.far, instance.left.dim + 1)


def channels_of(instance: GapHamming) -> int:
    """m = max(1, |d - 2t|, |d - t - T|): then the neutral entry is at most 1."""
    near, far = distances_of(instance)
    dim = instance.left.dim
    return max(1, abs(dim - 2 * near), abs(dim - near - far))


def layout_of(instance: GapHamming, options: Mapping[str, Any]) -> ThresholdLayout:
    """Levels d - 2t and d - 2T of <xi, eta> = d - 2h, n keys, m equal neutral channels."""
    near, far = distances_of(instance)
    dim, channels = instance.left.dim, channels_of(instance)
    return threshold_layout(
        high=dim - 2 * near,
        low=dim - 2 * far,
        keys=instance.right.rows,
        weight_gap=options["weight_gap"],
        head_dim=dim + channels,
        scale=options["scale"],
        channels=(1,) * channels,
    )


def signs_of(instance: GapHamming) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """1 - 2x for all bits x, left and right: rows at distance h have inner product d - 2h."""
    left, right = (1 - 2 * bits.astype(np.int64) for bits in (instance.left_bits, instance.right_bits))
    return left, right


def products_of(instance: GapHamming) -> Any:
    """d - 2h of some rows with all right rows."""

    def products(rows: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
        some = BitMatrix(instance.left.words[rows], instance.left.dim)
        for _, block in some.distance_blocks(instance.right):
            yield from instance.left.dim - 2 * block.astype(np.int64)

    return products


def hard(seed: int) -> Sequence[GapHamming]:
    """Rows at the lemma's levels: all pairs at distance T; one at distance t and the others at d. Also tiny t."""
    rng = np.random.default_rng(seed)
    found = []
    for keys, dim, near, far in ((1, 8, 3, 4), (12, 8, 2, 3), (30, 10, 4, 6), (7, 6, 3, 6), (20, 16, 1, 2)):
        row = rng.integers(0, 2, (1, dim)).astype(np.uint8)

        def at(distance: int, row: NDArray[np.uint8] = row, dim: int = dim) -> NDArray[np.uint8]:
            flips = np.zeros(dim, np.uint8)
            flips[rng.permutation(dim)[:distance]] = 1
            return np.asarray(row[0] ^ flips, dtype=np.uint8)

        found.append(GapHamming.from_bits(row, np.array([at(far) for _ in range(keys)]), near, far))
        alone = np.array([at(dim) for _ in range(keys)])
        alone[int(rng.integers(0, keys))] = at(near)
        found.append(GapHamming.from_bits(row, alone, near, far))
    rows = np.array([[0, 0, 0, 1], [1, 1, 1, 0]], np.uint8)
    found.append(GapHamming.from_bits(rows, rows[:1], 1, 2))  # rows of different answers
    return found
