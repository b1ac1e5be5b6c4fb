"""Maximum inner product to attention: scores beta <a_i, b_j>, a neutral score just below beta tau on extra channels.

With unit gap theta = beta tau - g/2. Proof and numbers: docs/explanation/vectors-to-attention.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from reductions.constructions.thresholds.threshold_mutants import image_mutants, layout_mutants
from reductions.core.reduction import Exponents, Kind, Mapped, Reduction, size
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
from reductions.precision.layout import ThresholdLayout, threshold_layout
from reductions.precision.options import THRESHOLD_OPTIONS
from reductions.precision.show import numbers_of, shown_attention
from reductions.problems.attention import ApproximateAttention
from reductions.problems.maxip import MaxInnerProduct

EXACT = 1 << 31  # entries up to here: keys are floats, and the neutral entry needs 20 bits behind the point


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


def forward(instance: MaxInnerProduct, options: Mapping[str, Any]) -> Mapped:
    """q_i = u (a_i, 1, M, .., M), k_j = u (b_j, 0) of value 1, k_neutral = u (0, c) of value 0.

    >>> two = np.array([[2, 2]])
    >>> target = forward(MaxInnerProduct(two, two, 7), RULE.defaults()).targets[0]
    >>> target.queries.tolist(), target.keys.tolist()
    ([[2, 2, 1, 2, 2]], [[2.0, 2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 2.0, 1.0]])
    """
    return image(instance, layout_of(instance, options))


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


def accepts(instance: MaxInnerProduct, options: Mapping[str, Any]) -> str | None:
    """None, or why: entries beyond 2^31, an image that is too large, a gap that rounding eats up."""
    if instance.magnitude > EXACT:
        return f"the largest entry is {instance.magnitude}, keys are exact up to {EXACT}"
    left, right, dim, _ = instance.parameters().values()
    too_long = too_large(left, right + 1, dim + len(channels_of(instance)))
    return too_long or gap_lost(layout_of, instance, options)


def precision(instance: MaxInnerProduct, options: Mapping[str, Any]) -> dict[str, Any]:
    """Tolerance, gap, bound on the scores, entry bounds."""
    most = int(instance.left.shape[1]) * instance.magnitude**2
    return threshold_budget(layout_of(instance, options), most, max(1, instance.magnitude)).as_mapping()


def structure(instance: MaxInnerProduct, mapped: Mapped) -> list[str]:
    """The image read again, against the source and the lemma."""
    return inspect_threshold(mapped.context, mapped.targets[0], *levels_of(instance))


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


def explain(instance: MaxInnerProduct, mapped: Mapped) -> list[str]:
    """The step in words, with its numbers, and the matrices when they are small."""
    target: ApproximateAttention = mapped.targets[0]
    layout: ThresholdLayout = mapped.context.layout
    return [
        "Each row a_i becomes a query u (a_i, 1, M, .., M), each b_j a key u (b_j, 0) of value 1. The neutral key "
        "u (0, c) has value 0. The score of a_i and b_j is beta <a_i, b_j> with beta = gamma u^2, that of the neutral "
        "key theta. A pair at the threshold alone gives S >= e^(beta high); without one S <= n e^(beta low); theta "
        "lies in the middle of the two logarithms.",
        f"Levels: high {layout.high}, low {layout.low}. The neutral inner product is "
        f"{float(layout.neutral_product):.8g}, a fraction on the first extra channel and integers on the others.",
        numbers_of(
            [
                ("n", len(instance.right)),
                ("M", instance.magnitude),
                ("d", int(instance.left.shape[1])),
                ("d'", layout.head_dim),
                ("u", layout.unit),
                ("beta", layout.beta.mid()),
                ("g", layout.gap.mid()),
                ("delta", layout.delta),
            ]
        ),
        *shown_attention(target),
    ]


_left, _right, _dim = size("left"), size("right"), size("dim")
_upper = 2 * _dim + 1

RULE = Reduction(
    name="maxip_to_attention",
    source=MaxInnerProduct,
    target=ApproximateAttention,
    kind=Kind.REAL_ORACLE,
    summary="scores beta <a, b> and a neutral key just below the threshold: row i reaches it iff its output > 1/2",
    forward=forward,
    decode=decode_threshold,
    extract=pair_of_row,
    exact_size={"queries": _left, "keys": _right + 1},
    upper_size={"queries": _left, "keys": _right + 1, "head_dim": _upper},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=image_operations(_left, _right, _dim, _upper),
    claim_scope="any constant error below 1/2, logit bound (ln n + g) max |<a, b>|/(threshold - low)",
    sources=("arXiv:1802.02325",),
    page="docs/explanation/vectors-to-attention.md",
    options=THRESHOLD_OPTIONS,
    structure=structure,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=(*layout_mutants(layout_of, image), *image_mutants(forward)),
)
