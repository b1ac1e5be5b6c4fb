"""Configurations of the formal and of the reference model: shapes and switches, no weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from varproof.base.errors import InputError
from varproof.growth.schedules import Schedule
from varproof.var.arithmetic.protocol import Activation
from varproof.var.interpolation.operators import kernel_named

MAX_DEPTH = 1024
MAX_WIDTH = 2**20


@dataclass(frozen=True)
class DecoderConfig:
    """A VQ-VAE decoder: convolutions, ResNet blocks, attention at n x n, up-sampling by 2 between levels.

    Level i (0 the finest) has `base * multipliers[i]` channels and `blocks + 1` ResNet blocks; the coarsest level and
    the middle have attention (one head as wide as its channels) when `attention`. `groups` of the normalisation, 0 for
    none (formal). `upsampling` names a kernel. The reference: base 160, multipliers (1, 1, 2, 2, 4), blocks 2.
    """

    base: int = 160
    multipliers: tuple[int, ...] = (1, 1, 2, 2, 4)
    blocks: int = 2
    image_channels: int = 3
    groups: int = 32
    activation: Activation = "silu"
    upsampling: str = "nearest"
    attention: bool = True
    norm_eps: float = 1e-6

    def __post_init__(self) -> None:
        positive(base=self.base, image_channels=self.image_channels)
        for name, value, most in (("blocks", self.blocks, MAX_DEPTH), ("groups", self.groups, MAX_WIDTH)):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                raise InputError(f"{name} of the decoder is out of range", got=value, allowed=f"0 to {most}")
        kernel_named(self.upsampling)
        if not 0 < self.norm_eps <= 1:
            raise InputError("norm_eps is out of range", got=self.norm_eps, allowed="above 0, at most 1")
        if not self.multipliers or len(self.multipliers) > 12:
            raise InputError("the decoder needs levels", got=self.multipliers, allowed="1 to 12 multipliers")
        for multiplier in self.multipliers:
            positive(multiplier=multiplier)
            if self.groups and (self.base * multiplier) % self.groups:
                raise InputError(
                    "the groups do not divide the channels of the decoder",
                    got=f"{self.base} x {multiplier} channels, {self.groups} groups",
                    allowed="base times every multiplier a multiple of the groups, or groups = 0 for no normalisation",
                )

    @property
    def enlargement(self) -> int:
        """Side of the image over n."""
        return int(2 ** (len(self.multipliers) - 1))

    @property
    def top_channels(self) -> int:
        """Channels of the coarsest level, the width of the decoder's attention."""
        return self.base * self.multipliers[-1]


@dataclass(frozen=True)
class FormalConfig:
    """The formal model: every map is an up-interpolated earlier one; attention over all tokens so far, then FFN.

    `width` C channels of tokens and maps, `heads` of C / heads dimensions, `hidden` of the FFN, score `scale` "d",
    "sqrt" or "one", interpolation `kernel`, `residual` around both layers, `positions`: a position table is added.
    `decoder` None leaves the third phase out. Source: arXiv:2501.04377.
    """

    schedule: Schedule
    depth: int = 1
    width: int = 16
    heads: int = 1
    hidden: int = 64
    scale: Literal["d", "sqrt", "one"] = "d"
    activation: Activation = "relu"
    kernel: str = "bicubic"
    residual: bool = True
    positions: bool = False
    decoder: DecoderConfig | None = None

    def __post_init__(self) -> None:
        check_transformer(self.depth, self.width, self.heads, self.hidden)
        kernel_named(self.kernel)

    @property
    def head_dim(self) -> int:
        """d."""
        return self.width // self.heads


@dataclass(frozen=True)
class ReferenceConfig:
    """The model that people run: block-causal with a cache, cosine attention, AdaLN, every map once to n x n.

    `cosine` False: scores of scale 1/(4 sqrt(d)). `shared_modulation`: one AdaLN projection for all layers.
    `code_dim` channels of the token maps, `vocabulary` codes, `classes` (one more row for no class), `phis` 3x3
    convolutions shared over the scales (0: one for each; 1: one for all), each phi(x) = (1-r) x + r conv(x) with
    r = `phi_ratio`. Source: arXiv:2404.02905.
    """

    schedule: Schedule
    depth: int = 16
    width: int = 1024
    heads: int = 16
    hidden: int = 4096
    cosine: bool = True
    shared_modulation: bool = False
    code_dim: int = 32
    vocabulary: int = 4096
    classes: int = 1000
    norm_eps: float = 1e-6
    phis: int = 4
    phi_ratio: float = 0.5
    decoder: DecoderConfig | None = field(default_factory=DecoderConfig)

    def __post_init__(self) -> None:
        check_transformer(self.depth, self.width, self.heads, self.hidden)
        positive(code_dim=self.code_dim, vocabulary=self.vocabulary, classes=self.classes)
        if isinstance(self.phis, bool) or not isinstance(self.phis, int) or not 0 <= self.phis <= MAX_DEPTH:
            raise InputError("phis is out of range", got=self.phis, allowed=f"0 (one for each scale) to {MAX_DEPTH}")
        if not 0 <= self.phi_ratio <= 1:
            raise InputError("phi_ratio is out of range", got=self.phi_ratio, allowed="0 to 1")
        if not 0 < self.norm_eps <= 1:
            raise InputError("norm_eps is out of range", got=self.norm_eps, allowed="above 0, at most 1")

    @property
    def head_dim(self) -> int:
        """d."""
        return self.width // self.heads


Config = FormalConfig | ReferenceConfig


def check_transformer(depth: int, width: int, heads: int, hidden: int) -> None:
    """`InputError` unless all are positive, within caps, and the heads divide the width."""
    positive(depth=depth, width=width, heads=heads, hidden=hidden)
    if depth > MAX_DEPTH:
        raise InputError("depth is out of range", got=depth, allowed=f"1 to {MAX_DEPTH}")
    if width % heads:
        raise InputError(
            "the heads do not divide the width", got=f"width {width}, heads {heads}", allowed="width a multiple"
        )


def positive(**sizes: int) -> None:
    """`InputError` unless each is an integer from 1 to 2^20."""
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_WIDTH:
            raise InputError(f"{name} is out of range", got=value, allowed=f"an integer from 1 to {MAX_WIDTH}")
