"""The VQ-VAE decoder: from the feature map (n, n, C) to the image, by ResNet blocks, attention and up-sampling by 2.

Names and layout of the weights are those of the public reference code (FoundationVision/VAR, models/basic_vae.py at
78b9539): convolutions (out, in, height, width) with a bias, normalisations with weight and bias by channel. With
`groups` = 0 there is no normalisation and no weight of one: the formal decoder. Source: arXiv:2404.02905.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from varproof.base.errors import InputError
from varproof.var.arithmetic.protocol import Arithmetic
from varproof.var.interpolation.operators import up
from varproof.var.models.config import DecoderConfig
from varproof.var.models.weights import Weights

T = TypeVar("T")

PREFIX = "decoder."


@dataclass(frozen=True)
class Part:
    """One part of the decoder: its kind, the start of its weights' names, channels in and out."""

    kind: Literal["convolution", "block", "attention", "enlarge", "norm"]
    name: str
    inputs: int
    outputs: int


def decoder_parts(config: DecoderConfig, channels: int) -> Iterator[Part]:
    """The parts in the order in which they run; `channels` of the feature map.

    >>> parts = list(decoder_parts(DecoderConfig(base=4, multipliers=(1, 2), blocks=0, groups=0), 3))
    >>> [part.name for part in parts][-5:]
    ['up.1.attn.0', 'up.1.upsample', 'up.0.block.0', 'norm_out', 'conv_out']
    """
    width = config.top_channels
    yield Part("convolution", "conv_in", channels, width)
    yield Part("block", "mid.block_1", width, width)
    if config.attention:
        yield Part("attention", "mid.attn_1", width, width)
    yield Part("block", "mid.block_2", width, width)
    top = len(config.multipliers) - 1
    for level in range(top, -1, -1):
        outputs = config.base * config.multipliers[level]
        for k in range(config.blocks + 1):
            yield Part("block", f"up.{level}.block.{k}", width, outputs)
            width = outputs
            if config.attention and level == top:
                yield Part("attention", f"up.{level}.attn.{k}", width, width)
        if level:
            yield Part("enlarge", f"up.{level}.upsample", width, width)
    yield Part("norm", "norm_out", width, width)
    yield Part("convolution", "conv_out", width, config.image_channels)


def decoder_shapes(config: DecoderConfig, channels: int, prefix: str = PREFIX) -> dict[str, tuple[int, ...]]:
    """Every weight of the decoder and its shape, in the order of use.

    >>> from math import prod
    >>> sum(prod(shape) for shape in decoder_shapes(DecoderConfig(), 32).values())
    64653923
    """
    shapes: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, inputs: int, outputs: int, taps: int) -> None:
        shapes[f"{prefix}{name}.weight"] = (outputs, inputs, taps, taps)
        shapes[f"{prefix}{name}.bias"] = (outputs,)

    def norm(name: str, width: int) -> None:
        if config.groups:
            shapes[f"{prefix}{name}.weight"] = shapes[f"{prefix}{name}.bias"] = (width,)

    for part in decoder_parts(config, channels):
        name, inputs, outputs = part.name, part.inputs, part.outputs
        if part.kind == "convolution":
            convolution(name, inputs, outputs, 3)
        elif part.kind == "norm":
            norm(name, outputs)
        elif part.kind == "enlarge":
            convolution(f"{name}.conv", inputs, outputs, 3)
        elif part.kind == "attention":
            norm(f"{name}.norm", inputs)
            convolution(f"{name}.qkv", inputs, 3 * inputs, 1)
            convolution(f"{name}.proj_out", inputs, inputs, 1)
        else:
            norm(f"{name}.norm1", inputs)
            convolution(f"{name}.conv1", inputs, outputs, 3)
            norm(f"{name}.norm2", outputs)
            convolution(f"{name}.conv2", outputs, outputs, 3)
            if inputs != outputs:
                convolution(f"{name}.nin_shortcut", inputs, outputs, 1)
    return shapes


def decode(ops: Arithmetic[T], weights: Weights, config: DecoderConfig, feature: T, prefix: str = PREFIX) -> T:
    """(n, n, C) to (n s, n s, image channels), s = `config.enlargement`; values are not clamped.

    Attention has one head as wide as its channels and scores q . k / sqrt(channels). The weights are those of
    `decoder_shapes`, checked by `weights.checked`. Raises `InputError` for a feature map that is not square or has
    other channels than the first convolution takes. Source: arXiv:2404.02905.
    """
    shape = tuple(int(size) for size in ops.value(feature).shape)
    channels = int(weights[f"{prefix}conv_in.weight"].shape[1])
    if len(shape) != 3 or shape[0] != shape[1] or shape[2] != channels or not shape[0]:
        raise InputError("the feature map does not fit the decoder", got=shape, allowed=f"(n, n, {channels}), n >= 1")
    run = _Decoder(ops, weights, config, prefix)
    with ops.phase("decoder"):
        for part in decoder_parts(config, channels):
            feature = ops.step(getattr(run, part.kind)(part, feature), f"{prefix}{part.name}")
    return feature


@dataclass(frozen=True)
class _Decoder(Generic[T]):
    """The kinds of parts, each a method."""

    ops: Arithmetic[T]
    weights: Weights
    config: DecoderConfig
    prefix: str

    def convolution(self, part: Part, x: T) -> T:
        return self._convolved(part.name, x)

    def norm(self, part: Part, x: T) -> T:
        return self._normal(part.name, x, active=True)

    def enlarge(self, part: Part, x: T) -> T:
        side = int(self.ops.value(x).shape[0])
        with self.ops.phase("interpolation"):
            x = self.ops.resample(x, up(self.config.upsampling, side, 2 * side))
        return self._convolved(f"{part.name}.conv", x)

    def block(self, part: Part, x: T) -> T:
        y = self._normal(f"{part.name}.norm1", x, active=True)
        y = self._convolved(f"{part.name}.conv1", y)
        y = self._normal(f"{part.name}.norm2", y, active=True)
        y = self._convolved(f"{part.name}.conv2", y)
        with self.ops.phase("convolution"):
            if part.inputs != part.outputs:
                x = self.ops.linear(x, *self._pointwise(f"{part.name}.nin_shortcut"))
            return self.ops.add(x, y)

    def attention(self, part: Part, x: T) -> T:
        ops, width = self.ops, part.inputs
        side = int(ops.value(x).shape[0])
        y = self._normal(f"{part.name}.norm", x, active=False)
        with ops.phase("projections"):
            y = ops.linear(ops.reshape(y, (1, side * side, width)), *self._pointwise(f"{part.name}.qkv"))
            q, k, v = (ops.rows(y, i * width, (i + 1) * width, axis=2) for i in range(3))
        with ops.phase("attention"):
            y = ops.attention(q, k, v, scale="sqrt")
        with ops.phase("projections"):
            y = ops.linear(ops.reshape(y, (side, side, width)), *self._pointwise(f"{part.name}.proj_out"))
            return ops.add(x, y)

    def _convolved(self, name: str, x: T) -> T:
        with self.ops.phase("convolution"):
            return self.ops.convolve(x, *self._pair(name))

    def _normal(self, name: str, x: T, *, active: bool) -> T:
        with self.ops.phase("normalisation"):
            if self.config.groups:
                x = self.ops.group_norm(x, self.config.groups, self.config.norm_eps, *self._pair(name))
            return self.ops.activation(x, self.config.activation) if active else x

    def _pair(self, name: str) -> tuple[Any, Any]:
        return self.weights[f"{self.prefix}{name}.weight"], self.weights[f"{self.prefix}{name}.bias"]

    def _pointwise(self, name: str) -> tuple[Any, Any]:
        weight, bias = self._pair(name)
        return weight[:, :, 0, 0], bias  # a convolution of one tap
