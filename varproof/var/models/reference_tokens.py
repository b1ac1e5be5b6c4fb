"""What the reference transformer reads: for scale 1 the class, for scale k the image so far, averaged to p_k x p_k.

The image so far is the feature map f = sum_j phi_j(Up(codes of the ids of scale j)) at n x n. Source: arXiv:2404.02905.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.var.arithmetic.protocol import Arithmetic
from varproof.var.interpolation.operators import area
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.reconstruction import accumulate
from varproof.var.models.reference_block import linear
from varproof.var.models.reference_shapes import phi_of_scale
from varproof.var.models.weights import Weights

T = TypeVar("T")

KERNEL = "bicubic"
Ids = NDArray[np.integer[Any]]


def first_tokens(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, label: int) -> T:
    """The input of scale 1 (p_1^2, C): class embedding, start, level and position, added."""
    with ops.phase("transformer/embedding"):
        row = ops.known(weights["var.class_emb.weight"][label : label + 1])
        started = ops.add(row, ops.known(weights["var.pos_start"][0]))
        return ops.step(ops.add(started, _places(ops, weights, config, 0)), f"side {config.schedule.sides[0]} input")


def map_tokens(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, feature: T, scale: int) -> T:
    """The input of a later scale (p_k^2, C) from the feature map of the scales before it."""
    side, last = config.schedule.sides[scale], config.schedule.side
    if side != last:
        with ops.phase("reconstruction/down-sampling"):
            feature = ops.resample(feature, area(last, side))
    with ops.phase("transformer/embedding"):
        words = linear(ops, weights, "var.word_embed", ops.reshape(feature, (side * side, config.code_dim)))
        return ops.step(ops.add(words, _places(ops, weights, config, scale)), f"side {side} input")


def _places(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, scale: int) -> T:
    """Level plus position of the tokens of a scale."""
    stop = config.schedule.cumulative_tokens[scale]
    start = stop - config.schedule.tokens_per_scale[scale]
    level = ops.known(weights["var.lvl_embed.weight"][scale : scale + 1])
    return ops.add(level, ops.known(weights["var.pos_1LC"][0, start:stop]))


def add_scale(
    ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, feature: T | None, ids: Ids, scale: int
) -> T:
    """The feature map (n, n, code_dim) with the codes of one more scale; None before the first."""
    codes = ops.known(weights["vae.quantize.embedding.weight"][ids])
    side = config.schedule.side
    total = accumulate(ops, feature, codes, side, KERNEL, _phi(ops, weights, config, scale))
    with ops.phase("reconstruction"):
        return ops.step(total, f"reconstruction up to side {config.schedule.sides[scale]}")


def _phi(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, scale: int) -> Callable[[T], T]:
    """x -> (1 - r) x + r conv(x)."""
    name, ratio = phi_of_scale(config, scale), config.phi_ratio

    def phi(x: T) -> T:
        made = ops.convolve(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
        return ops.add(ops.scaled(x, 1 - ratio), ops.scaled(made, ratio))

    return phi


def feature_map(ops: Arithmetic[T], weights: Weights, config: ReferenceConfig, token_ids: Sequence[Any]) -> T:
    """The feature map of the ids of all K scales."""
    feature: T | None = None
    for scale, ids in enumerate(checked_ids(config, token_ids, complete=True)):
        feature = add_scale(ops, weights, config, feature, ids, scale)
    assert feature is not None  # a schedule has at least one scale
    return feature


def checked_ids(config: ReferenceConfig, token_ids: Sequence[Any], *, complete: bool = False) -> list[Ids]:
    """The ids as integer arrays (p_k, p_k) of the scales 1..K-1, the K-th kept when given (`complete`: needed).

    `InputError` for another number of scales, another shape, no integers, and ids outside the vocabulary.

    >>> from varproof.growth.schedules import Schedule
    >>> config = ReferenceConfig(Schedule((1, 2)), vocabulary=5)
    >>> checked_ids(config, [[[4]]])[0].shape
    (1, 1)
    """
    sides = config.schedule.sides
    allowed = (len(sides),) if complete else (len(sides) - 1, len(sides))
    if len(token_ids) not in allowed:
        raise InputError(
            "ids for another number of scales",
            got=len(token_ids),
            allowed=" or ".join(f"{count}" for count in allowed) + f" arrays for the sides {list(sides)}",
        )
    arrays = []
    for scale, (side, given) in enumerate(zip(sides, token_ids, strict=False)):
        ids = np.asarray(given)
        if ids.shape != (side, side) or ids.dtype.kind not in "iu":
            raise InputError(
                f"the ids of scale {scale + 1} do not fit",
                got=f"shape {ids.shape}, dtype {ids.dtype}",
                allowed=f"integers of shape ({side}, {side})",
            )
        if ids.min() < 0 or ids.max() >= config.vocabulary:
            raise InputError(
                f"an id of scale {scale + 1} is no code",
                got=f"{ids.min()} to {ids.max()}",
                allowed=f"0 to {config.vocabulary - 1}",
            )
        arrays.append(ids)
    return arrays
