"""Gap Hamming to attention as in arXiv:2302.13214, for comparison: n neutral keys of the score that distance 0 has.

Scores are those of the sharp rule with e^g = 4, but the neutral mass is far above both levels, so outputs are small
numbers: with x = (4n)^(-t/(T-t))/(8n) NO is at most 2x and YES at least 8x n/(n + 1). The threshold is the middle of
the two levels; errors of about 3x are allowed, where the same scores allow 1/6 with the neutral mass in the middle.
Proof: docs/explanation/vectors-to-attention.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy

from reductions.constructions.thresholds import gap_hamming_signs as signs
from reductions.constructions.thresholds.as23_image import image, layout_of, levels_of
from reductions.constructions.thresholds.as23_mutants import mutants
from reductions.core.reduction import Exponents, Kind, Mapped, Reduction, size
from reductions.precision.budget import budget
from reductions.precision.decode import decode_threshold, pair_of_row
from reductions.precision.image import gap_lost, image_operations, too_large
from reductions.precision.inspect import COLUMNS, ROWS, inner, spread
from reductions.precision.layout import ThresholdLayout
from reductions.precision.options import SCALE
from reductions.precision.rounding import working_precision
from reductions.precision.show import numbers_of, shown_attention
from reductions.problems.attention import ApproximateAttention
from reductions.problems.gap_hamming import GapHamming
from varproof.base.balls import ball


def forward(instance: GapHamming, options: Mapping[str, Any]) -> Mapped:
    """q_i = u (xi_i, 1_d), k_j = u (eta_j, 0_d) of value 1, and n keys u (0_d, 1_d) of value 0.

    >>> mapped = forward(GapHamming.from_bits([[0, 1]], [[1, 1], [0, 0]], 1, 2), RULE.defaults())
    >>> mapped.targets[0].keys.tolist(), round(float(mapped.context.threshold), 4)
    ([[-1, -1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], 0.0371)
    """
    return image(instance, layout_of(instance, options))


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


_left, _right, _dim = size("left"), size("right"), size("dim")
_neutral, _head = sympy.Max(1, _right), _dim + sympy.Max(1, _dim)

RULE = Reduction(
    name="gap_hamming_to_attention_as23",
    source=GapHamming,
    target=ApproximateAttention,
    kind=Kind.REAL_ORACLE,
    summary="Scores beta (d - 2h) and n neutral keys of the score of distance 0: outputs are polynomially small.",
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
    mutants=mutants(forward),
)
