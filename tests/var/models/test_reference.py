"""The reference model computes what the public implementation computed, in float64 and in float32."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.growth.schedules import Schedule
from varproof.var.arithmetic.plain import Plain, numpy_like
from varproof.var.models import reference
from varproof.var.models.config import DecoderConfig, ReferenceConfig
from varproof.var.models.reference_block import head_scales
from varproof.var.models.reference_tokens import map_tokens

VARIANTS = ("usual", "unnormalised", "shared")
ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24}
# Both programs round each of the ~30 operations on the way to a logit once, on values of up to 5 times the result's
# (layer norms, residuals), and inner products of at most n = 256 terms by the usual sqrt(n) u: two programs, 30
# operations, sqrt(256) u, gives 2 * 30 * 16 u relative to the largest entry. torch's bicubic weights, made in the
# dtype of the pass and off by a few u, are covered as one of the operations.
OPERATIONS = 2 * 30 * 16
# The feature map is short: for each of four scales a convolution of 9 * 32 terms, two programs. torch makes its bicubic
# weights in the dtype of the pass: four products a weight, a few u of it, and the weights' absolute sum is at most
# (11/8)^2 < 2, so at most 16 u of the largest code: one scale's share.
FEATURE_OPERATIONS = 2 * 4 * 17
DECODER_DEPTH = 4  # the decoder is four times as long: 17 blocks of two convolutions, 4 attentions, 36 norms


def close(got: Any, wanted: Any, dtype: str, operations: int = OPERATIONS) -> bool:
    """Whether the largest difference is within rounding, relative to the largest entry."""
    difference = np.abs(np.asarray(got, dtype=np.float64) - wanted).max()
    return bool(difference <= operations * ROUNDOFF[dtype] * np.abs(wanted).max())


def arithmetic(library: str, dtype: str) -> Plain:
    if library == "numpy":
        return Plain(numpy_like(dtype))
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    return Plain(torch.empty(0, dtype=getattr(torch, dtype)))


def suffix(dtype: str) -> str:
    return "64" if dtype == "float64" else ""


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("library", "dtype"), [("numpy", "float64"), ("numpy", "float32"), ("torch", "float32")])
def test_logits_of_the_public_code(recording: Any, variant: str, library: str, dtype: str) -> None:
    config, weights = recording.config(variant), recording.weights(variant)
    ops = arithmetic(library, dtype)
    wanted = recording.arrays[f"{variant}.logits{suffix(dtype)}"]
    for run in (reference.teacher_forced, reference.teacher_forced_cached):
        logits = run(ops, weights, config, recording.label, recording.ids)
        assert logits.shape == (30, 64)
        assert str(logits.dtype).removeprefix("torch.") == dtype
        assert close(logits, wanted, dtype)
    other = reference.teacher_forced(ops, weights, config, recording.label + 1, recording.ids)
    assert not close(other, wanted, dtype)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_feature_map_and_inputs_of_the_public_code(recording: Any, variant: str, dtype: str) -> None:
    config, weights = recording.config(variant), recording.weights(variant)
    ops = Plain(numpy_like(dtype))
    feature = reference.feature_map(ops, weights, config, recording.ids)
    assert close(feature, recording.arrays[f"{variant}.feature{suffix(dtype)}"], dtype, FEATURE_OPERATIONS)
    ones = {"var.word_embed.weight": np.eye(64, 32), "var.word_embed.bias": np.zeros(64)}
    zeros = {name: np.zeros_like(weights[name]) for name in ("var.lvl_embed.weight", "var.pos_1LC")}
    partial, inputs = None, []
    for scale, ids in enumerate(recording.ids[:-1]):
        partial = reference.add_scale(ops, weights, config, partial, ids, scale)
        inputs.append(map_tokens(ops, {**weights, **ones, **zeros}, config, partial, scale + 1)[:, :32])
    assert close(
        np.concatenate(inputs), recording.arrays[f"{variant}.inputs{suffix(dtype)}"], dtype, FEATURE_OPERATIONS
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_image_of_the_public_code(recording: Any, dtype: str) -> None:
    ops = Plain(numpy_like(dtype))
    image = reference.decode_tokens(ops, recording.weights("usual"), recording.config("usual"), recording.ids)
    assert image.shape == (64, 64, 3)
    assert np.abs(image).max() > 1  # the clamp has something to do
    shown = reference.clamped(image)
    wanted = recording.arrays[f"usual.image{suffix(dtype)}"]
    part = shown[::4, ::4] if dtype == "float64" else shown
    assert close(part, wanted, dtype, DECODER_DEPTH * OPERATIONS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_names_and_shapes_are_those_of_the_public_code(recording: Any, variant: str) -> None:
    state = recording.state(variant)
    shapes = reference.reference_shapes(recording.config(variant))
    assert {name: state[name][0] for name in shapes} == shapes
    rest = {name for name in state if name not in shapes and not name.startswith("vae.encoder.")}
    assert rest == {
        "vae.quant_conv.weight",
        "vae.quant_conv.bias",
        "vae.quantize.ema_vocab_hit_SV",
        "var.lvl_1L",
        "var.attn_bias_for_masking",
        *(f"var.blocks.{index}.attn.zero_k_bias" for index in range(2)),
    }


def small(**changes: Any) -> ReferenceConfig:
    settings: dict[str, Any] = {"depth": 2, "width": 16, "heads": 2, "hidden": 32, "vocabulary": 12, "classes": 3}
    return ReferenceConfig(Schedule((1, 3, 4)), decoder=None, **{**settings, **changes})


@pytest.mark.parametrize("changes", [{}, {"cosine": False}, {"shared_modulation": True, "phis": 0}])
def test_cached_equals_one_pass_and_both_are_causal(changes: dict[str, Any]) -> None:
    config = small(**changes)
    weights, ids = reference.reference_random(config, 1, "float64"), reference.random_ids(config, 1)
    ops = Plain(numpy_like())
    whole = reference.teacher_forced(ops, weights, config, 0, ids)
    steps = reference.teacher_forced_cached(ops, weights, config, 0, ids[:-1])
    assert close(steps, whole, "float64")
    changed = [ids[0], (ids[1] + 1) % 12, ids[2]]  # codes of scale 2 are read by scale 3 alone
    other = reference.teacher_forced(ops, weights, config, 0, changed)
    assert close(other[:10], whole[:10], "float64")
    assert (np.abs(other[10:] - whole[10:]).max(axis=1) > 1e-6).all()
    none = reference.teacher_forced(ops, weights, config, config.classes, ids)
    assert np.abs(none - whole).max() > 0.1


def test_whole_passes_are_logits_and_image_of_their_parts() -> None:
    decoder = DecoderConfig(base=4, multipliers=(1, 2), blocks=0, groups=2)
    config = replace(small(), decoder=decoder)
    weights, ids = reference.reference_random(config, 2, "float64"), reference.random_ids(config, 2)
    ops = Plain(numpy_like())
    logits = reference.teacher_forced(ops, weights, config, 1, ids)
    image = reference.decode_tokens(ops, weights, config, ids)
    assert np.abs(image).max() > 0.1
    for way in (reference.whole, reference.whole_cached):
        found = way(ops, weights, config, 1, ids)
        assert close(found[0], logits, "float64")
        np.testing.assert_array_equal(found[1], image)
    bare = small()
    assert reference.whole_cached(ops, reference.reference_random(bare, 2, "float64"), bare, 1, ids)[1] is None
    with pytest.raises(InputError, match="ids"):
        reference.whole_cached(ops, weights, config, 1, ids[:-1])


def test_first_scale_of_four_tokens() -> None:
    config = ReferenceConfig(
        Schedule((2, 3)), depth=1, width=8, heads=2, hidden=8, vocabulary=5, classes=3, decoder=None
    )
    weights, ids = reference.reference_random(config, 0, "float64"), reference.random_ids(config, 0)
    assert reference.teacher_forced(Plain(numpy_like()), weights, config, 1, ids).shape == (13, 5)


@pytest.mark.parametrize("engine", ["auto", "polynomial"])
def test_fast_attention_stays_near(engine: Any) -> None:
    config = small(width=4, heads=2, hidden=16, depth=1)
    weights, ids = reference.reference_random(config, 3, "float64"), reference.random_ids(config, 3)
    exact = reference.teacher_forced(Plain(numpy_like()), weights, config, 0, ids)
    errors = []
    for delta in (1e-3, 1e-6):
        fast = Plain(numpy_like(), engine=engine, delta=delta)
        errors.append(np.abs(reference.teacher_forced(fast, weights, config, 0, ids) - exact).max())
        assert 0 <= fast.attention_bound <= delta
        # the gates, the FFN and the head stretch an error of attention by far less than this
        assert errors[-1] <= 1e3 * delta
    if engine == "polynomial":
        assert errors[1] < errors[0]


def test_the_cap_of_a_head_scale() -> None:
    theta = np.array([np.log(4), 4.7, -1.0], dtype=np.float32).reshape(1, 3, 1, 1)
    assert np.allclose(head_scales(theta), [4, 100, np.exp(-1)], rtol=1e-6)
    assert head_scales(theta)[1] == 100


def test_ids_and_labels_that_are_refused() -> None:
    config = small()
    weights, ids = reference.reference_random(config, 0), reference.random_ids(config, 0)
    ops = Plain(numpy_like("float32"))
    wrong = [ids[:1], [*ids, ids[-1]], [ids[0], ids[0]], [ids[0], ids[1] * 1.0], [ids[0], ids[1] - 12], []]
    for each in [*wrong, [ids[0], ids[1] + 12]]:
        with pytest.raises(InputError):
            reference.teacher_forced(ops, weights, config, 0, each)
    for label in (-1, config.classes + 1, True, 1.0):
        with pytest.raises(InputError, match="no such class"):
            reference.teacher_forced(ops, weights, config, label, ids)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="another number of scales"):
        reference.decode_tokens(ops, weights, config, ids[:-1])
    with pytest.raises(InputError, match="no decoder"):
        reference.decode_tokens(ops, weights, config, ids)


def test_random_weights_depend_on_the_seed_alone_and_open_the_gates() -> None:
    config = small()
    first, again, other = (reference.reference_random(config, seed) for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["var.head.weight"], other["var.head.weight"])
    ids, ops = reference.random_ids(config, 0), Plain(numpy_like())
    logits = reference.teacher_forced(ops, first, config, 0, ids)
    for name in ("var.blocks.0.attn.proj.weight", "var.blocks.1.ffn.fc2.weight"):
        without = {**first, name: np.zeros_like(first[name])}
        assert np.abs(reference.teacher_forced(ops, without, config, 0, ids) - logits).max() > 0.05
