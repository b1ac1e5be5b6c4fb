"""What must hold of the counting calls, recomputed from the calls themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb, ctx

from reductions.constructions.counting.chebyshev_extrapolation import weight_sum
from reductions.constructions.counting.counting_image import Plan, ball_of, largest_logit
from reductions.core.reduction import Mapped
from reductions.problems.attention import ApproximateAttention
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from varproof.base.balls import ball

_PAIRS = 1 << 22  # the inner products of larger instances are not multiplied out


def structure(instance: OrthogonalVectors, mapped: Mapped) -> list[str]:
    """Everything that is wrong with the image, in words."""
    left, right = instance.left_bits.astype(np.int64), instance.right_bits.astype(np.int64)
    plan: Plan | None = mapped.context.plan
    small = len(left) * len(right) * instance.left.dim <= _PAIRS
    largest = int((left @ right.T).max(initial=0)) if small else 0
    if plan is None:
        return [] if not largest and not len(mapped.targets) else ["no calls, but some inner product is positive"]
    wrong = []
    if plan.degree < largest:
        wrong.append(f"degree {plan.degree} is below the largest inner product {largest}")
    if len(mapped.targets) != plan.degree:
        wrong.append(f"{len(mapped.targets)} calls for degree {plan.degree}")
    keys = np.vstack([-right, np.zeros((1, right.shape[1]), dtype=np.int64)])
    values = np.append(np.zeros(len(right), dtype=np.int64), 1)[:, None]
    for t, call in enumerate(mapped.targets):
        same = np.array_equal(call.queries, left) and np.array_equal(call.keys, keys)
        if not same or not np.array_equal(call.values, values) or call.value_unit != 1 or call.levels is not None:
            wrong.append(f"call {t + 1}: vectors or values differ from the instance")
        if call.delta != plan.delta or call.scale != plan.scale or call.neutral != len(right):
            wrong.append(f"call {t + 1}: tolerance, scale or neutral key differ from the plan")
    return wrong or numbers_wrong(plan, mapped.targets)


def numbers_wrong(plan: Plan, calls: Sequence[ApproximateAttention]) -> list[str]:
    """What is wrong with scores, weights and tolerance; nodes are taken from the calls."""
    wrong = []
    with ctx.workprec(plan.bits):
        scores = [ball_of(call.gamma) * ball(call.query_unit * call.key_unit) for call in calls]
        nodes = [arb(1), *((-s).exp() for s in scores)]
        powers = [arb(1)] * len(nodes)
        for k in range(plan.degree + 1):
            moment = sum((w * p for w, p in zip(plan.weights, powers, strict=True)), arb(0))
            if not moment.contains(int(k == 0)):
                wrong.append(f"the weights do not extrapolate x^{k} from the nodes of the calls")
            powers = [p * x for p, x in zip(powers, nodes, strict=True)]
        if any(bool((w > 0) != (call.adverse > 0)) for w, call in zip(plan.weights[1:], calls, strict=True)):
            wrong.append("the adverse direction is not the sign of the weight")
        reached, bound = scores[-1] * plan.degree, largest_logit(plan.keys, plan.logit_ratio)
        if not reached < bound or not reached > bound * (1 - arb(2) ** -16):
            wrong.append(f"the logit bound is {reached.str(8)}, not just below kappa ln N = {bound.str(8)}")
        total, ideal = sum((abs(w) for w in plan.weights), arb(0)), weight_sum(plan.degree, scores[-1])
        if total < ideal or not total < ideal * (1 + arb(2) ** -16):
            wrong.append("the weights do not sum to T_D(coth(s/2)) in absolute value")
        delta, size = ball(plan.delta), plan.keys + 1
        noise = sum((abs(w) for w in plan.weights[1:]), arb(0))
        if not noise * delta * size**2 < (1 - delta * size) / 2:
            wrong.append("the allowed noise could move a count by one half")
    return wrong
