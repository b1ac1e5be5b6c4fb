"""The layout and image of arXiv:2302.13214: as many neutral keys as data keys, of the score that distance 0 has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from reductions.constructions.thresholds import gap_hamming_signs as signs
from reductions.core.reduction import Mapped
from reductions.precision.image import ThresholdContext, image_operations
from reductions.precision.layout import ThresholdLayout, output_levels, threshold_layout
from reductions.precision.rounding import strictly_below, working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.gap_hamming import GapHamming
from varproof.base.balls import dyadic

WEIGHT_GAP = Fraction(4)  # ln(4n) = ln n + ln 4


def layout_of(instance: GapHamming, options: Mapping[str, Any]) -> ThresholdLayout:
    """The scores of the sharp layout with weight gap 4, and neutral inner product d: d channels, all entries 1."""
    near, far = signs.distances_of(instance)
    dim = instance.left.dim
    channels = (1,) * max(1, dim)
    layout = threshold_layout(
        high=dim - 2 * near,
        low=dim - 2 * far,
        keys=instance.right.rows,
        weight_gap=WEIGHT_GAP,
        head_dim=dim + len(channels),
        scale=options["scale"],
        channels=channels,
    )
    return neutral_at_distance_zero(layout, dim)


def neutral_at_distance_zero(layout: ThresholdLayout, dim: int) -> ThresholdLayout:
    """The layout with a neutral inner product of d, and the delta that its levels leave."""
    moved = replace(layout, entries=(Fraction(int(dim > 0)),) * len(layout.channels))
    below, above = levels_of(moved)
    with working_precision():
        return replace(moved, delta=strictly_below((above - below) / 2))


def levels_of(layout: ThresholdLayout) -> tuple[arb, arb]:
    """The largest output of a NO row and the smallest of a YES row, with as many neutral keys as data keys."""
    return output_levels(layout.beta, layout.high, layout.low, layout.keys, layout.neutral_product, copies=layout.keys)


def threshold_of(layout: ThresholdLayout) -> Fraction:
    """The middle of the two levels, rounded to a dyadic number that costs delta nothing that matters."""
    below, above = levels_of(layout)
    with working_precision():
        return dyadic((below + above) / 2)


def image(instance: GapHamming, layout: ThresholdLayout) -> Mapped:
    """The image with this layout."""
    dim, extra = instance.left.dim, len(layout.channels)
    left, right = signs.signs_of(instance)
    queries = np.hstack([left, np.ones((len(left), extra), np.int64)])
    neutral = np.zeros((layout.keys, dim + extra), np.int64)
    neutral[:, dim:] = [int(entry) for entry in layout.entries]
    keys = np.vstack([np.hstack([right, np.zeros((len(right), extra), np.int64)]), neutral])
    values = np.array([[1]] * len(right) + [[0]] * layout.keys, dtype=np.int64)
    target = ApproximateAttention(
        queries, keys, values, layout.delta, scale=layout.scale, query_unit=layout.unit, key_unit=layout.unit
    )
    high, low = dim - 2 * instance.near, dim - 2 * instance.far
    products = signs.products_of(instance)
    context = ThresholdContext(products, high, low, len(left), layout.delta, layout, threshold_of(layout))
    note = f"{len(keys)} keys of dimension {dim + extra}, beta = {float(layout.beta.mid()):.6g}"
    operations = image_operations(len(left), len(right), dim, dim + extra, layout.keys)
    return Mapped((target,), context, operations, (note,))
