"""From what a file holds to one flat state: names "var." and "vae.", wrappers of the training code taken off.

The training code nests {"trainer": {"var_wo_ddp": ..., "vae_local": ..., "var_opt": ..., "config": ...}, "args": ...};
released files are the state dict of one part; wrapped models have "module." or "_orig_mod." in their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError, shorten
from varproof.var.models.weights import listed

WRAPPERS = {"trainer", "var_wo_ddp", "vae_local", "var", "vae", "model", "state_dict"}
ANYWHERE = {"module", "_orig_mod"}  # of data-parallel and of compiled modules
VAE_ROOTS = {"encoder", "decoder", "quantize", "quant_conv", "post_quant_conv"}
TRAINING = {
    "var_opt": "state of the optimiser",
    "config": "settings of the training",
    "args": "arguments of the training",
    "epoch": "counter of the training",
    "iter": "counter of the training",
}


@dataclass
class State:
    """`arrays` by their names, `left_out` names with reasons, `sides` where the training's settings say them."""

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    sides: tuple[int, ...] | None = None


def flat_state(loaded: Mapping[str, Any]) -> State:
    """The state of one file. Raises `InputError` for leaves that are no arrays, and for a name that comes twice.

    >>> zero = np.zeros(1)
    >>> list(flat_state({"trainer": {"var_wo_ddp": {"module.head.bias": zero}}, "epoch": 3}).arrays)
    ['var.head.bias']
    """
    state = State()
    unknown: list[str] = []
    _collect(loaded, (), state, unknown)
    if unknown:
        raise InputError(
            "the checkpoint holds things that are no arrays",
            got=listed(unknown),
            allowed="arrays, and of the training code " + ", ".join(TRAINING),
        )
    return state


def _collect(table: Mapping[str, Any], path: tuple[str, ...], state: State, unknown: list[str]) -> None:
    for key, value in table.items():
        if not isinstance(key, str):
            unknown.append(shorten(key))
            continue
        if key in TRAINING:
            state.left_out[".".join((*path, key))] = TRAINING[key]
            if key == "config" and isinstance(value, Mapping):
                state.sides = _sides(value.get("patch_nums"))
            continue
        if isinstance(value, Mapping):
            _collect(value, (*path, key), state, unknown)
        elif not isinstance(value, np.ndarray):
            unknown.append(shorten(".".join((*path, key))))
        else:
            name = own_name(".".join((*path, key)))
            if name in state.arrays:
                raise InputError(
                    "two arrays of the checkpoint have one name",
                    got=shorten(name),
                    allowed="one transformer and one VQ-VAE",
                )
            state.arrays[name] = value


def own_name(name: str) -> str:
    """The name with "var." or "vae." in front, without wrappers.

    >>> own_name("trainer.vae_local._orig_mod.quantize.embedding.weight"), own_name("blocks.0.ada_gss")
    ('vae.quantize.embedding.weight', 'var.blocks.0.ada_gss')
    """
    words = [word for word in name.split(".") if word not in ANYWHERE]
    while len(words) > 1 and words[0] in WRAPPERS:
        words.pop(0)
    return ".".join(["vae" if words and words[0] in VAE_ROOTS else "var", *words])


def _sides(given: Any) -> tuple[int, ...] | None:
    if isinstance(given, (list, tuple)) and given and all(type(side) is int for side in given):
        return tuple(given)
    return None
