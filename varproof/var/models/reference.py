"""The VAR model that people run, as passes over an arithmetic: teacher-forced, cached, and from ids to the image.

Block-causal: a token sees all tokens of its own and the earlier scales. A pass may go over all scales at once with
levels, or by steps with a cache of keys and values; both compute the same real numbers. Sampling is apart, in
`varproof.var.models.sampling`. Source: arXiv:2404.02905.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.var.arithmetic.protocol import Arithmetic
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.decoder import decode
from varproof.var.models.reference_block import Cache, Condition, block, condition, linear, modulated
from varproof.var.models.reference_shapes import DECODER, reference_random, reference_shapes
from varproof.var.models.reference_tokens import add_scale, checked_ids, feature_map, first_tokens, map_tokens
from varproof.var.models.weights import Weights

__all__ = [
    "CachedTransformer",
    "clamped",
    "decode_feature",
    "decode_tokens",
    "feature_map",
    "random_ids",
    "reference_random",
    "reference_shapes",
    "teacher_forced",
    "teacher_forced_cached",
    "whole",
    "whole_cached",
]

T = TypeVar("T")


def teacher_forced(
    ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, label: int, token_ids: Sequence[Any]
) -> T:
    """Logits (L, vocabulary) of all scales in one block-causal pass.

    `label` 0 to classes - 1, or `config.classes` for no class; `token_ids` integer arrays (p_k, p_k) of the scales
    1..K-1 (the K-th may be there, it is not read). Raises `InputError` for others. Cost: depth times (L^2 C of
    attention, L C (8 C + 4 hidden) of the linear layers) flops to leading order.

    >>> from varproof.growth.schedules import Schedule
    >>> from varproof.var.arithmetic.plain import Plain, numpy_like
    >>> config = ReferenceConfig(Schedule((1, 2)), depth=1, width=8, heads=2, hidden=8, vocabulary=5, decoder=None)
    >>> weights = reference_random(config, 0)
    >>> teacher_forced(Plain(numpy_like()), weights, config, 7, [np.array([[3]])]).shape
    (5, 5)
    """
    return _one_pass(ops, weights, config, label, checked_ids(config, token_ids))[0]


def whole(
    ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, label: int, token_ids: Sequence[Any]
) -> tuple[T, T]:
    """The logits of `teacher_forced` and the image of `decode_tokens`, the feature map reconstructed once."""
    ids = checked_ids(config, token_ids, complete=True)
    logits, feature = _one_pass(ops, weights, config, label, ids)
    feature = add_scale(ops, weights, config, feature, ids[-1], len(ids) - 1)
    return logits, decode_feature(ops, weights, config, feature)


def _one_pass(
    ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, label: int, token_ids: Sequence[Any]
) -> tuple[T, T | None]:
    """The logits, and the feature map of all scales but the last (None where there is one scale)."""
    inputs = [first_tokens(ops, weights, config, checked_label(config, label))]
    feature: T | None = None
    for scale, ids in enumerate(token_ids[: config.schedule.number_of_scales - 1]):
        feature = add_scale(ops, weights, config, feature, ids, scale)
        inputs.append(map_tokens(ops, weights, config, feature, scale + 1))
    made = condition(ops, weights, config, label)
    x = ops.join(inputs)
    for index in range(config.depth):
        x = block(ops, weights, config, x, index=index, condition=made, levels=levels(config))
    return _head(ops, weights, config, x, made), feature


def teacher_forced_cached(
    ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, label: int, token_ids: Sequence[Any]
) -> T:
    """The same logits scale by scale, with a cache."""
    transformer = CachedTransformer(ops, weights, config, label)
    logits = [transformer.start()]
    feature: T | None = None
    for scale, ids in enumerate(checked_ids(config, token_ids)[: config.schedule.number_of_scales - 1]):
        feature = add_scale(ops, weights, config, feature, ids, scale)
        logits.append(transformer.advance(feature))
    return ops.join(logits)


def whole_cached(
    ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, label: int, token_ids: Sequence[Any]
) -> tuple[T, T | None]:
    """The same as `whole` scale by scale, with a cache, as images are generated; no image without decoder."""
    ids = checked_ids(config, token_ids, complete=True)
    transformer = CachedTransformer(ops, weights, config, label)
    logits = [transformer.start()]
    feature = add_scale(ops, weights, config, None, ids[0], 0)
    for scale, each in enumerate(ids[1:], start=1):
        logits.append(transformer.advance(feature))
        feature = add_scale(ops, weights, config, feature, each, scale)
    image = None if config.decoder is None else decode_feature(ops, weights, config, feature)
    return ops.join(logits), image


@dataclass
class CachedTransformer(Generic[T]):
    """The transformer at work: `start` gives the logits of scale 1, every `advance` those of the next one."""

    ops: Arithmetic[T]
    weights: Weights
    config: ReferenceConfig
    label: int
    scale: int = 0
    cache: Cache[T] = field(default_factory=Cache)

    def __post_init__(self) -> None:
        checked_label(self.config, self.label)
        self.condition = condition(self.ops, self.weights, self.config, self.label)

    def start(self) -> T:
        """Logits (p_1^2, vocabulary)."""
        return self._logits(first_tokens(self.ops, self.weights, self.config, self.label))

    def advance(self, feature: T) -> T:
        """Logits (p_k^2, vocabulary) of the next scale, from the feature map (n, n, code_dim) of the scales before."""
        self.scale += 1
        return self._logits(map_tokens(self.ops, self.weights, self.config, feature, self.scale))

    def _logits(self, x: T) -> T:
        for index in range(self.config.depth):
            x = block(
                self.ops,
                self.weights,
                self.config,
                x,
                index=index,
                condition=self.condition,
                cache=self.cache,
                name=f"side {self.config.schedule.sides[self.scale]} ",
            )
        return _head(self.ops, self.weights, self.config, x, self.condition)


def _head(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, x: T, made: Condition[T]) -> T:
    with ops.phase("transformer/modulation"):
        both = ops.reshape(linear(ops, weights, "var.head_nm.ada_lin.1", made.activated), (2, config.width))
    normal = modulated(ops, x, ops.rows(both, 0, 1), ops.rows(both, 1, 2), config.norm_eps)
    with ops.phase("transformer/head"):
        return ops.step(linear(ops, weights, "var.head", normal), "logits")


def decode_tokens(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, token_ids: Sequence[Any]) -> T:
    """The image (H, W, 3) of the ids of all K scales, before the clamp to [-1, 1] (see `clamped`)."""
    return decode_feature(ops, weights, config, feature_map(ops, weights, config, token_ids))


def decode_feature(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, feature: T) -> T:
    """The image of a feature map (n, n, code_dim), before the clamp. `InputError` for a model without decoder."""
    if config.decoder is None:
        raise InputError("this model has no decoder", got="decoder None", allowed="a configuration with a decoder")
    with ops.phase("decoder/convolution"):
        name = "vae.post_quant_conv"
        latent = ops.step(ops.convolve(feature, weights[f"{name}.weight"], weights[f"{name}.bias"]), name)
    return decode(ops, weights, config.decoder, latent, DECODER)


def clamped(image: NDArray[Any]) -> NDArray[Any]:
    """The image in [-1, 1], as NumPy array. Clamping is 1-Lipschitz: an entrywise error bound stays one.

    >>> clamped(np.array([-3.0, 0.25, 1.5])).tolist()
    [-1.0, 0.25, 1.0]
    """
    found: NDArray[Any] = np.clip(np.asarray(image), -1.0, 1.0)
    return found


def random_ids(config: ReferenceConfig, seed: int) -> list[NDArray[np.int64]]:
    """Token ids of all K scales drawn from a seed, each of shape (p_k, p_k).

    >>> from varproof.growth.schedules import Schedule
    >>> [ids.shape for ids in random_ids(ReferenceConfig(Schedule((1, 2))), 0)]
    [(1, 1), (2, 2)]
    """
    rng = np.random.default_rng((seed, 1))
    return [rng.integers(0, config.vocabulary, (side, side)) for side in config.schedule.sides]


def levels(config: ReferenceConfig) -> NDArray[np.int64]:
    """The scale of each of the L tokens.

    >>> from varproof.growth.schedules import Schedule
    >>> levels(ReferenceConfig(Schedule((1, 2)))).tolist()
    [0, 1, 1, 1, 1]
    """
    return np.repeat(np.arange(config.schedule.number_of_scales), config.schedule.tokens_per_scale)


def checked_label(config: ReferenceConfig, label: int) -> int:
    """The label; `InputError` unless it is an integer from 0 to classes (which means no class)."""
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)) or not 0 <= label <= config.classes:
        raise InputError(
            "there is no such class", got=label, allowed=f"0 to {config.classes - 1}, or {config.classes} for none"
        )
    return int(label)
