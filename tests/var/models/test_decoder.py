"""The decoder against torch.nn.functional, its names and shapes, and how it refuses what does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.base.tolerances import rounding_bound
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.models.config import DecoderConfig
from varproof.var.models.decoder import decode, decoder_parts, decoder_shapes
from varproof.var.models.weights import checked

NEEDED = "needs the extra [torch]"
SMALL = DecoderConfig(base=8, multipliers=(1, 2, 2), blocks=1, groups=4, norm_eps=0.1)
CONFIGS = {
    "three levels": (SMALL, 3, 5),
    "one level, no blocks between": (DecoderConfig(base=6, multipliers=(2,), blocks=0, groups=3), 4, 2),
    "levels of falling width, bicubic": (
        replace(SMALL, base=4, multipliers=(3, 1), upsampling="bicubic", activation="gelu", image_channels=1),
        5,
        3,
    ),
    "no attention": (replace(SMALL, attention=False), 2, 4),
    "one pixel": (replace(SMALL, blocks=0), 1, 1),
    "as the reference, narrow": (DecoderConfig(base=32), 2, 8),
    "formal": (replace(SMALL, groups=0, activation="relu", norm_eps=1e-6), 3, 4),
    "formal without attention": (replace(SMALL, groups=0, attention=False, upsampling="bilinear"), 3, 4),
}
PHASES = {f"decoder/{name}" for name in ("convolution", "normalisation", "projections", "attention", "interpolation")}


def random_weights(config: DecoderConfig, channels: int, prefix: str = "decoder.") -> dict[str, Any]:
    """Convolutions by fan-in, so that sizes stay near 1; norms near weight 1 and bias 0."""
    rng = np.random.default_rng(len(config.multipliers) + channels)
    weights = {}
    for name, shape in decoder_shapes(config, channels, prefix).items():
        limit = math.sqrt(3 / math.prod(shape[1:])) if len(shape) > 1 else 0.3
        weights[name] = rng.uniform(-limit, limit, shape) + float("norm" in name and name.endswith("weight"))
    return weights


def by_torch(config: DecoderConfig, weights: Mapping[str, Any], feature: Any, attention_scale: float = 0.5) -> Any:
    """The decoder over (1, channels, rows, columns); which parts there are is read off the names of the weights."""
    torch = pytest.importorskip("torch", reason=NEEDED)
    functional = torch.nn.functional
    w = {name.removeprefix("decoder."): torch.asarray(array) for name, array in weights.items()}
    active = {"silu": functional.silu, "relu": functional.relu}.get(
        config.activation, lambda x: functional.gelu(x, approximate="tanh")
    )

    def conv(name: str, x: Any) -> Any:
        kernel = w[name + ".weight"]
        return functional.conv2d(x, kernel, w[name + ".bias"], padding=kernel.shape[-1] // 2)

    def norm(name: str, x: Any) -> Any:
        if config.groups == 0:
            return x
        return functional.group_norm(x, config.groups, w[name + ".weight"], w[name + ".bias"], config.norm_eps)

    def residual(name: str, x: Any) -> Any:
        y = conv(name + ".conv1", active(norm(name + ".norm1", x)))
        y = conv(name + ".conv2", active(norm(name + ".norm2", y)))
        return y + (conv(name + ".nin_shortcut", x) if name + ".nin_shortcut.bias" in w else x)

    def attention(name: str, x: Any) -> Any:
        if name + ".qkv.weight" not in w:
            return x
        _, width, rows, columns = x.shape
        flat = conv(name + ".qkv", norm(name + ".norm", x)).reshape(3, width, rows * columns).transpose(1, 2)
        found = torch.softmax(flat[0] @ flat[1].T / width**attention_scale, dim=-1) @ flat[2]
        return x + conv(name + ".proj_out", found.T.reshape(1, width, rows, columns))

    x = conv("conv_in", torch.asarray(feature).permute(2, 0, 1)[None])
    x = residual("mid.block_2", attention("mid.attn_1", residual("mid.block_1", x)))
    for level in reversed(range(len(config.multipliers))):
        for k in range(config.blocks + 1):
            x = attention(f"up.{level}.attn.{k}", residual(f"up.{level}.block.{k}", x))
        if level > 0:
            options = {} if config.upsampling == "nearest" else {"align_corners": False}
            x = functional.interpolate(x, scale_factor=2, mode=config.upsampling, **options)
            x = conv(f"up.{level}.upsample.conv", x)
    return conv("conv_out", active(norm("norm_out", x)))[0].permute(1, 2, 0).numpy()


def tolerance(config: DecoderConfig, channels: int, reached: float, dtype: str) -> float:
    """Every inner product on the way is rounded once a term and every other step about 16 times, none amplified.

    A model of what rounding does here, not a bound: the norms keep sizes near 1. Falsified decoders miss it by far.
    """
    shapes = decoder_shapes(config, channels).values()
    steps = sum(16 + math.prod(shape[1:]) for shape in shapes if len(shape) > 1)
    return 2 * rounding_bound(steps, max(1.0, reached), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", list(CONFIGS))
def test_it_is_that_of_torch_functions(name: str, library: str, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason=NEEDED)
    config, side, channels = CONFIGS[name]
    weights = random_weights(config, channels)
    feature = np.random.default_rng(7).uniform(-1, 1, (side, side, channels))
    theirs = by_torch(config, weights, feature)
    ops = Plain(numpy_like(dtype) if library == "numpy" else torch.empty(0, dtype=getattr(torch, dtype)))
    image = decode(ops, weights, config, ops.known(feature))
    assert isinstance(image, np.ndarray if library == "numpy" else torch.Tensor)
    assert str(image.dtype).removeprefix("torch.") == dtype
    assert image.shape == (side * config.enlargement, side * config.enlargement, config.image_channels)
    reached = float(np.abs(theirs).max())
    assert np.abs(np.asarray(image) - theirs).max() <= tolerance(config, channels, reached, dtype)


FALSIFIED = {
    "eps": replace(SMALL, norm_eps=0.11),
    "groups": replace(SMALL, groups=2),
    "no norm": replace(SMALL, groups=0),
    "activation": replace(SMALL, activation="gelu"),
    "up-sampling": replace(SMALL, upsampling="bilinear"),
}


@pytest.mark.parametrize("changed", list(FALSIFIED))
def test_another_decoder_is_far_away(changed: str) -> None:
    weights = random_weights(SMALL, 5)
    feature = np.random.default_rng(7).uniform(-1, 1, (3, 3, 5))
    theirs = by_torch(SMALL, weights, feature)
    found = decode(Plain(numpy_like()), weights, FALSIFIED[changed], feature)
    assert np.abs(found - theirs).max() > 1e6 * tolerance(SMALL, 5, float(np.abs(theirs).max()), "float64")


def test_another_attention_scale_is_far_away() -> None:
    weights = random_weights(SMALL, 5)
    feature = np.random.default_rng(7).uniform(-1, 1, (3, 3, 5))
    found = decode(Plain(numpy_like()), weights, SMALL, feature)
    theirs = by_torch(SMALL, weights, feature, attention_scale=1.0)  # 1/C instead of 1/sqrt(C)
    assert np.abs(found - theirs).max() > 1e6 * tolerance(SMALL, 5, float(np.abs(theirs).max()), "float64")


@pytest.mark.parametrize("part", ["query", "key", "value"])
def test_every_part_of_the_attention_matters(part: str) -> None:
    weights = random_weights(SMALL, 5)
    feature = np.random.default_rng(7).uniform(-1, 1, (3, 3, 5))
    before = decode(Plain(numpy_like()), weights, SMALL, feature)
    start = 16 * ["query", "key", "value"].index(part)
    changed = weights["decoder.mid.attn_1.qkv.weight"].copy()
    changed[start : start + 16] *= 2
    after = decode(Plain(numpy_like()), weights | {"decoder.mid.attn_1.qkv.weight": changed}, SMALL, feature)
    assert np.abs(after - before).max() > 1e-4


def test_names_of_the_reference() -> None:
    """The 178 arrays of the public decoder (vq-f16: base 160, multipliers 1 1 2 2 4, 32 channels in)."""
    shapes = decoder_shapes(DecoderConfig(), 32)
    assert len(shapes) == 178
    assert shapes["decoder.conv_in.weight"] == (640, 32, 3, 3)
    assert shapes["decoder.mid.attn_1.qkv.weight"] == (1920, 640, 1, 1)
    assert shapes["decoder.up.4.attn.2.proj_out.bias"] == (640,)
    assert shapes["decoder.up.3.block.0.nin_shortcut.weight"] == (320, 640, 1, 1)
    assert shapes["decoder.up.1.upsample.conv.weight"] == (160, 160, 3, 3)
    assert shapes["decoder.up.0.block.2.norm2.weight"] == (160,)
    assert shapes["decoder.conv_out.weight"] == (3, 160, 3, 3)
    absent = ("up.0.upsample", "up.3.attn", "up.4.block.0.nin_shortcut", "up.2.block.0.nin_shortcut", "up.5", "block.3")
    assert not [name for name in shapes if any(part in name for part in absent)]


def test_switches_leave_out_their_weights() -> None:
    assert not [name for name in decoder_shapes(replace(SMALL, groups=0), 3) if "norm" in name]
    assert not [name for name in decoder_shapes(replace(SMALL, attention=False), 3) if "attn" in name]
    prefixed = decoder_shapes(SMALL, 3, prefix="x.")
    assert [name.replace("x.", "decoder.", 1) for name in prefixed] == list(decoder_shapes(SMALL, 3))


def test_another_prefix_runs_the_same() -> None:
    weights = random_weights(SMALL, 5)
    other = {name.replace("decoder.", "vae.decoder."): array for name, array in weights.items()}
    feature = np.random.default_rng(7).uniform(-1, 1, (2, 2, 5))
    first = decode(Plain(numpy_like()), weights, SMALL, feature)
    assert np.array_equal(first, decode(Plain(numpy_like()), other, SMALL, feature, prefix="vae.decoder."))


def test_phases_and_steps() -> None:
    config = replace(SMALL, activation="silu")
    ops = Plain(numpy_like(), recorded=True)
    image = decode(ops, random_weights(config, 5), config, np.zeros((2, 2, 5)))
    assert set(ops.flops) == PHASES  # copies, as of the nearest kernel, count as 0 flops
    assert [name for name, _ in ops.steps] == [f"decoder.{part.name}" for part in decoder_parts(config, 5)]
    assert ops.steps[-1][1] is image


def test_values_are_not_clamped() -> None:
    weights = random_weights(SMALL, 5)
    weights["decoder.conv_out.bias"] = np.full(3, 50.0)
    assert decode(Plain(numpy_like()), weights, SMALL, np.zeros((1, 1, 5))).min() > 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"decoder.conv_in.bias": None}, "missing: decoder.conv_in.bias"),
        ({"decoder.up.2.upsample.conv.weight": None}, "missing: decoder.up.2.upsample.conv.weight"),
        ({"decoder.up.0.upsample.conv.bias": np.zeros(8)}, "not of this model"),
        ({"decoder.mid.attn_1.qkv.weight": np.zeros((48, 16))}, "decoder.mid.attn_1.qkv.weight is (48, 16)"),
        ({"decoder.norm_out.weight": np.full(8, np.nan)}, "8 entries that are NaN"),
        ({"decoder.conv_out.bias": np.zeros(3, dtype=int)}, "dtype int64"),
    ],
)
def test_weights_that_do_not_fit_are_named(change: dict[str, Any], said: str) -> None:
    weights = random_weights(SMALL, 5)
    assert list(checked(weights, decoder_shapes(SMALL, 5))) == list(weights)
    for name, array in change.items():
        weights.pop(name, None)
        if array is not None:
            weights[name] = array
    with pytest.raises(InputError, match="do not fit the model") as caught:
        checked(weights, decoder_shapes(SMALL, 5))
    assert said in caught.value.hint


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 2, 4), (4, 5), (1, 2, 2, 5), (0, 0, 5)])
def test_feature_maps_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="does not fit the decoder"):
        decode(Plain(numpy_like()), random_weights(SMALL, 5), SMALL, np.zeros(shape))


def test_unknown_up_sampling_is_refused() -> None:
    with pytest.raises(InputError, match="no interpolation kernel"):
        replace(SMALL, upsampling="lanczos")
