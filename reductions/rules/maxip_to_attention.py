"""Maximum inner product to attention: scores beta <a_i, b_j>, a neutral score just below beta tau on extra channels.

With unit gap theta = beta tau - g/2. Proof and numbers: docs/explanation/vectors-to-attention.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from reductions.constructions.thresholds.maxip_image import channels_of, hard, image, layout_of, levels_of
from reductions.constructions.thresholds.threshold_mutants import image_mutants, layout_mutants
from reductions.core.reduction import Exponents, Kind, Mapped, Reduction, size
from reductions.precision.decode import decode_threshold, pair_of_row
from reductions.precision.image import (
    gap_lost,
    image_operations,
    threshold_budget,
    too_large,
)
from reductions.precision.inspect import inspect_threshold
from reductions.precision.layout import ThresholdLayout
from reductions.precision.options import THRESHOLD_OPTIONS
from reductions.precision.show import numbers_of, shown_attention
from reductions.problems.attention import ApproximateAttention
from reductions.problems.maxip import MaxInnerProduct

EXACT = 1 << 31  # entries up to here: keys are floats, and the neutral entry needs 20 bits behind the point


def forward(instance: MaxInnerProduct, options: Mapping[str, Any]) -> Mapped:
    """q_i = u (a_i, 1, M, .., M), k_j = u (b_j, 0) of value 1, k_neutral = u (0, c) of value 0.

    >>> import numpy as np
    >>> two = np.array([[2, 2]])
    >>> target = forward(MaxInnerProduct(two, two, 7), RULE.defaults()).targets[0]
    >>> target.queries.tolist(), target.keys.tolist()
    ([[2, 2, 1, 2, 2]], [[2.0, 2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 2.0, 1.0]])
    """
    return image(instance, layout_of(instance, options))


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
    summary="Scores beta <a, b> and a neutral key just below the threshold: row i reaches it iff its output > 1/2.",
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
