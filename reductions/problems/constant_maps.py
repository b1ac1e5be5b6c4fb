"""VAR from a start map of one cell and no position inputs is easy: every map is constant, one vector a scale is enough.

If X_1, ..., X_{k-1} are constant in space, so are their up-interpolations (weights sum to 1), and all tokens of scale k
have equal inputs, see the same tokens, and get equal outputs. A layer then has K different tokens with multiplicities
N_k = p_k^2: O(K^2 d + K d^2) operations instead of O(n^4 d), at any precision. Proof and scope:
docs/explanation/attention-to-var.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import arb, ctx
from numpy.typing import NDArray

from varproof.base.balls import ball
from varproof.base.errors import InputError
from varproof.growth.scales import parse_scale
from varproof.var.models.config import FormalConfig
from varproof.var.models.weights import Weights

Vector = list[arb]


def constant_outputs(weights: Weights, config: FormalConfig, start: NDArray[Any], bits: int = 128) -> list[Vector]:
    """The one vector (C,) of each of X_1, ..., X_K, enclosed: what `formal.generate` computes token by token.

    `start` has shape (1, 1, C); floats mean exactly themselves. Every cell of X_k equals the k-th vector. Raises
    `InputError` where maps need not be constant: a first side above 1, or a position table.

    >>> import numpy as np
    >>> from varproof.growth.schedules import parse_schedule
    >>> from varproof.var.models.formal import formal_random
    >>> config = FormalConfig(parse_schedule("1,2,4"), width=2, hidden=2)
    >>> vectors = constant_outputs(formal_random(config, 0), config, np.ones((1, 1, 2)))
    >>> len(vectors), len(vectors[0]), bool(vectors[0][0].rad() < 1e-20)
    (3, 2, True)
    """
    if config.schedule.sides[0] != 1 or start.shape != (1, 1, config.width):
        raise InputError(
            "maps are constant only from a start map of one cell",
            got=f"side {config.schedule.sides[0]}, shape {start.shape}",
            allowed=f"side 1, shape (1, 1, {config.width})",
        )
    if config.positions:
        raise InputError("a position table makes tokens of one scale different", allowed="positions = False")
    with ctx.workprec(max(ctx.prec, bits)):
        matrices = {name: _balls(array) for name, array in weights.items() if name.startswith("layer.")}
        gamma = ball(parse_scale(config.scale).gamma(config.head_dim))
        kept: list[list[tuple[Vector, Vector]]] = [[] for _ in range(config.depth)]
        outputs: list[Vector] = []
        x = [ball(Fraction(float(entry))) for entry in start[0, 0]]
        for k in range(config.schedule.number_of_scales):
            for i in range(config.depth):
                part = {name: matrices[f"layer.{i}.{name}.weight"] for name in ("query", "key", "value", "output")}
                kept[i].append((_product(part["key"], x), _product(part["value"], x)))
                y = _attention(_product(part["query"], x), kept[i], config, gamma)
                x = _added(x, _product(part["output"], y), config)
                x = _added(x, _feed_forward(matrices, i, x, config), config)
            outputs.append(x)
            assert len(kept[0]) == k + 1
    return outputs


def _attention(query: Vector, kept: Sequence[tuple[Vector, Vector]], config: FormalConfig, gamma: arb) -> Vector:
    """By heads; the key of scale j counts N_j times."""
    result: Vector = []
    for head in range(config.heads):
        part = slice(head * config.head_dim, (head + 1) * config.head_dim)
        masses = [
            count * (gamma * _inner(query[part], key[part])).exp()
            for count, (key, _) in zip(config.schedule.tokens_per_scale, kept, strict=False)
        ]
        total = sum(masses, arb(0))
        columns = zip(*(value[part] for _, value in kept), strict=True)
        result += [_inner(masses, list(column)) / total for column in columns]
    return result


def _feed_forward(matrices: dict[str, Any], i: int, x: Vector, config: FormalConfig) -> Vector:
    hidden = _product(matrices[f"layer.{i}.first.weight"], x)
    active = [_active(h + b, config.activation) for h, b in zip(hidden, matrices[f"layer.{i}.first.bias"], strict=True)]
    second = _product(matrices[f"layer.{i}.second.weight"], active)
    return [y + b for y, b in zip(second, matrices[f"layer.{i}.second.bias"], strict=True)]


def _active(x: arb, name: str) -> arb:
    if name == "relu":
        return x.max(arb(0))
    if name == "silu":
        return x / (1 + (-x).exp())
    return x * (1 + ((2 / arb.pi()).sqrt() * (x + ball(Fraction("0.044715")) * x**3)).tanh()) / 2


def _added(x: Vector, y: Vector, config: FormalConfig) -> Vector:
    return [a + b for a, b in zip(x, y, strict=True)] if config.residual else y


def _product(matrix: list[Vector], x: Vector) -> Vector:
    return [_inner(row, x) for row in matrix]


def _inner(left: Vector, right: Vector) -> arb:
    return sum((a * b for a, b in zip(left, right, strict=True)), arb(0))


def _balls(array: NDArray[Any]) -> Any:
    if array.ndim == 1:
        return [ball(Fraction(float(entry))) for entry in array]
    return [[ball(Fraction(float(entry))) for entry in row] for row in array]
