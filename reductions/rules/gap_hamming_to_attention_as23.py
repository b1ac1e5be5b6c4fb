"""Gap Hamming to attention as in arXiv:2302.13214, for comparison: n neutral keys of the score that distance 0 has.

Scores are those of the sharp rule with e^g = 4, but the neutral mass is far above both levels, so outputs are small
numbers: with x = (4n)^(-t/(T-t))/(8n) NO is at most 2x and YES at least 8x n/(n + 1). The threshold is the middle of
the two levels; errors of about 3x are allowed, where the same scores allow 1/6 with the neutral mass in the middle.
Proof: docs/explanation/vectors-to-attention.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy
from flint import arb

from reductions.constructions.thresholds import gap_hamming_signs as signs
from reductions.constructions.thresholds.threshold_mutants import changed, remade
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Reduction, size
from reductions.precision.budget import budget
from reductions.precision.decode import decode_threshold, pair_of_row
from reductions.precision.image import ThresholdContext, gap_lost, image_operations, too_large
from reductions.precision.inspect import COLUMNS, ROWS, inner, spread
from reductions.precision.layout import ThresholdLayout, output_levels, threshold_layout
from reductions.precision.options import SCALE
from reductions.precision.rounding import strictly_below, working_precision
from reductions.precision.show import numbers_of, shown_attention
from reductions.problems.attention import ApproximateAttention
from reductions.problems.gap_hamming import GapHamming
from varproof.base.balls import ball, dyadic

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


def forward(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    """q_i = u (xi_i, 1_d), k_j = u (eta_j, 0_d) of value 1, and n keys u (0_d, 1_d) of value 0.

    >>> mapped = forward(GapHamming.from_bits([[0, 1]], [[1, 1], [0, 0]], 1, 2), RULE.defaults())
    >>> mapped.targets[0].keys.tolist(), round(float(mapped.context.threshold), 4)
    ([[-1, -1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], 0.0371)
    """
    return image(instance, layout_of(instance, options))


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


def accepts(instance: GapHamming, options: Mapping[str, Any]) -> str | None:
    """None, or why: an image that is too large, a gap that rounding eats up."""
    dim, right = instance.left.dim, instance.right.rows
    too_long = too_large(instance.left.rows, right + max(1, right), dim + max(1, dim))
    return too_long or gap_lost(layout_of, instance, options)


def precision(instance: GapHamming, options: Mapping[str, Any]) -> dict[str, Any]:
    """Tolerance, gap, bound on the scores, entry bounds."""
    layout = layout_of(instance, options)
    bound = layout.logit_bound(instance.left.dim)
    return budget(layout.delta, layout.gap, bound, layout.entry_bounds(), 2 * layout.keys).as_mapping()


def structure(instance: GapHamming, mapped: Mapped) -> list[str]:
    """The image read again: values, inner products, and delta against the levels around the threshold."""
    target, context, wrong = mapped.targets[0], mapped.context, []
    data, dim = instance.right.rows, instance.left.dim
    copies = max(1, data)
    if target.values.ravel().tolist() != [1] * data + [0] * copies:
        return ["the values are not 1 for the data keys and 0 for as many neutral keys"]
    rows, columns = spread(len(target.queries), ROWS), spread(data, COLUMNS)
    for row, expected in zip(rows.tolist(), context.products(rows), strict=True):
        if [inner(target.queries[row], target.keys[j]) for j in columns] != [int(expected[j]) for j in columns]:
            wrong.append(f"the data scores of row {row} are not those of the source")
        if {inner(target.queries[row], target.keys[data + j]) for j in spread(copies, COLUMNS)} != {dim}:
            wrong.append(f"a neutral score of row {row} is not that of distance 0")
    near, far = signs.distances_of(instance)
    with working_precision():
        beta = ball(target.gamma) * ball(target.query_unit) * ball(target.key_unit)
        least, most = (-2 * beta * near).exp() / copies, (-2 * beta * far).exp()
        delta, middle = ball(target.delta), ball(context.threshold)
        if not (least / (1 + least) - delta > middle and most / (1 + most) + delta < middle):
            wrong.append("the output levels are not more than delta away from the threshold")
    return wrong


def hard(seed: int) -> Sequence[GapHamming]:
    """As for the sharp rule, and equal rows at t = 0, n = 1, where a threshold of 5x fails."""
    single = GapHamming.from_bits([[1, 0]], [[1, 0]], 0, 1)
    return [single, *signs.hard(seed)]


def explain(instance: GapHamming, mapped: Mapped) -> list[str]:
    """The step in words, with its numbers, and the matrices when they are small."""
    layout: ThresholdLayout = mapped.context.layout
    below, above = levels_of(layout)
    return [
        "Bits become signs, so scores are beta (d - 2h), and one unit of h costs ln(4n)/(T - t). As many neutral keys "
        "as data keys have the score beta d, which a pair at distance 0 would have, and value 0. Outputs are therefore "
        "about (4n)^(-h/(T - t))/n: small numbers, compared with a small threshold.",
        numbers_of(
            [
                ("n", instance.right.rows),
                ("d", instance.left.dim),
                ("t", instance.near),
                ("T", instance.far),
                ("beta", layout.beta.mid()),
                ("NO at most", below.mid()),
                ("YES at least", above.mid()),
                ("threshold", mapped.context.threshold),
                ("delta", layout.delta),
            ]
        ),
        *shown_attention(mapped.targets[0]),
    ]


def _five_x(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    mapped = forward(instance, options)
    near, far = signs.distances_of(instance)
    keys = mapped.context.layout.keys
    with working_precision():
        x = (-ball(4 * keys).log() * near / (far - near)).exp() / (8 * keys)
        return replace(mapped, context=replace(mapped.context, threshold=dyadic(5 * x)))


def _neutral_key_missing(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    mapped = forward(instance, options)
    target = mapped.targets[0]
    if len(target.keys) < 2:
        return mapped
    return changed(mapped, keys=target.keys[:-1], values=target.values[:-1])


def _four_forgotten(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    layout = layout_of(instance, options)
    weak = remade(layout, Fraction(101, 100))
    return image(instance, replace(weak, entries=layout.entries, delta=layout.delta))


def _far_by_one(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    layout = layout_of(instance, options)
    return image(instance, neutral_at_distance_zero(remade(layout, WEIGHT_GAP, low=layout.low - 2), instance.left.dim))


def _scale_at_source_dimension(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    layout = layout_of(instance, options)
    made = remade(layout, WEIGHT_GAP, head_dim=max(1, instance.left.dim))
    return image(instance, replace(layout, unit=made.unit))


def _half_as_threshold(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    mapped = forward(instance, options)
    return replace(mapped, context=replace(mapped.context, threshold=Fraction(1, 2)))


_left, _right, _dim = size("left"), size("right"), size("dim")
_neutral, _head = sympy.Max(1, _right), _dim + sympy.Max(1, _dim)

RULE = Reduction(
    name="gap_hamming_to_attention_as23",
    source=GapHamming,
    target=ApproximateAttention,
    kind=Kind.REAL_ORACLE,
    summary="scores beta (d - 2h) and n neutral keys of the score of distance 0: outputs are polynomially small",
    forward=forward,
    decode=decode_threshold,
    extract=pair_of_row,
    exact_size={"queries": _left, "keys": _right + _neutral, "head_dim": _head},
    upper_size={"queries": _left, "keys": _right + _neutral, "head_dim": _head},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=image_operations(_left, _right, _dim, _head, _neutral),
    claim_scope="error about 3 (4n)^(-t/(T - t))/(8n), logit bound ln(4n) d/(2 (T - t)); kept for comparison",
    sources=("arXiv:2302.13214",),
    page="docs/explanation/vectors-to-attention.md",
    options=MappingProxyType({"scale": SCALE}),
    structure=structure,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=(
        Mutant("threshold 5x and not the middle of the levels", forward=_five_x),
        Mutant("one neutral key missing", forward=_neutral_key_missing),
        Mutant("ln n in place of ln 4n", forward=_four_forgotten),
        Mutant("T larger by one", forward=_far_by_one),
        Mutant("scale read at d and not at 2d", forward=_scale_at_source_dimension),
        Mutant("threshold 1/2", forward=_half_as_threshold),
    ),
)
