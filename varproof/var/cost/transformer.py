"""Closed forms of the transformer's phases, formal and reference; names of phases as in the executed passes."""

from __future__ import annotations

from varproof.var.arithmetic.flops import ACTIVATION_FLOPS, unit_rows_flops
from varproof.var.cost.forms import Form, layer_norm, linear, softmax_attention
from varproof.var.interpolation.operators import up_products
from varproof.var.models.config import FormalConfig, ReferenceConfig

ATTENTION = "transformer/attention"


def formal_transformer(config: FormalConfig) -> dict[str, Form]:
    """Interpolation of the inputs, four projections, attention and FFN of every layer.

    >>> from varproof.growth.schedules import Schedule
    >>> formal_transformer(FormalConfig(Schedule((1, 2)), width=4, hidden=8, residual=False))[ATTENTION].terms
    {'pairs': 19, 'tokens': 4}
    """
    depth, width, hidden = config.depth, config.width, config.hidden
    residual = Form.of(tokens=width if config.residual else 0)
    feed_forward = linear(width, hidden) + linear(hidden, width)
    feed_forward = feed_forward + Form.of(tokens=ACTIVATION_FLOPS[config.activation] * hidden)
    return {
        "transformer/interpolation": Form.of(
            chain=2 * up_products(config.kernel) * width, tokens=width if config.positions else 0
        ),
        "transformer/projections": (linear(width, width) * 4 + residual) * depth,
        ATTENTION: softmax_attention(config.heads, config.head_dim, "pairs", "tokens") * depth,
        "transformer/ffn": (feed_forward + residual) * depth,
    }


def reference_transformer(config: ReferenceConfig) -> dict[str, Form]:
    """Embedding, modulation (AdaLN with its gates), projections, attention with its unit vectors, FFN and head.

    The class embedding passes through silu once; its projections are made anew in every step.
    """
    depth, width, hidden = config.depth, config.width, config.hidden
    words = linear(config.code_dim, width) + linear(config.code_dim, width, "first") * -1  # scale 1 has no map
    embedding = words + Form.of(tokens=2 * width, first=width)
    per_block, once = linear(width, 6 * width, "steps"), Form.of()
    if config.shared_modulation:
        per_block, once = Form.of(steps=6 * width), linear(width, 6 * width, "one")
    once = once + Form.of(one=ACTIVATION_FLOPS["silu"] * width)
    modulated = layer_norm(width) + Form.of(tokens=2 * width, steps=width)
    gates = Form.of(tokens=4 * width)
    modulation = (per_block + modulated * 2 + gates) * depth + modulated + linear(width, 2 * width, "steps") + once
    attention = softmax_attention(config.heads, config.head_dim, "pairs", "tokens")
    if config.cosine:
        units = 2 * config.heads * unit_rows_flops(1, config.head_dim)
        attention = attention + Form.of(tokens=units + width)  # queries are multiplied by their head's scale
    feed_forward = linear(width, hidden) + linear(hidden, width)
    return {
        "transformer/embedding": embedding,
        "transformer/modulation": modulation,
        "transformer/projections": linear(width, 4 * width) * depth,
        ATTENTION: attention * depth,
        "transformer/ffn": (feed_forward + Form.of(tokens=ACTIVATION_FLOPS["gelu"] * hidden)) * depth,
        "transformer/head": linear(width, config.vocabulary),
    }
