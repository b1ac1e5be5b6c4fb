"""Orthogonal vectors as attention calls whose outputs count: the calls, their weights and the allowed noise.

Call t has queries z a_i, data keys -z rho_t b_j of value 0, and one zero key of value 1. With s_t = gamma z^2 rho_t and
x_t = exp(-s_t) it returns 1/(1 + S_i(x_t)), S_i(x) = sum_j x^<a_i, b_j>. All calls share the integer arrays and differ
in the unit of the keys alone. Proofs: docs/explanation/counting-by-attention.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, overload

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from reductions.constructions.counting.chebyshev_extrapolation import (
    allowed_delta,
    extremal_fractions,
    rounded_down,
    weights_at_zero,
    working_bits,
)
from reductions.core.reduction import Mapped
from reductions.problems.attention import ApproximateAttention
from reductions.problems.orthogonal_vectors import OrthogonalVectors
from varproof.base.balls import ball
from varproof.growth.scales import parse_scale

_UNIT_BITS = 24  # of the query unit


@dataclass(frozen=True, eq=False)
class Plan:
    """What all calls have in common: n data keys, degree D >= 1, the units and weights, and the allowed noise.

    `nodes` x_0 = 1 > x_1 > .. > x_D and `weights` are balls of `bits` binary digits, belonging to the scores
    s_t = gamma query_unit key_units[t-1] that the calls really have; `noise_weight` is the sum of |w_t| over t >= 1.
    """

    keys: int
    degree: int
    scale: str
    logit_ratio: Fraction
    query_unit: Fraction
    key_units: tuple[Fraction, ...]
    nodes: tuple[arb, ...]
    weights: tuple[arb, ...]
    noise_weight: arb
    delta: Fraction
    bits: int


@dataclass(frozen=True, eq=False)
class Context:
    """What decoding needs: the source instance and its plan; no plan where no call is needed (see `count_known`)."""

    instance: OrthogonalVectors
    plan: Plan | None


@dataclass(frozen=True, eq=False)
class Calls(Sequence[ApproximateAttention]):
    """The calls t = 1..D in order, each made when asked for; they share `queries`, `keys` and `values`."""

    plan: Plan
    queries: NDArray[np.int64]
    keys: NDArray[np.int64]
    values: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.plan.key_units)

    @overload
    def __getitem__(self, index: int) -> ApproximateAttention: ...
    @overload
    def __getitem__(self, index: slice) -> list[ApproximateAttention]: ...
    def __getitem__(self, index: int | slice) -> ApproximateAttention | list[ApproximateAttention]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        unit = self.plan.key_units[index]
        t = index % len(self)  # key_units has refused what lies outside
        return ApproximateAttention(
            queries=self.queries,
            keys=self.keys,
            values=self.values,
            delta=self.plan.delta,
            scale=self.plan.scale,
            query_unit=self.plan.query_unit,
            key_unit=unit,
            neutral=self.plan.keys,
            adverse=1 if self.plan.weights[t + 1] > 0 else -1,
        )


def degree_of(instance: OrthogonalVectors, options: Mapping[str, Any]) -> int:
    """A bound D on all inner products, from the weights of the rows (option `row_weights`) or the dimension.

    The largest weight of a list bounds every inner product, and reading the lists gives it; the exact maximum of
    <a, b> would cost as much as the problem itself. 0 where a list is empty.
    """
    if not instance.left.rows or not instance.right.rows or not instance.left.dim:
        return 0
    if not options["row_weights"]:
        return instance.left.dim
    return min(int(instance.left.ones().max()), int(instance.right.ones().max()))


def largest_logit(keys: int, kappa: Fraction) -> arb:
    """kappa ln N, N = n + 1 the number of keys of a call."""
    return ball(kappa) * ball(keys + 1).log()


def plan_of(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Plan | None:
    """The plan for this instance, None if D = 0: then all pairs are orthogonal and nothing is asked."""
    degree = degree_of(instance, options)
    if not degree:
        return None
    return make_plan(instance.right.rows, degree, instance.left.dim, options["scale"], options["logit_ratio"])


def make_plan(keys: int, degree: int, dim: int, scale: str, kappa: Fraction) -> Plan:
    """The plan for n = `keys` data keys, degree D, head dimension `dim` and logit bound kappa ln(n + 1).

    >>> plan = make_plan(keys=8, degree=2, dim=4, scale="d", kappa=Fraction(2))
    >>> sum(plan.weights).str(3, radius=False), float(plan.nodes[2]) > 1 / 9, plan.delta > Fraction(1, 2700)
    ('1.00', True, True)
    """
    bits = working_bits(degree, largest_logit(keys, kappa) / degree, keys)
    with ctx.workprec(bits):
        gamma = ball_of(parse_scale(scale).gamma(dim))
        query_unit = rounded_down((largest_logit(keys, kappa) / degree / gamma).sqrt(), _UNIT_BITS)
        largest = gamma * ball(query_unit) ** 2
        key_units = tuple(query_unit * rho for rho in extremal_fractions(degree, largest))
        nodes, weights = nodes_and_weights(gamma, query_unit, key_units)
        noise_weight = sum((abs(w) for w in weights[1:]), arb(0))
        delta = allowed_delta(noise_weight, keys)
    return Plan(keys, degree, scale, kappa, query_unit, key_units, nodes, weights, noise_weight, delta, bits)


def nodes_and_weights(
    gamma: arb, query_unit: Fraction, key_units: Sequence[Fraction]
) -> tuple[tuple[arb, ...], tuple[arb, ...]]:
    """x_t = exp(-gamma query_unit key_unit_t) after x_0 = 1, and the weights of extrapolation from them to 0."""
    nodes = [arb(1), *((-gamma * ball(query_unit * unit)).exp() for unit in key_units)]
    return tuple(nodes), tuple(weights_at_zero(nodes))


def ball_of(gamma: Any) -> arb:
    """The score scale as a ball of the working precision."""
    return gamma if isinstance(gamma, arb) else ball(gamma)


def forward(instance: OrthogonalVectors, options: Mapping[str, Any]) -> Mapped:
    """The D calls for this instance (none where D = 0), with their plan as context.

    >>> instance = OrthogonalVectors.from_bits([[1, 1]], [[0, 1], [0, 0]])
    >>> options = {"scale": "d", "logit_ratio": Fraction(2), "row_weights": True}
    >>> (call,) = forward(instance, options).targets
    >>> call.queries.tolist(), call.keys.tolist(), call.values.tolist()
    ([[1, 1]], [[0, -1], [0, 0], [0, 0]], [[0], [0], [1]])
    """
    plan = plan_of(instance, options)
    left, right, dim = instance.left.rows, instance.right.rows, instance.left.dim
    read = dim * (left + right) if options["row_weights"] else 0
    if plan is None:
        note = "No pair can have a positive inner product, so every pair is orthogonal and no call is needed."
        return Mapped((), Context(instance, None), read, (note,))
    queries = instance.left_bits.astype(np.int64)
    keys = np.vstack([-instance.right_bits.astype(np.int64), np.zeros((1, dim), dtype=np.int64)])
    values = np.zeros((right + 1, 1), dtype=np.int64)
    values[right] = 1
    written = queries.size + keys.size + values.size + dim * (left + right)
    extrapolation = (plan.degree + 1) * (plan.degree + 3)  # products of the weights, nodes and units
    notes = (
        f"{plan.degree} calls with {right} data keys and one zero key; logit bound {plan.logit_ratio} ln {right + 1}.",
        f"The weights of the calls sum to {plan.noise_weight.str(6, radius=False)} in absolute value; each output is "
        f"needed within {ball(plan.delta).str(4, radius=False)}.",
    )
    return Mapped(Calls(plan, queries, keys, values), Context(instance, plan), read + written + extrapolation, notes)
