"""The counting rule told on one instance: nodes, weights, and the outputs of one row turned back into its count."""

from __future__ import annotations

import numpy as np
from flint import arb, ctx

from reductions.constructions.counting.chebyshev_extrapolation import bits_of
from reductions.constructions.counting.counting_image import Plan
from reductions.core.reduction import Mapped
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from varproof.base.balls import ball

_CALLS = 12  # longer tables are cut


def explain(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """Paragraphs: the formula, then the numbers of this instance."""
    plan: Plan | None = mapped.context.plan
    n = instance.right.rows
    told = [
        "For row i let S(x) be the sum of x^<a_i, b_j> over the right vectors b_j. Its value at 0 is the number of "
        "vectors orthogonal to a_i. One attention call with scores -s <a_i, b_j> and one zero key of value 1 "
        "returns y = 1/(1 + S(e^-s)), so S = 1/y - 1 is known at x = e^-s.",
        *mapped.notes,
    ]
    if plan is None:
        return told
    told.append(
        f"S has degree at most D = {plan.degree}, as some list has no vector with more ones. So {plan.degree + 1} "
        f"values determine it; S(1) = {n} is known, and {plan.degree} calls give the others. The points are the "
        f"Chebyshev extremal points of [e^-s, 1], and the count is the sum of w_t S(x_t)."
    )
    told.append(
        f"An output off by delta moves S by at most delta (n+1)^2/(1 - delta (n+1)), the weights carry that to the "
        f"count, and the sum must stay below one half: delta = {ball(plan.delta).str(4, radius=False)}, "
        f"{bits_of(plan.delta)} binary digits."
    )
    row = _row_to_show(instance)
    if row is not None:
        told.append(_table(instance, plan, row))
    return told


def _row_to_show(instance: OrthogonalVectors) -> int | None:
    """A row whose count is not 0 if there is one among the first, else the first."""
    if not instance.left.rows:
        return None
    inner = instance.left_bits[:64].astype(np.int64) @ instance.right_bits.T.astype(np.int64)
    return int(np.argmax((inner == 0).any(axis=1)))


def _table(instance: OrthogonalVectors, plan: Plan, row: int) -> str:
    """The row's exact inner products, its outputs and how they make the count."""
    inner = instance.right_bits.astype(np.int64) @ instance.left_bits[row].astype(np.int64)
    multiplicity = np.bincount(inner)
    partners = "1 orthogonal vector" if multiplicity[0] == 1 else f"{multiplicity[0]} orthogonal vectors"
    lines = [f"Row {row} has {partners}; inner products 0, 1, .. occur {multiplicity.tolist()} times."]
    lines.append(f"{'t':>3} {'x_t':>12} {'w_t':>14} {'output y':>14} {'S(x_t)':>14} {'w_t S(x_t)':>14}")
    with ctx.workprec(plan.bits):
        count = arb(0)
        for t, (x, w) in enumerate(zip(plan.nodes, plan.weights, strict=True)):
            s = sum((int(m) * x**k for k, m in enumerate(multiplicity)), arb(0))
            count += w * s
            if t <= _CALLS:
                output = "no call" if t == 0 else f"{float((1 / (1 + s)).mid()):.9f}"
                point, weight, total, term = (float(value.mid()) for value in (x, w, s, w * s))
                lines.append(f"{t:>3} {point:>12.9f} {weight:>14.6g} {output:>14} {total:>14.9g} {term:>14.6g}")
        if plan.degree > _CALLS:
            lines.append(f"... and {plan.degree - _CALLS} more")
        lines.append(f"sum of the last column, all {plan.degree + 1} terms: {count.str(12, radius=False)}")
    return "\n".join(lines)
