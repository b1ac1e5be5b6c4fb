"""Orthogonal vectors to attention with a large score scale: one row with a neutral key tells if a partner exists.

Scores are -beta <a_i, b_j>: 0 for an orthogonal pair, at most -beta otherwise. Proof and numbers:
docs/explanation/vectors-to-attention.md; the lemma: docs/explanation/threshold-lemma.md.
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
from reductions.problems.bits import BitMatrix
from reductions.problems.orthogonal_vectors import OrthogonalVectors

HIGH, LOW = 0, -1  # of the product -<a, b>


def layout_of(instance: OrthogonalVectors, options: Mapping[str, Any]) -> ThresholdLayout:
    """Levels 0 and -1, n keys, one neutral channel."""
    return threshold_layout(
        high=HIGH,
        low=LOW,
        keys=instance.right.rows,
        weight_gap=options["weight_gap"],
        head_dim=instance.left.dim + 1,
        scale=options["scale"],
    )


def forward(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    """q_i = u (a_i, 1), k_j = u (-b_j, 0) of value 1, k_neutral = u (0, c) of value 0, u^2 gamma = ln n + g up.

    >>> target = forward(OrthogonalVectors.from_bits([[1, 0]], [[1, 1]]), RULE.defaults()).targets[0]
    >>> target.queries.tolist(), target.keys.tolist(), target.values.ravel().tolist()
    ([[1, 0, 1]], [[-1.0, -1.0, 0.0], [0.0, 0.0, -0.5]], [1, 0])
    """
    return image(instance, layout_of(instance, options))


def image(instance: OrthogonalVectors, layout: ThresholdLayout) -> Mapped:
    """The image with this layout."""
    left, right = instance.left_bits.astype(np.int64), -instance.right_bits.astype(np.int64)
    target = threshold_attention(layout, left, right)
    context = ThresholdContext(_products(instance), HIGH, LOW, instance.left.rows, layout.delta, layout)
    note = f"{len(target.keys)} keys of dimension {instance.left.dim + 1}, beta = {float(layout.beta.mid()):.6g}"
    operations = image_operations(instance.left.rows, instance.right.rows, instance.left.dim, instance.left.dim + 1)
    return Mapped((target,), context, operations, (note,))


def _products(instance: OrthogonalVectors) -> Any:
    def products(rows: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
        some = BitMatrix(instance.left.words[rows], instance.left.dim)
        for _, block in some.inner_blocks(instance.right):
            yield from -block

    return products


def largest_product(instance: OrthogonalVectors) -> int:
    """At least max <a, b>: the smaller of the largest numbers of ones on both sides."""
    return min(int(side.ones().max(initial=0)) for side in (instance.left, instance.right))


def accepts(instance: OrthogonalVectors, options: Mapping[str, Any]) -> str | None:
    """None, or why: an image that is too large, a gap that rounding eats up."""
    too_long = too_large(instance.left.rows, instance.right.rows + 1, instance.left.dim + 1)
    return too_long or gap_lost(layout_of, instance, options)


def precision(instance: OrthogonalVectors, options: Mapping[str, Any]) -> dict[str, Any]:
    """Tolerance, gap, bound on the scores, entry bounds."""
    return threshold_budget(layout_of(instance, options), largest_product(instance)).as_mapping()


def structure(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The image read again, against the source and the lemma."""
    return inspect_threshold(mapped.context, mapped.targets[0], HIGH, LOW)


def hard(seed: int) -> Sequence[OrthogonalVectors]:
    """Rows at the lemma's levels, n = 1 and n > 1: no partner and all products 1; one partner, all others far below."""
    rng = np.random.default_rng(seed)
    found = []
    for keys, dim in ((1, 3), (1, 8), (16, 6), (40, 5)):
        ones = np.ones((1, dim), np.uint8)
        unit = np.zeros((keys, dim), np.uint8)
        unit[np.arange(keys), rng.integers(0, dim, keys)] = 1
        found.append(OrthogonalVectors.from_bits(ones, unit))  # all keys at the low level
        alone = np.ones((keys, dim), np.uint8)
        alone[int(rng.integers(0, keys))] = 0
        found.append(OrthogonalVectors.from_bits(ones, alone))  # one at the high level, the others far below
    two = np.array([[1, 1, 0], [0, 0, 1]], np.uint8)
    found.append(OrthogonalVectors.from_bits(two, two[:1]))  # rows of different answers
    return found


def explain(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """The step in words, with its numbers, and the matrices when they are small."""
    target: ApproximateAttention = mapped.targets[0]
    layout: ThresholdLayout = mapped.context.layout
    n, dim = instance.right.rows, instance.left.dim
    return [
        "Each vector a_i becomes a query u (a_i, 1), each b_j a key u (-b_j, 0) of value 1. One more key, the neutral "
        "one, is u (0, c) with value 0. The score of a_i and b_j is -beta <a_i, b_j> with beta = gamma u^2, so 0 for "
        "an orthogonal pair and -beta or less for all others. The output of row i is S/(S + e^theta), where S adds "
        "e^score over the keys and theta = beta c.",
        "An orthogonal partner alone gives S >= 1; without one S <= n e^-beta. theta lies in the middle of the two "
        "logarithms, so the output is above 1/2 exactly when a partner exists, by a margin that allows errors.",
        numbers_of([("n", n), ("d", dim), ("d'", dim + 1), ("u", layout.unit), ("beta", layout.beta.mid())])
        + "; "
        + numbers_of([("g", layout.gap.mid()), ("c", layout.entries[0]), ("delta", layout.delta)])
        + f"; the score scale is read at d' = {dim + 1}, not at d.",
        *shown_attention(target),
    ]


_left, _right, _dim = size("left"), size("right"), size("dim")

RULE = Reduction(
    name="ov_to_attention_scaling",
    source=OrthogonalVectors,
    target=ApproximateAttention,
    kind=Kind.REAL_ORACLE,
    summary="Scores -beta <a, b> and a neutral key: row i has an orthogonal partner iff its output exceeds 1/2.",
    forward=forward,
    decode=decode_threshold,
    extract=pair_of_row,
    exact_size={"queries": _left, "keys": _right + 1, "head_dim": _dim + 1},
    upper_size={"queries": _left, "keys": _right + 1, "head_dim": _dim + 1},
    exponents=Exponents(sympy.Integer(1), sympy.Integer(0), sympy.Integer(1)),
    calls=sympy.Integer(1),
    operations=image_operations(_left, _right, _dim, _dim + 1),
    claim_scope="any constant error below 1/2, logit bound (ln n + g) max <a, b>: Theta(log^2 n) for d = Theta(log n), "
    "so this edge shows no sharp threshold",
    sources=("arXiv:2209.04881", "arXiv:2302.13214"),
    page="docs/explanation/vectors-to-attention.md",
    options=THRESHOLD_OPTIONS,
    structure=structure,
    hard=hard,
    accepts=accepts,
    precision=precision,
    explain=explain,
    mutants=(*layout_mutants(layout_of, image), *image_mutants(forward)),
)
