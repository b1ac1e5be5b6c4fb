"""One block of the reference transformer: attention and FFN, both modulated by the class and gated.

AdaLN: from the class embedding come gates g1, g2, scales s1, s2 and shifts b1, b2, and
x <- x + g1 Attention(LN(x) (1 + s1) + b1), then x <- x + g2 FFN(LN(x) (1 + s2) + b2). Source: arXiv:2404.02905.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from varproof.var.arithmetic.protocol import Arithmetic
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.weights import Weights

T = TypeVar("T")

LARGEST_SCALE = 100.0  # of a head in cosine attention
UNNORMALISED_FACTOR = 0.25  # scores of the variant without normalisation: <q, k>/(4 sqrt(d))


@dataclass(frozen=True)
class Condition(Generic[T]):
    """What all blocks get from the class: silu(embedding), and the shared projection (6, C) where there is one."""

    activated: T
    shared: T | None


@dataclass
class Cache(Generic[T]):
    """Keys and values (heads, tokens, d) of the scales done so far, one pair a block."""

    keys: dict[int, T] = field(default_factory=dict)
    values: dict[int, T] = field(default_factory=dict)

    def extended(self, ops: Arithmetic[T], block: int, keys: T, values: T) -> tuple[T, T]:
        """All keys and values of a block, the new ones last."""
        if block in self.keys:
            keys = ops.join([self.keys[block], keys], axis=1)
            values = ops.join([self.values[block], values], axis=1)
        self.keys[block], self.values[block] = keys, values
        return keys, values


def condition(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, label: int) -> Condition[T]:
    """Of a class; the label `config.classes` is no class."""
    with ops.phase("transformer/modulation"):
        row = weights["var.class_emb.weight"][label : label + 1]
        activated = ops.activation(ops.known(row), "silu")
        if not config.shared_modulation:
            return Condition(activated, None)
        projected = linear(ops, weights, "var.shared_ada_lin.1", activated)
        return Condition(activated, ops.reshape(projected, (6, config.width)))


def block(
    ops: Arithmetic[T],
    weights: Weights,
    config: ReferenceConfig,
    x: T,
    *,
    index: int,
    condition: Condition[T],
    cache: Cache[T] | None = None,
    levels: Any = None,
    name: str = "",
) -> T:
    """x (tokens, C) after block `index`; with a cache the keys of the earlier scales are added to those of x.

    `name` begins the names of the recorded steps.
    """
    prefix, name = f"var.blocks.{index}.", f"{name}block {index}"
    gate1, gate2, scale1, scale2, shift1, shift2 = _modulation(ops, weights, config, prefix, condition)
    normal = modulated(ops, x, scale1, shift1, config.norm_eps)
    mixed = _attention(ops, weights, config, prefix, normal, index=index, cache=cache, levels=levels, name=name)
    x = _gated(ops, x, gate1, mixed)
    with ops.phase("transformer/projections"):
        x = ops.step(x, f"{name} output projection")
    normal = modulated(ops, x, scale2, shift2, config.norm_eps)
    with ops.phase("transformer/ffn"):
        first, second = (
            (weights[f"{prefix}ffn.{layer}.weight"], weights[f"{prefix}ffn.{layer}.bias"]) for layer in ("fc1", "fc2")
        )
        made = ops.feed_forward(normal, first, second, "gelu")
    x = _gated(ops, x, gate2, made)
    with ops.phase("transformer/ffn"):
        return ops.step(x, f"{name} feed-forward")


def _modulation(
    ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, prefix: str, condition: Condition[T]
) -> list[T]:
    """Two gates, two scales, two shifts, each (1, C)."""
    with ops.phase("transformer/modulation"):
        if condition.shared is not None:
            own = weights[f"{prefix}ada_gss"].reshape(6, config.width)
            six = ops.add(condition.shared, ops.known(own))
        else:
            projected = linear(ops, weights, f"{prefix}ada_lin.1", condition.activated)
            six = ops.reshape(projected, (6, config.width))
        return [ops.rows(six, row, row + 1) for row in range(6)]


def modulated(ops: Arithmetic[T], x: T, scale: T, shift: T, eps: float) -> T:
    """LN(x) (1 + scale) + shift."""
    with ops.phase("transformer/modulation"):
        factor = ops.add(scale, ops.known(np.ones((1, 1))))
        return ops.add(ops.multiply(ops.layer_norm(x, eps), factor), shift)


def _gated(ops: Arithmetic[T], x: T, gate: T, change: T) -> T:
    with ops.phase("transformer/modulation"):
        return ops.add(x, ops.multiply(change, gate))


def _attention(
    ops: Arithmetic[T],
    weights: Weights,
    config: ReferenceConfig,
    prefix: str,
    x: T,
    *,
    index: int,
    cache: Cache[T] | None,
    levels: Any,
    name: str,
) -> T:
    width = config.width
    with ops.phase("transformer/projections"):
        query_bias, value_bias = weights[f"{prefix}attn.q_bias"], weights[f"{prefix}attn.v_bias"]
        bias = np.concatenate([query_bias, np.zeros_like(query_bias), value_bias])  # keys have none
        joint = ops.linear(x, weights[f"{prefix}attn.mat_qkv.weight"], bias)
        q, k, v = (
            ops.split_heads(ops.rows(joint, part * width, (part + 1) * width, axis=1), config.heads)
            for part in range(3)
        )
    with ops.phase("transformer/attention"):
        scale: str | float = UNNORMALISED_FACTOR / math.sqrt(config.head_dim)
        if config.cosine:
            scale = "one"
            factors = head_scales(weights[f"{prefix}attn.scale_mul_1H11"])
            q = ops.multiply(ops.unit_rows(q), ops.known(factors.reshape(-1, 1, 1)))
            k = ops.unit_rows(k)
        if cache is not None:
            k, v = cache.extended(ops, index, k, v)
        mixed = ops.step(ops.merge_heads(ops.attention(q, k, v, scale=scale, levels=levels)), f"{name} attention")
    with ops.phase("transformer/projections"):
        return linear(ops, weights, f"{prefix}attn.proj", mixed)


def head_scales(theta: NDArray[Any]) -> NDArray[Any]:
    """exp(min(theta, ln 100)) of every head in float64: this number is the exact weight that a pass works with.

    >>> head_scales(np.array([[[[0.0]], [[9.0]]]])).tolist()
    [1.0, 100.0]
    """
    exact = np.exp(np.asarray(theta, dtype=np.float64).reshape(-1))
    return np.minimum(exact, LARGEST_SCALE)


def linear(ops: Arithmetic[T], weights: Weights, name: str, x: T) -> T:
    """The layer `name` with its bias."""
    return ops.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
