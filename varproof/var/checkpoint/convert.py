"""Converting a checkpoint: every array of it is used, checked, or left out for a reason, and nothing is guessed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError, printable
from varproof.growth.schedules import Schedule
from varproof.var.checkpoint.buffers import check_buffers, is_buffer
from varproof.var.checkpoint.inference import inferred
from varproof.var.checkpoint.safetensors import read_safetensors
from varproof.var.checkpoint.state import State, flat_state
from varproof.var.checkpoint.torch_file import read_torch_file
from varproof.var.models.config import ReferenceConfig
from varproof.var.models.reference_shapes import reference_shapes
from varproof.var.models.weights import Weights, checked, listed

TORCH_SUFFIXES = (".pth", ".pt", ".ckpt", ".bin")
SAFETENSORS = ".safetensors"
NOT_GENERATING = {
    "vae.encoder.": "encodes images, generation does not",
    "vae.quant_conv.": "encodes images, generation does not",
    "vae.quantize.ema_vocab_hit_SV": "a statistic of the training",
}


@dataclass(frozen=True)
class Converted:
    """The model, and what became of every array: `used` names, `checked` and `left_out` names with what was found."""

    config: ReferenceConfig
    weights: Weights
    used: tuple[str, ...]
    checked: dict[str, str]
    left_out: dict[str, str]

    @property
    def parameters(self) -> int:
        """Numbers in the weights."""
        return sum(int(array.size) for array in self.weights.values())


def convert(
    checkpoint: Path,
    *,
    vae: Path | None = None,
    schedule: Schedule | None = None,
    heads: int | None = None,
    phi_ratio: float = 0.5,
) -> Converted:
    """Read a checkpoint of the public implementation: the transformer, and the VQ-VAE in it or in the file `vae`.

    `schedule` and `heads` are needed where the files do not show them, and refused where they contradict them.
    `phi_ratio` r of phi(x) = (1 - r) x + r conv(x) is in no file. Raises `InputError` for files that cannot be read,
    parts that are missing, names that are not known, shapes that do not fit, buffers of another model, NaN; and
    `MissingExtraError` for a .pth file without torch.
    """
    if not 0 < phi_ratio <= 1:
        raise InputError("the ratio of phi is out of range", got=phi_ratio, allowed="above 0, at most 1")
    state = read_state(checkpoint)
    if vae is not None:
        _join(state, read_state(vae), vae)
    config = inferred(state.arrays, schedule=schedule, sides=state.sides, heads=heads, phi_ratio=phi_ratio)
    shapes = reference_shapes(config)
    left_out, rest = dict(state.left_out), {}
    for name, array in state.arrays.items():
        why = next((reason for start, reason in NOT_GENERATING.items() if name.startswith(start)), None)
        if why is not None:
            left_out[name] = why
        elif not is_buffer(name):
            rest[name] = array
    unknown = [name for name in rest if name not in shapes]
    if unknown:
        raise InputError(
            "the checkpoint has arrays that the model has not",
            got=f"{len(unknown)} unknown, the model read as {_outline(config)}",
            allowed="the names of the public implementation",
            hint=f"unknown: {listed(unknown)}",
        )
    weights = checked(rest, shapes)
    return Converted(config, weights, tuple(weights), check_buffers(state.arrays, config), left_out)


def read_state(path: Path) -> State:
    """The flat state of a file, its kind by its ending."""
    suffix = path.suffix.lower()
    if suffix == SAFETENSORS:
        return flat_state(read_safetensors(path))
    if suffix in TORCH_SUFFIXES:
        return flat_state(read_torch_file(path))
    raise InputError(
        "unknown kind of checkpoint", got=printable(path), allowed=", ".join((*TORCH_SUFFIXES, SAFETENSORS))
    )


def _join(state: State, other: State, path: Path) -> None:
    """The VQ-VAE of a second file."""
    foreign = [name for name in other.arrays if not name.startswith("vae.")]
    if foreign:
        raise InputError("the file of the VQ-VAE holds more", got=listed(foreign), hint="--vae is for the VQ-VAE alone")
    double = [name for name in other.arrays if name in state.arrays]
    if double:
        raise InputError(
            "the VQ-VAE is in both files",
            got=listed(double),
            allowed="one VQ-VAE",
            hint=f"leave --vae {printable(path)} out",
        )
    state.arrays |= other.arrays
    state.left_out |= other.left_out


def _outline(config: ReferenceConfig) -> str:
    return f"depth {config.depth}, width {config.width}, {config.heads} heads, {config.phis} phis"


def example_state(seed: int = 0) -> dict[str, NDArray[Any]]:
    """A small random checkpoint under the public names, both parts in one, to try the converter with.

    >>> sorted(example_state())[0]
    'attn_bias_for_masking'
    """
    from varproof.var.models.config import DecoderConfig
    from varproof.var.models.reference import levels, reference_random

    config = ReferenceConfig(
        Schedule((1, 2, 3, 4)),
        depth=2,
        width=32,
        heads=2,
        hidden=128,
        code_dim=8,
        vocabulary=32,
        classes=10,
        decoder=DecoderConfig(base=32, multipliers=(1, 1), blocks=0),
    )
    weights = reference_random(config, seed, "float32")
    state: dict[str, NDArray[Any]] = {name[4:]: array for name, array in weights.items()}
    scale = levels(config)
    mask = np.where(scale[:, None] >= scale[None], 0.0, -np.inf).astype(np.float32)
    state |= {"lvl_1L": scale[None], "attn_bias_for_masking": mask[None, None]}
    for index in range(config.depth):
        state[f"blocks.{index}.attn.zero_k_bias"] = np.zeros(config.width, dtype=np.float32)
    state["quant_conv.bias"] = np.zeros(config.code_dim, dtype=np.float32)
    return state
