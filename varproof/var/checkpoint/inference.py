"""The configuration of a reference model from the names and shapes of its state.

What no shape shows is the user's to say: heads without cosine attention, sides without the buffer `lvl_1L`, the ratio
of phi. Norm epsilons are the reference's 1e-6, groups of the decoder its 32.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError, shorten
from varproof.growth.schedules import Schedule
from varproof.var.models.config import DecoderConfig, ReferenceConfig
from varproof.var.models.reference_weights import named_schedule
from varproof.var.models.weights import listed

Arrays = Mapping[str, NDArray[Any]]
TRANSFORMER = {"var.class_emb.weight": 2, "var.head.weight": 2, "var.word_embed.weight": 2, "var.pos_1LC": 3}
FIRST = "var.blocks.0."
LEVELS = "var.lvl_1L"
CONV_OUT, FINEST = "vae.decoder.conv_out.weight", "vae.decoder.up.0.block.0.conv1.weight"


def inferred(
    arrays: Arrays,
    *,
    schedule: Schedule | None = None,
    sides: tuple[int, ...] | None = None,
    heads: int | None = None,
    phi_ratio: float = 0.5,
) -> ReferenceConfig:
    """The configuration; `schedule` and `heads` as the user gives them, `sides` as the training's settings say.

    Raises `InputError` for a part that is missing, for what cannot be inferred and is not given, and for
    contradictions between what is given and what the arrays show. Shapes are not compared in full: `checked` does that.
    """
    need(arrays, TRANSFORMER, "transformer")
    need(arrays, {f"{FIRST}attn.mat_qkv.weight": 2, f"{FIRST}ffn.fc1.weight": 2}, "transformer")
    need(arrays, {"vae.quantize.embedding.weight": 2, CONV_OUT: 4, FINEST: 4}, "VQ-VAE")
    rows, width = arrays["var.class_emb.weight"].shape
    cosine = f"{FIRST}attn.scale_mul_1H11" in arrays
    return ReferenceConfig(
        schedule=_schedule(arrays, schedule, sides),
        depth=_count(arrays, r"var\.blocks\.(\d{1,4})\."),
        width=width,
        heads=_heads(arrays, heads) if cosine else _given_heads(heads, width),
        hidden=arrays[f"{FIRST}ffn.fc1.weight"].shape[0],
        cosine=cosine,
        shared_modulation="var.shared_ada_lin.1.weight" in arrays,
        code_dim=arrays["var.word_embed.weight"].shape[1],
        vocabulary=arrays["var.head.weight"].shape[0],
        classes=rows - 1,
        phis=_phis(arrays),
        phi_ratio=phi_ratio,
        decoder=_decoder(arrays),
    )


def need(arrays: Arrays, names: Mapping[str, int], part: str) -> None:
    """`InputError` unless the names are there with that many axes."""
    missing = [name for name in names if name not in arrays]
    if missing:
        hint = "give the file of the VQ-VAE with --vae" if part == "VQ-VAE" else "is this a VAR checkpoint?"
        raise InputError(f"the {part} is missing or incomplete", got=f"no {listed(missing)}", hint=hint)
    for name, axes in names.items():
        if arrays[name].ndim != axes or 0 in arrays[name].shape:
            raise InputError(f"{name} has another shape", got=arrays[name].shape, allowed=f"{axes} axes, none empty")


def _schedule(arrays: Arrays, given: Schedule | None, sides: tuple[int, ...] | None) -> Schedule:
    stored = level_sides(arrays[LEVELS]) if LEVELS in arrays else sides
    if stored is None and given is None:
        raise InputError(
            "the checkpoint does not say the sides of its scales",
            got="no lvl_1L",
            allowed="--schedule",
            hint="the public models of 256 pixels have --schedule 256",
        )
    if stored is not None and given is not None and stored != given.sides:
        raise InputError("the schedule contradicts the checkpoint", got=shorten(given.sides), allowed=shorten(stored))
    found = named_schedule(stored) if stored is not None else given
    assert found is not None
    tokens = arrays["var.pos_1LC"].shape[1]
    if found.tokens != tokens:
        raise InputError(
            "the schedule has another number of tokens than the checkpoint",
            got=f"{shorten(found.tokens)} tokens of sides {shorten(found.sides)}",
            allowed=f"{tokens}",
        )
    return found


def level_sides(levels: NDArray[Any]) -> tuple[int, ...]:
    """The sides that a buffer of levels (1, L) stands for: level k appears p_k^2 times, in order.

    >>> level_sides(np.array([[0, 1, 1, 1, 1]]))
    (1, 2)
    """
    flat = levels.reshape(-1)
    if flat.dtype.kind not in "iu" or not flat.size or flat[0] != 0 or not np.isin(np.diff(flat), (0, 1)).all():
        raise InputError("lvl_1L is no list of levels", got=f"{levels.dtype} {levels.shape}", allowed="0, 1, 1, 1, ...")
    counts = np.bincount(flat).tolist()
    sides = tuple(math.isqrt(count) for count in counts)
    if any(side * side != count for side, count in zip(sides, counts, strict=True)):
        raise InputError("lvl_1L has a level that is no square", got=shorten(counts), allowed="p^2 tokens a level")
    return sides


def _heads(arrays: Arrays, given: int | None) -> int:
    name = f"{FIRST}attn.scale_mul_1H11"
    need(arrays, {name: 4}, "transformer")
    heads = int(arrays[name].shape[1])
    if given not in (None, heads):
        raise InputError("the heads contradict the checkpoint", got=given, allowed=f"{heads}, the scales of {name}")
    return heads


def _given_heads(heads: int | None, width: int) -> int:
    if heads is None:
        raise InputError(
            "without cosine attention a checkpoint does not say its heads",
            got="no scale_mul_1H11",
            allowed="--heads",
            hint=f"one head for every 64 of {width} channels would be --heads {max(width // 64, 1)}",
        )
    return heads


def _count(arrays: Arrays, pattern: str) -> int:
    """One more than the largest number that the names have at the group; gaps show as missing names later."""
    found = [int(match[1]) for name in arrays if (match := re.match(pattern, name, re.ASCII))]
    return max(found, default=-1) + 1


def _phis(arrays: Arrays) -> int:
    if "vae.quantize.quant_resi.qresi.weight" in arrays:
        return 1
    return _count(arrays, r"vae\.quantize\.quant_resi\.qresi_ls\.(\d{1,4})\.")


def _decoder(arrays: Arrays) -> DecoderConfig:
    levels = _count(arrays, r"vae\.decoder\.up\.(\d{1,2})\.")
    names = {f"vae.decoder.up.{level}.block.0.conv1.weight": 4 for level in range(levels)}
    need(arrays, names, "VQ-VAE")
    channels = [int(arrays[name].shape[0]) for name in names]
    base = math.gcd(*channels)
    return DecoderConfig(
        base=base,
        multipliers=tuple(count // base for count in channels),
        blocks=_count(arrays, r"vae\.decoder\.up\.0\.block\.(\d{1,4})\.") - 1,
        image_channels=int(arrays[CONV_OUT].shape[0]),
        attention="vae.decoder.mid.attn_1.qkv.weight" in arrays,
    )
