"""Buffers of a checkpoint: constants that the code fills itself, checked to say what the converted model does.

Keys have no bias, a token has the level of its scale, and it sees its own and the earlier scales. A checkpoint whose
buffers say otherwise is of another model.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.var.checkpoint.inference import LEVELS, Arrays
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.reference import levels

MASK = "var.attn_bias_for_masking"
KEY_BIAS = re.compile(r"var\.blocks\.\d{1,4}\.attn\.zero_k_bias", re.ASCII)


def is_buffer(name: str) -> bool:
    """Whether the array is one that `check_buffers` looks at.

    >>> is_buffer("var.blocks.0.attn.zero_k_bias"), is_buffer("var.head.bias")
    (True, False)
    """
    return name in (LEVELS, MASK) or KEY_BIAS.fullmatch(name) is not None


def check_buffers(arrays: Arrays, config: ReferenceConfig) -> dict[str, str]:
    """What was checked, by name. Raises `InputError` for a buffer that contradicts the model."""
    found = {}
    for name, array in arrays.items():
        if not is_buffer(name):
            continue
        if name == LEVELS:
            _same(name, array, levels(config)[None], "the scale of every token")
            found[name] = "is the scale of every token"
        elif name == MASK:
            _check_mask(array, levels(config))
            found[name] = "hides later scales and nothing else"
        else:
            _same(name, array, np.zeros(config.width), "zero: keys have no bias")
            found[name] = "is zero: keys have no bias"
    return found


def _same(name: str, array: NDArray[Any], wanted: NDArray[Any], meaning: str) -> None:
    if array.shape != wanted.shape or not np.array_equal(array, wanted):
        raise InputError(
            f"{name} is not what this model has", got=f"shape {array.shape}", allowed=f"{wanted.shape}, {meaning}"
        )


def _check_mask(mask: NDArray[Any], scale: NDArray[np.int64]) -> None:
    """Row by row: the mask of 1024 pixels has 89 million entries."""
    tokens = len(scale)
    if mask.shape != (1, 1, tokens, tokens):
        raise InputError(f"{MASK} has another shape", got=mask.shape, allowed=f"(1, 1, {tokens}, {tokens})")
    for token in range(tokens):
        if not np.array_equal(mask[0, 0, token], np.where(scale <= scale[token], 0.0, -np.inf)):
            raise InputError(
                f"{MASK} is not block-causal",
                got=f"row {token}",
                allowed="0 where the key's scale is at most the query's, -inf elsewhere",
            )
