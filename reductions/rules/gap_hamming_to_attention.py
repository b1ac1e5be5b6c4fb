"""Gap Hamming to attention, sharp: scores beta (d - 2h), and a neutral key between the two levels.

The logit bound is (ln n + g) d/(2 (T - t)): of order log n when t and T - t are constant fractions of d. For small t
it would grow, and no attention is needed: all points within t of the rows are looked up. Proof and numbers:
docs/explanation/vectors-to-attention.md and docs/explanation/lower-bounds.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import sympy

from reductions.constructions.thresholds.gap_hamming_signs import (
    channels_of,
    distances_of,
    hard,
    layout_of,
    products_of,
    signs_of,
)
from reductions.constructions.thresholds.hamming_balls import SMALL_BALL, LookedUp, by_lookup, looked_up
from reductions.constructions.thresholds.threshold_mutants import image_mutants, layout_mutants
from reductions.core.answer import Answer
from reductions.core.reduction import Exponents, Kind, Mapped, Mutant, Reduction, size
from reductions.precision.decode import decode_threshold, pair_of_row
from reductions.precision.image import (
    ThresholdContext,
    gap_lost,
    image_operations,
    threshold_attention,
    threshold_budget,
    too_large,
)
from reductions.precision.inspect import inspect_threshold
from reductions.precision.layout import ThresholdLayout
from reductions.precision.options import THRESHOLD_OPTIONS
from reductions.precision.show import numbers_of, shown_attention
from reductions.problems.attention import ApproximateAttention
from reductions.problems.gap_hamming import GapHamming


def forward(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    """q_i = u (xi_i, 1_m), k_j = u (eta_j, 0_m) of value 1, k_neutral = u (0_d, c 1_m) of value 0, xi = 1 - 2x.

    For small t no target at all: the context holds the answer, found by looking up Hamming balls.

    >>> target = forward(GapHamming.from_bits([[0, 1]], [[1, 1]], 1, 2), RULE.defaults()).targets[0]
    >>> target.queries.tolist(), target.keys.tolist()
    ([[1, -1, 1]], [[-1.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    """
    if by_lookup(instance, options):
        found = looked_up(instance)
        note = f"t = {instance.near} is small: {found.points} points of Hamming balls were looked up, no attention"
        return Mapped((), found, found.operations, (note,))
    return image(instance, layout_of(instance, options))


def image(instance: GapHamming, layout: ThresholdLayout) -> Mapped:
    """The image with this layout."""
    target = threshold_attention(layout, *signs_of(instance))
    dim = instance.left.dim
    context = ThresholdContext(
        products_of(instance),
        dim - 2 * instance.near,
        dim - 2 * instance.far,
        instance.left.rows,
        layout.delta,
        layout,
    )
    note = f"{len(target.keys)} keys of dimension {layout.head_dim}, beta = {float(layout.beta.mid()):.6g}"
    operations = image_operations(instance.left.rows, instance.right.rows, dim, layout.head_dim)
    return Mapped((target,), context, operations, (note,))


def decode(context: ThresholdContext | LookedUp, answers: Sequence[Answer]) -> Answer:
    """As for every threshold layout; where no attention was needed, the answer is the context's."""
    return context.answer if isinstance(context, LookedUp) else decode_threshold(context, answers)


def extract(context: ThresholdContext | LookedUp, index: int, row: int) -> tuple[int, int] | None:
    """The first close pair of a row, None where there is none."""
    if isinstance(context, LookedUp):
        return next((pair for pair in context.answer.witnesses if pair[0] == row), None)
    return pair_of_row(context, index, row)


def accepts(instance: GapHamming, options: Mapping[str, Any]) -> str | None:
    """None, or why: an image that is too large, a gap that rounding eats up."""
    too_long = too_large(instance.left.rows, instance.right.rows + 1, instance.left.dim + channels_of(instance))
    return too_long or (None if by_lookup(instance, options) else gap_lost(layout_of, instance, options))


def precision(instance: GapHamming, options: Mapping[str, Any]) -> dict[str, Any]:
    """Tolerance, gap, bound on the scores, entry bounds of the attention built where t is not small."""
    return threshold_budget(layout_of(instance, options), instance.left.dim).as_mapping()


def structure(instance: GapHamming, mapped: Mapped) -> list[str]:
    """The image read again, against the source and the lemma; the lookup has no image."""
    if not mapped.targets:
        return []
    near, far = distances_of(instance)
    dim = instance.left.dim
    return inspect_threshold(mapped.context, mapped.targets[0], dim - 2 * near, dim - 2 * far)


def explain(instance: GapHamming, mapped: Mapped) -> list[str]:
    """The step in words, with its numbers, and the matrices when they are small."""
    dim = instance.left.dim
    if isinstance(mapped.context, LookedUp):
        return [
            f"The distance t = {instance.near} is a small part of d = {dim}. So the right rows go into a table, and "
            f"for each left row every point within distance t is looked up: {mapped.context.points} look-ups decide "
            f"the instance, and no attention is called. The answer is {mapped.context.answer.decision}."
        ]
    target: ApproximateAttention = mapped.targets[0]
    layout: ThresholdLayout = mapped.context.layout
    return [
        "Bits become signs, xi = 1 - 2x, so the inner product of two rows at distance h is d - 2h. Queries are "
        "u (xi_i, 1_m), keys u (eta_j, 0_m) of value 1, and one neutral key u (0, c 1_m) of value 0. Scores are "
        "beta (d - 2h), beta = gamma u^2; the neutral score is beta m c.",
        "A pair at distance t alone gives S >= e^(beta (d - 2t)); if all are at T or more, S <= n e^(beta (d - 2T)). "
        "The logarithms are g apart, and the neutral score lies in the middle.",
        numbers_of(
            [
                ("n", instance.right.rows),
                ("d", dim),
                ("t", instance.near),
                ("T", instance.far),
                ("m", len(layout.channels)),
                ("u", layout.unit),
                ("beta", layout.beta.mid()),
                ("c", layout.entries[0]),
                ("g", layout.gap.mid()),
                ("delta", layout.delta),
            ]
        ),
        *shown_attention(target),
    ]


def _lookup_below(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    mapped = forward(instance, options)
    if mapped.targets or not instance.near:
        return mapped
    short = looked_up(GapHamming(instance.left, instance.right, instance.near - 1, instance.far))
    return replace(mapped, context=short)


_left, _right, _dim, _near, _far = (size(name) for name in ("left", "right", "dim", "near", "far"))
_t, _T = sympy.Min(_near, _dim), sympy.Min(_far, _dim + 1)
_channels = sympy.Max(1, sympy.Abs(_dim - 2 * _t), sympy.Abs(_dim - _t - _T))
_upper = 2 * _dim + 1
_lookups = _left * sympy.Min(_right, (_dim + 1) ** _near)

RULE = Reduction(
    name="gap_hamming_to_attention",
    source=GapHamming,
    target=ApproximateAttention,
    kind=Kind.REAL_ORACLE,
    summary="Scores beta (d - 2h) and a neutral key between the levels; small distances are looked up instead.",
    forward=forward,
    decode=decode,
    extract=extract,
    exact_size={"queries": _left, "keys": _right + 1, "head_dim": _dim + _channels},
    upper_size={"queries": _left, "keys": _right + 1, "head_dim": _upper},
    exponents=Exponents(
        sympy.Integer(1),
        sympy.Integer(0),
        sympy.Integer(1),
        proviso="dimension O(log left) and a constant small_ball as small as the exponent asks for",
        log_dimension=True,
    ),
    calls=sympy.Integer(1),
    operations=image_operations(_left, _right, _dim, _upper) + (_lookups + _right) * (_dim + 1),
    claim_scope="any constant error below 1/2, logit bound (ln n + g) d/(2 (T - t)). For t >= alpha d and "
    "T >= (1 + eps) t that is Theta(log n); distances t < alpha d cost n^(1 + o(1)) look-ups as alpha goes to 0, "
    "for d = O(log n)",
    sources=("arXiv:2302.13214", "arXiv:1803.00904"),
    page="docs/explanation/vectors-to-attention.md",
    options=MappingProxyType({**THRESHOLD_OPTIONS, "small_ball": SMALL_BALL}),
    structure=structure,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=(
        *layout_mutants(layout_of, image),
        *image_mutants(forward),
        Mutant("lookup of balls of radius t - 1", forward=_lookup_below),
    ),
)
