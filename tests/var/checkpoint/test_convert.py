"""Checkpoints in both formats, whole, split, nested and wrapped, give the same model; wrong ones are refused."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from varproof.base.errors import InputError, VarproofError
from varproof.growth.schedules import parse_schedule
from varproof.var.checkpoint.convert import Converted, convert
from varproof.var.models.config import DecoderConfig, ReferenceConfig
from varproof.var.models.reference import levels, reference_random, reference_shapes
from varproof.var.models.reference_weights import read_reference, write_reference

Save = Callable[[Path, Mapping[str, Any]], Path]
State = dict[str, NDArray[Any]]
VAE = ("encoder.", "decoder.", "quantize.", "quant_conv.", "post_quant_conv.")


def split(state: State) -> tuple[State, State]:
    vae = {name: array for name, array in state.items() if name.startswith(VAE)}
    return {name: array for name, array in state.items() if name not in vae}, vae


def same(found: Converted, state: State) -> bool:
    """Whether every weight is, to the bit, the array of that name."""
    return all(
        array.dtype == state[name[4:]].dtype and np.array_equal(array, state[name[4:]])
        for name, array in found.weights.items()
    )


def test_whole_checkpoint(save: Save, state: State, tmp_path: Path) -> None:
    found = convert(save(tmp_path / "whole", state))
    config = found.config
    assert (config.schedule.sides, config.depth, config.width, config.heads) == ((1, 2, 3, 4), 2, 32, 2)
    assert (config.hidden, config.code_dim, config.vocabulary, config.classes, config.phis) == (128, 8, 32, 10, 4)
    assert config.decoder == DecoderConfig(base=32, multipliers=(1, 1), blocks=0)
    assert config.cosine
    assert not config.shared_modulation
    assert same(found, state)
    names = [*found.used, *found.checked, *found.left_out]
    assert sorted(name[4:] for name in names) == sorted(state)  # every array once: used, checked or left out
    assert {name.partition(".")[2] for name in found.left_out} == {
        "encoder.conv_in.weight",
        "quant_conv.weight",
        "quant_conv.bias",
        "quantize.ema_vocab_hit_SV",
    }
    assert len(found.checked) == 4
    written = tmp_path / "model.npz"
    write_reference(written, found.config, found.weights)
    again, weights = read_reference(written)
    assert again == found.config
    assert list(weights) == list(reference_shapes(config))
    assert all(np.array_equal(weights[name], found.weights[name]) for name in weights)


def test_two_files_as_the_public_models_come(save: Save, state: State, tmp_path: Path) -> None:
    transformer, vae = split(state)
    first, second = save(tmp_path / "var", transformer), save(tmp_path / "vae", vae)
    assert same(convert(first, vae=second), state)
    with pytest.raises(InputError, match="the VQ-VAE is missing") as missing:
        convert(first)
    assert "--vae" in missing.value.hint
    with pytest.raises(InputError, match="the transformer is missing"):
        convert(second)
    with pytest.raises(InputError, match="holds more"):
        convert(first, vae=first)
    both = save(tmp_path / "both", state)
    with pytest.raises(InputError, match="in both files"):
        convert(both, vae=second)


def test_checkpoint_of_the_training_code(state: State, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    transformer, vae = ({name: torch.from_numpy(array) for name, array in part.items()} for part in split(state))
    trainer = {
        "config": {"patch_nums": (1, 2, 3, 4), "label_smooth": 0.1, "first_prog": True},
        "var_wo_ddp": transformer,
        "vae_local": {f"_orig_mod.{name}": array for name, array in vae.items()},
        "var_opt": {"optimizer": {"state": {0: {"step": torch.zeros(1)}}, "param_groups": [{"lr": 0.1}]}},
    }
    path = tmp_path / "ar-ckpt-last.pth"
    torch.save({"epoch": 3, "iter": 0, "trainer": trainer, "args": {"depth": 16, "fp16": 0}}, path)
    found = convert(path)
    assert same(found, state)
    assert {"epoch", "iter", "args", "trainer.config", "trainer.var_opt"} <= set(found.left_out)
    for name in ("lvl_1L", "attn_bias_for_masking"):
        del transformer[name]
    torch.save({"trainer": trainer}, path)
    assert convert(path).config.schedule.sides == (1, 2, 3, 4)  # from the settings of the training


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "var.", "var_wo_ddp.module."])
def test_wrapped_names(prefix: str, save: Save, state: State, tmp_path: Path) -> None:
    wrapped = {prefix + name: array for name, array in state.items()}
    assert same(convert(save(tmp_path / "wrapped", wrapped)), state)
    with pytest.raises(InputError, match="two arrays"):
        convert(save(tmp_path / "double", {**wrapped, "head.bias": state["head.bias"]}))


@pytest.mark.parametrize(
    "changes",
    [
        {"cosine": False},
        {"shared_modulation": True, "phis": 1},
        {"phis": 0, "decoder": DecoderConfig(base=32, multipliers=(1, 2, 4), blocks=1)},
        {"phis": 3, "decoder": DecoderConfig(base=96, multipliers=(1,), attention=False)},
    ],
)
def test_variants_are_inferred(changes: dict[str, Any], save: Save, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"depth": 1, "width": 16, "heads": 4, "hidden": 24, "vocabulary": 6, "classes": 2}
    settings |= {"decoder": DecoderConfig(base=32, multipliers=(1, 1), blocks=0), "code_dim": 4}
    config = ReferenceConfig(parse_schedule("1,3"), **{**settings, **changes})
    state = {name[4:]: array for name, array in reference_random(config, 0).items()}
    state["lvl_1L"] = levels(config)[None]
    path = save(tmp_path / "variant", state)
    found = convert(path, heads=None if config.cosine else 4)
    assert found.config == config
    assert same(found, state)
    if not config.cosine:
        with pytest.raises(InputError, match="does not say its heads"):
            convert(path)
        with pytest.raises(InputError, match="heads do not divide"):
            convert(path, heads=5)


def test_sides_come_from_the_buffer_or_the_user(save: Save, state: State, tmp_path: Path) -> None:
    whole = save(tmp_path / "whole", state)
    assert convert(whole, schedule=parse_schedule("1,2,3,4")).config.schedule.sides == (1, 2, 3, 4)
    for wrong in ("1,2,4", "256"):
        with pytest.raises(InputError, match="contradicts"):
            convert(whole, schedule=parse_schedule(wrong))
    del state["lvl_1L"]
    bare = save(tmp_path / "bare", state)
    with pytest.raises(InputError, match="does not say the sides"):
        convert(bare)
    assert convert(bare, schedule=parse_schedule("1,2,3,4")).config.schedule.sides == (1, 2, 3, 4)
    with pytest.raises(InputError, match="another number of tokens"):
        convert(bare, schedule=parse_schedule("1,2,3,5"))
    with pytest.raises(InputError, match="lvl_embed"):  # as many tokens in other scales
        convert(bare, schedule=parse_schedule("1,2,5"))
    with pytest.raises(InputError, match="heads contradict"):
        convert(whole, heads=4)
    for ratio in (0.0, -0.5, 1.5, float("nan")):
        with pytest.raises(InputError, match="ratio of phi"):
            convert(whole, phi_ratio=ratio)
    assert convert(whole, phi_ratio=0.25).config.phi_ratio == 0.25


def changed(array: NDArray[Any], value: float) -> NDArray[Any]:
    found = array.copy()
    found.reshape(-1)[-1] = value
    return found


MASK = "attn_bias_for_masking"
WRONG: dict[str, tuple[str, Callable[[State], dict[str, Any]]]] = {
    "missing": ("var.head.bias", lambda s: {name: array for name, array in s.items() if name != "head.bias"}),
    "missing block": (
        "transformer is missing",
        lambda s: {name: array for name, array in s.items() if "blocks.0" not in name},
    ),
    "missing norm": (
        "norm_out.bias",
        lambda s: {name: array for name, array in s.items() if name != "decoder.norm_out.bias"},
    ),
    "unknown": ("has not", lambda s: {**s, "blocks.0.attn.k_bias": s["head.bias"]}),
    "unknown part": ("has not", lambda s: {**s, "discriminator.weight": s["head.bias"]}),
    "encoder of the transformer": ("has not", lambda s: {**s, "blocks.encoder.weight": s["head.bias"]}),
    "gap in the blocks": ("blocks.2", lambda s: {**s, "blocks.7.attn.q_bias": s["blocks.0.attn.q_bias"]}),
    "NaN": ("NaN", lambda s: {**s, "head.bias": changed(s["head.bias"], np.nan)}),
    "infinite": ("infinite", lambda s: {**s, "decoder.conv_in.bias": changed(s["decoder.conv_in.bias"], np.inf)}),
    "shape": (r"\(31,\), not \(32,\)", lambda s: {**s, "head.bias": s["head.bias"][:-1]}),
    "transposed": (
        r"\(128, 32\), not",
        lambda s: {**s, "blocks.0.ffn.fc2.weight": s["blocks.0.ffn.fc2.weight"].T.copy()},
    ),
    "axes": ("2 axes", lambda s: {**s, "class_emb.weight": s["class_emb.weight"][0]}),
    "empty": ("none empty", lambda s: {**s, "class_emb.weight": s["class_emb.weight"][:0]}),
    "one axis too few": ("4 axes", lambda s: {**s, "blocks.0.attn.scale_mul_1H11": np.zeros(2, dtype=np.float32)}),
    "integers": ("dtype int64", lambda s: {**s, "head.bias": s["head.bias"].astype(np.int64)}),
    "key bias": (
        "keys have no bias",
        lambda s: {**s, "blocks.1.attn.zero_k_bias": changed(s["blocks.1.attn.zero_k_bias"], 1e-30)},
    ),
    "key bias NaN": (
        "keys have no bias",
        lambda s: {**s, "blocks.1.attn.zero_k_bias": changed(s["blocks.1.attn.zero_k_bias"], np.nan)},
    ),
    "key bias shape": (
        "keys have no bias",
        lambda s: {**s, "blocks.1.attn.zero_k_bias": np.zeros(31, dtype=np.float32)},
    ),
    "mask zero": ("not block-causal", lambda s: {**s, MASK: np.zeros_like(s[MASK])}),
    "mask token-causal": (
        "not block-causal",
        lambda s: {**s, MASK: np.triu(np.full((1, 1, 30, 30), -np.inf, dtype=np.float32), 1)},
    ),
    "mask entry": ("row 29", lambda s: {**s, MASK: changed(s[MASK], -1e9)}),
    "mask shape": ("another shape", lambda s: {**s, MASK: s[MASK][0]}),
    "levels no squares": ("no square", lambda s: {**s, "lvl_1L": np.repeat(np.arange(4), (1, 5, 8, 16))[None]}),
    "levels out of order": ("no list of levels", lambda s: {**s, "lvl_1L": s["lvl_1L"][:, ::-1].copy()}),
    "levels from 1": ("no list of levels", lambda s: {**s, "lvl_1L": s["lvl_1L"] + 1}),
    "levels float": ("no list of levels", lambda s: {**s, "lvl_1L": s["lvl_1L"].astype(np.float64)}),
    "levels of three scales": ("number of tokens", lambda s: {**s, "lvl_1L": s["lvl_1L"][:, :14]}),
    "levels row": ("the scale of every token", lambda s: {**s, "lvl_1L": s["lvl_1L"][0]}),
    "decoder of 48 channels": (
        "groups do not divide",
        lambda s: {**s, "decoder.up.0.block.0.conv1.weight": np.zeros((48, 32, 3, 3), "f4")},
    ),
    "nothing": ("transformer is missing", lambda s: {}),
}


@pytest.mark.parametrize("name", WRONG)
def test_checkpoints_that_are_refused(name: str, save: Save, state: State, tmp_path: Path) -> None:
    reason, make = WRONG[name]
    path = save(tmp_path / "wrong", make(state))
    with pytest.raises(InputError, match=reason) as refused:
        convert(path)
    assert refused.value.exit_code == 2


def test_messages_name_the_arrays(save: Save, state: State, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        convert(save(tmp_path / "missing", WRONG["missing"][1](state)))
    assert refused.value.hint == "missing: var.head.bias (1)"
    with pytest.raises(InputError) as refused:
        convert(save(tmp_path / "unknown", WRONG["unknown"][1](state)))
    assert refused.value.hint == "unknown: var.blocks.0.attn.k_bias (1)"


class Evil:
    """What a pickle could do to its reader."""

    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('code in the file ran')",))


def test_torch_files_that_are_refused(state: State, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    path = tmp_path / "x.pth"
    tensor = torch.zeros(2)
    broken: list[bytes] = [b"", b"hello", b"PK\x03\x04nothing", pickle.dumps({"a": 1}), pickle.dumps(Evil())]
    torch.save({"head.bias": tensor}, path)
    whole = path.read_bytes()
    broken += [whole[: len(whole) // 2], whole[:-30]]
    for content in broken:
        path.write_bytes(content)
        with pytest.raises(InputError):
            convert(path)
    objects: list[tuple[str, Any]] = [
        ("no checkpoint of tensors", Evil()),
        ("no state dict", [tensor]),
        ("no state dict", tensor),
        ("no checkpoint of tensors", {"head.bias": Evil()}),
        ("no arrays", {"head.bias": "text"}),
        ("no arrays", {"head.bias": [tensor]}),
        ("no arrays", {3: tensor}),
        ("larger than the file", {"head.bias": torch.zeros(1).expand(10**9)}),
        ("no plain tensor", {"head.bias": torch.zeros(2, dtype=torch.complex64)}),
        ("no plain tensor", {"head.bias": torch.eye(2).to_sparse()}),
        ("dtype that NumPy lacks", {"head.bias": torch.zeros(2, dtype=torch.float8_e4m3fn)}),
    ]
    for reason, each in objects:
        torch.save(each, path)
        with pytest.raises(InputError, match=reason):
            convert(path)
    for content in (bytes(10**6), np.random.default_rng(0).bytes(1000)):  # the second does not become smaller
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data.pkl", content)
        with pytest.raises(InputError, match="compressed"):
            convert(path)


def test_torch_file_of_half_precision(state: State, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    for dtype, kept in ((torch.float16, np.float16), (torch.bfloat16, np.float32)):
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in state.items()}
        tensors["head.weight"] = tensors["head.weight"].to(dtype)
        path = tmp_path / "half.pt"
        torch.save(tensors, path)
        found = convert(path).weights["var.head.weight"]
        assert found.dtype == kept
        assert np.array_equal(found, tensors["head.weight"].double().numpy())


def test_files_that_are_no_checkpoints(tmp_path: Path) -> None:
    for name in ("none.pth", "none.safetensors", "none.npz", "none"):
        with pytest.raises(VarproofError) as refused:
            convert(tmp_path / name)
        assert refused.value.exit_code == 2
    folder = tmp_path / "folder.pth"
    folder.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        convert(folder)
