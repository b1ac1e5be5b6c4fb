"""The formal VAR model: the pyramid of up-interpolated maps, attention over all tokens so far, FFN, reconstruction.

Step 1 takes the start map Z_1; step k+1 takes Z_{k+1} = Up(X_k), the up-interpolated output of step k. Each step runs
`depth` layers: attention of the step's tokens over the tokens of all steps so far, then a two-layer FFN. In `generate`
the X_k are the model's own outputs (chained); in `teacher_forced` they are given, which makes one block-causal pass.

Weights, by name (C = width, F = hidden, L = tokens of all scales, layers i and scales k from 0):
`layer.{i}.query.weight`, `.key.weight`, `.value.weight`, `.output.weight` (C, C); `layer.{i}.first.weight` (F, C),
`.first.bias` (F,); `layer.{i}.second.weight` (C, F), `.second.bias` (C,); `positions` (L, C) where the model has them;
`reconstruction.{k}.weight` (C, C, 3, 3), `.bias` (C,); `decoder.*` as in `decoder.py`. Source: arXiv:2501.04377.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.var.arithmetic.protocol import Arithmetic
from varproof.var.interpolation.operators import up
from varproof.var.models.config import FormalConfig
from varproof.var.models.decoder import decode, decoder_shapes
from varproof.var.models.reconstruction import formal_reconstruction
from varproof.var.models.weights import Weights

T = TypeVar("T")


def formal_shapes(config: FormalConfig) -> dict[str, tuple[int, ...]]:
    """Every weight of the model and its shape, in order.

    >>> from varproof.growth.schedules import parse_schedule
    >>> list(formal_shapes(FormalConfig(parse_schedule("1,2"), width=4)))[:2]
    ['layer.0.query.weight', 'layer.0.key.weight']
    """
    width, hidden = config.width, config.hidden
    shapes: dict[str, tuple[int, ...]] = {}
    for i in range(config.depth):
        for part in ("query", "key", "value", "output"):
            shapes[f"layer.{i}.{part}.weight"] = (width, width)
        shapes[f"layer.{i}.first.weight"] = (hidden, width)
        shapes[f"layer.{i}.first.bias"] = (hidden,)
        shapes[f"layer.{i}.second.weight"] = (width, hidden)
        shapes[f"layer.{i}.second.bias"] = (width,)
    if config.positions:
        shapes["positions"] = (config.schedule.tokens, width)
    for k in range(config.schedule.number_of_scales):
        shapes[f"reconstruction.{k}.weight"] = (width, width, 3, 3)
        shapes[f"reconstruction.{k}.bias"] = (width,)
    return shapes if config.decoder is None else shapes | decoder_shapes(config.decoder, width)


def formal_random(config: FormalConfig, seed: int, dtype: str = "float64") -> Weights:
    """Weights drawn from a seed: transformer uniform in [-1/sqrt(C), 1/sqrt(C)], convolutions by their fan-in.

    Norm weights are 1 with biases 0; positions are uniform in [-1, 1]. The same seed gives the same weights.
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in formal_shapes(config).items():
        if "norm" in name:
            weights[name] = np.full(shape, float(name.endswith("weight"))).astype(dtype)
            continue
        limit = 1.0 if name == "positions" else 1 / math.sqrt(config.width)
        if name.startswith(("reconstruction", "decoder")) and len(shape) > 1:
            limit = 1 / math.sqrt(math.prod(shape[1:]))
        weights[name] = rng.uniform(-limit, limit, shape).astype(dtype)
    return weights


def random_maps(config: FormalConfig, seed: int, dtype: str = "float64") -> list[NDArray[Any]]:
    """The inputs of `teacher_forced` drawn from a seed, entries uniform in [-1, 1]: the start map and X_1..X_{K-1}."""
    rng = np.random.default_rng((seed, 1))
    return [rng.uniform(-1, 1, (side, side, config.width)).astype(dtype) for side in map_sides(config)]


def map_sides(config: FormalConfig) -> tuple[int, ...]:
    """Sides of the given maps: p_1 for the start, then p_1, ..., p_{K-1}."""
    sides = config.schedule.sides
    return (sides[0], *sides[:-1])


def generate(ops: Arithmetic[T], weights: Weights, config: FormalConfig, start: T) -> list[T]:
    """X_1..X_K, each of shape (p_k, p_k, C), every step fed by the one before; keys and values are kept."""
    return _by_steps(ops, weights, config, [start], chained=True)


def teacher_forced_cached(ops: Arithmetic[T], weights: Weights, config: FormalConfig, maps: Sequence[T]) -> list[T]:
    """The same as `teacher_forced`, step by step with keys and values kept."""
    return _by_steps(ops, weights, config, maps, chained=False)


def teacher_forced(ops: Arithmetic[T], weights: Weights, config: FormalConfig, maps: Sequence[T]) -> list[T]:
    """X_1..X_K from given maps (`map_sides`) in one pass: a token sees the tokens of its own and of earlier scales."""
    check_maps(ops, config, maps, len(config.schedule.sides))
    schedule = config.schedule
    x = ops.join([_tokens(ops, weights, config, maps[k], k) for k in range(schedule.number_of_scales)])
    levels = np.repeat(np.arange(schedule.number_of_scales), schedule.tokens_per_scale)
    for i in range(config.depth):
        q, k, v = _projected(ops, weights, config, x, i)
        x = _rest_of_layer(ops, weights, config, x, (q, k, v), i, levels=levels, name=f"layer {i}")
    outputs, start = [], 0
    for side, stop in zip(schedule.sides, schedule.cumulative_tokens, strict=True):
        outputs.append(ops.reshape(ops.rows(x, start, stop), (side, side, config.width)))
        start = stop
    return outputs


def _by_steps(
    ops: Arithmetic[T], weights: Weights, config: FormalConfig, maps: Sequence[T], *, chained: bool
) -> list[T]:
    scales = config.schedule.number_of_scales
    check_maps(ops, config, maps, 1 if chained else scales)
    cache: list[tuple[T, T] | None] = [None] * config.depth
    outputs: list[T] = []
    for k in range(scales):
        source = outputs[-1] if chained and k else maps[k]
        x = _tokens(ops, weights, config, source, k)
        for i in range(config.depth):
            q, key, value = _projected(ops, weights, config, x, i)
            kept = cache[i]
            if kept is not None:
                key, value = ops.join([kept[0], key], axis=1), ops.join([kept[1], value], axis=1)
            cache[i] = (key, value)
            x = _rest_of_layer(
                ops,
                weights,
                config,
                x,
                (q, key, value),
                i,
                levels=None,
                name=f"side {config.schedule.sides[k]} layer {i}",
            )
        side = config.schedule.sides[k]
        outputs.append(ops.reshape(x, (side, side, config.width)))
    return outputs


def _tokens(ops: Arithmetic[T], weights: Weights, config: FormalConfig, source: T, k: int) -> T:
    """The token rows of step k + 1: the start map, or the up-interpolated map of the step before."""
    sides = config.schedule.sides
    with ops.phase("transformer"), ops.phase("interpolation"):
        if k:
            source = ops.step(
                ops.resample(source, up(config.kernel, sides[k - 1], sides[k])), f"side {sides[k]} interpolated"
            )
        rows = ops.reshape(source, (sides[k] ** 2, config.width))
        if config.positions:
            stop = config.schedule.cumulative_tokens[k]
            rows = ops.add(rows, ops.known(weights["positions"][stop - sides[k] ** 2 : stop]))
        return rows


def _projected(ops: Arithmetic[T], weights: Weights, config: FormalConfig, x: T, i: int) -> tuple[T, T, T]:
    with ops.phase("transformer"), ops.phase("projections"):
        parts = [
            ops.split_heads(ops.linear(x, weights[f"layer.{i}.{part}.weight"]), config.heads)
            for part in ("query", "key", "value")
        ]
    return parts[0], parts[1], parts[2]


def _rest_of_layer(
    ops: Arithmetic[T],
    weights: Weights,
    config: FormalConfig,
    x: T,
    heads: tuple[T, T, T],
    i: int,
    *,
    levels: Any,
    name: str,
) -> T:
    with ops.phase("transformer"):
        with ops.phase("attention"):
            y = ops.step(ops.merge_heads(ops.attention(*heads, scale=config.scale, levels=levels)), f"{name} attention")
        with ops.phase("projections"):
            y = ops.linear(y, weights[f"layer.{i}.output.weight"])
            x = ops.step(ops.add(x, y) if config.residual else y, f"{name} output projection")
        with ops.phase("ffn"):
            first = (weights[f"layer.{i}.first.weight"], weights[f"layer.{i}.first.bias"])
            second = (weights[f"layer.{i}.second.weight"], weights[f"layer.{i}.second.bias"])
            y = ops.feed_forward(x, first, second, config.activation)
            return ops.step(ops.add(x, y) if config.residual else y, f"{name} feed-forward")


def whole(ops: Arithmetic[T], weights: Weights, config: FormalConfig, maps: Sequence[T], *, chained: bool = False) -> T:
    """All phases: transformer (`chained`: from the start map alone), reconstruction, and the decoder if there is one.

    Returns the feature map (n, n, C), or the image of the decoder.
    """
    outputs = generate(ops, weights, config, maps[0]) if chained else teacher_forced(ops, weights, config, maps)
    return finished(ops, weights, config, outputs)


def finished(ops: Arithmetic[T], weights: Weights, config: FormalConfig, outputs: Sequence[T]) -> T:
    """Reconstruction from X_1..X_K, and the decoder if there is one."""
    feature = formal_reconstruction(ops, weights, config, outputs)
    return feature if config.decoder is None else decode(ops, weights, config.decoder, feature)


def check_maps(ops: Arithmetic[T], config: FormalConfig, maps: Sequence[T], count: int) -> None:
    """`InputError` unless there are `count` maps of the sides and channels that the model takes."""
    wanted = [(side, side, config.width) for side in map_sides(config)[:count]]
    got = [tuple(int(size) for size in ops.value(each).shape) for each in maps]
    if got != wanted:
        raise InputError(
            "the token maps do not fit the model",
            got=", ".join(map(str, got)) or "no maps",
            allowed=", ".join(map(str, wanted)) + ": the start map, then X_1..X_{K-1}",
        )
