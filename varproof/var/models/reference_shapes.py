"""Names and shapes of the reference model's weights, and random weights that exercise every part.

Names are those of the public implementation, with "var." before the transformer's and "vae." before the VQ-VAE's. Only
what generation uses is listed: no encoder, no buffers. Source: arXiv:2404.02905.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from varproof.var.models.config import ReferenceConfig
from varproof.var.models.decoder import decoder_shapes
from varproof.var.models.reconstruction import phi_index

DECODER = "vae.decoder."
INITIAL_SCALE = math.log(4.0)


def reference_shapes(config: ReferenceConfig) -> dict[str, tuple[int, ...]]:
    """Every weight of the model: name to shape, in the order of a pass.

    >>> from varproof.growth.schedules import Schedule
    >>> small = ReferenceConfig(Schedule((1, 2)), depth=1, width=8, heads=2, hidden=32, vocabulary=5, decoder=None)
    >>> reference_shapes(small)["var.blocks.0.attn.mat_qkv.weight"]
    (24, 8)
    """
    sides, width = config.schedule.sides, config.width
    shapes: dict[str, tuple[int, ...]] = {
        "var.class_emb.weight": (config.classes + 1, width),
        "var.pos_start": (1, sides[0] ** 2, width),
        "var.pos_1LC": (1, config.schedule.tokens, width),
        "var.lvl_embed.weight": (len(sides), width),
        **_linear("var.word_embed", config.code_dim, width),
    }
    if config.shared_modulation:
        shapes |= _linear("var.shared_ada_lin.1", width, 6 * width)
    for index in range(config.depth):
        shapes |= _block_shapes(config, f"var.blocks.{index}.")
    shapes |= _linear("var.head_nm.ada_lin.1", width, 2 * width)
    shapes |= _linear("var.head", width, config.vocabulary)
    shapes["vae.quantize.embedding.weight"] = (config.vocabulary, config.code_dim)
    for name in dict.fromkeys(phi_name(config, scale) for scale in range(config.phis or len(sides))):
        shapes |= _convolution(name, config.code_dim)
    if config.decoder is not None:
        shapes |= _convolution("vae.post_quant_conv", config.code_dim)
        shapes |= decoder_shapes(config.decoder, config.code_dim, DECODER)
    return shapes


def _block_shapes(config: ReferenceConfig, prefix: str) -> dict[str, tuple[int, ...]]:
    width = config.width
    shapes: dict[str, tuple[int, ...]] = {}
    if config.shared_modulation:
        shapes[f"{prefix}ada_gss"] = (1, 1, 6, width)
    else:
        shapes |= _linear(f"{prefix}ada_lin.1", width, 6 * width)
    if config.cosine:
        shapes[f"{prefix}attn.scale_mul_1H11"] = (1, config.heads, 1, 1)
    shapes |= {
        f"{prefix}attn.mat_qkv.weight": (3 * width, width),
        f"{prefix}attn.q_bias": (width,),
        f"{prefix}attn.v_bias": (width,),
        **_linear(f"{prefix}attn.proj", width, width),
        **_linear(f"{prefix}ffn.fc1", width, config.hidden),
        **_linear(f"{prefix}ffn.fc2", config.hidden, width),
    }
    return shapes


def phi_name(config: ReferenceConfig, index: int) -> str:
    """The name of the convolution number `index` among those after the interpolation."""
    if config.phis == 1:
        return "vae.quantize.quant_resi.qresi"
    return f"vae.quantize.quant_resi.{'qresi_ls.' if config.phis else ''}{index}"


def phi_of_scale(config: ReferenceConfig, scale: int) -> str:
    """The name of the convolution that serves a scale, counted from 0.

    >>> from varproof.growth.schedules import parse_schedule
    >>> config = ReferenceConfig(parse_schedule("256"))
    >>> [phi_of_scale(config, scale)[-1] for scale in range(10)]
    ['0', '0', '1', '1', '1', '2', '2', '3', '3', '3']
    """
    return phi_name(config, phi_index(scale, config.schedule.number_of_scales, config.phis))


def reference_random(config: ReferenceConfig, seed: int, dtype: str = "float32") -> dict[str, NDArray[np.floating]]:
    """Random weights: gates open, so that every block matters; attention scales e^theta = 4 as before training.

    >>> from varproof.growth.schedules import Schedule
    >>> small = ReferenceConfig(Schedule((1, 2)), depth=1, width=8, heads=2, hidden=32, vocabulary=5, decoder=None)
    >>> reference_random(small, 0)["var.head.weight"].shape
    (5, 8)
    """
    rng = np.random.default_rng(seed)
    return {
        name: _sample(name, rng.standard_normal(shape), config).astype(dtype)
        for name, shape in reference_shapes(config).items()
    }


def _sample(name: str, noise: NDArray[np.float64], config: ReferenceConfig) -> NDArray[np.float64]:
    """Noise at the scale of a weight of this name."""
    if name.endswith("scale_mul_1H11"):
        return np.full(noise.shape, INITIAL_SCALE)
    if ".norm" in name and name.endswith("weight"):
        return 1 + 0.1 * noise
    if name == "vae.quantize.embedding.weight" or name.endswith("class_emb.weight"):
        return noise
    if name.endswith(("_start", "_1LC", "lvl_embed.weight", "ada_gss")):
        return 0.5 * noise
    if noise.ndim == 1:
        return 0.1 * noise
    return noise / math.sqrt(math.prod(noise.shape[1:]))


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _convolution(name: str, channels: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (channels, channels, 3, 3), f"{name}.bias": (channels,)}
