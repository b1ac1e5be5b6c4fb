"""Records what the public implementation of VAR computes for weights that a rule gives: `reference_recorded.npz`.

    python tests/data/record_reference.py CLONE OUT.npz

CLONE is a checkout of FoundationVision/VAR at 78b9539. The tests use the rule, not the recording part: a weight is
uniform, from the raw bits of PCG64 seeded by its name, so that no stream of NumPy's distributions enters.
"""

from __future__ import annotations

import hashlib
import math
import sys
import types
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDES, WIDTH, DEPTH, HEADS, VOCABULARY, CLASSES, CODE_DIM, BASE = (1, 2, 3, 4), 64, 2, 2, 64, 10, 32, 32
LABEL, GUIDANCE = 3, 1.5
VARIANTS: dict[str, dict[str, Any]] = {
    "usual": {"attn_l2_norm": True, "shared_aln": False, "share_quant_resi": 4},
    "unnormalised": {"attn_l2_norm": False, "shared_aln": False, "share_quant_resi": 0},
    "shared": {"attn_l2_norm": True, "shared_aln": True, "share_quant_resi": 1},
}


def raw_bits(name: str, count: int) -> NDArray[np.uint64]:
    """Bits that depend on the name alone: PCG64 seeded by the first 8 bytes of the name's SHA-256."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.atleast_1d(np.random.PCG64(seed).random_raw(count))


def weight(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A weight by its name and shape, float32: gates are open, scales are those of a trained model's order."""
    bits = raw_bits(name, math.prod(shape)) >> np.uint64(40)
    uniform = (bits.astype(np.float64) * 2.0**-23 - 1).reshape(shape)
    if name.endswith("scale_mul_1H11"):
        made = 4 + 1.5 * uniform  # above and below the cap ln 100
    elif ".norm" in name and name.endswith("weight"):
        made = 1 + 0.25 * uniform
    elif len(shape) == 1:
        made = 0.25 * uniform
    elif "emb" in name or "pos_" in name or "ada_gss" in name:
        made = uniform
    else:
        made = uniform * math.sqrt(3 / math.prod(shape[1:]))
    return made.astype(np.float32)


def token_ids() -> list[NDArray[np.int64]]:
    """Ids of all scales, (p, p) each."""
    return [
        (raw_bits(f"ids.{side}", side * side) >> np.uint64(40)).astype(np.int64).reshape(side, side) % VOCABULARY
        for side in SIDES
    ]


def main(clone: str, out: str) -> None:
    """Run the public implementation and write the file."""
    sys.path.insert(0, clone)
    hub: Any = types.ModuleType("huggingface_hub")
    hub.PyTorchModelHubMixin = object  # only the class for publishing needs it
    sys.modules["huggingface_hub"] = hub
    recorded: dict[str, NDArray[Any]] = {}
    for variant, options in VARIANTS.items():
        recorded |= {f"{variant}.{name}": array for name, array in run(options).items()}
    double_precision()
    for variant, options in VARIANTS.items():
        found = run(options)
        recorded |= {f"{variant}.{name}64": array for name, array in found.items() if array.dtype == np.float64}
    kept = {name: array for name, array in recorded.items() if name.startswith("usual") or "image" not in name}
    kept["usual.image64"] = kept["usual.image64"][::4, ::4]
    np.savez_compressed(out, **kept)


def double_precision() -> None:
    """The same code in float64: its own casts to float32 become casts to float64."""
    import torch

    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign,assignment]
    torch.float32 = torch.float64  # type: ignore[misc]


def run(options: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Teacher-forced logits, guided logits of the cached pass, feature map, image; names and shapes of the state."""
    import models.var
    import torch

    options = dict(options)
    torch.set_num_threads(1)
    vae = models.VQVAE(
        vocab_size=VOCABULARY,
        z_channels=CODE_DIM,
        ch=BASE,
        v_patch_nums=SIDES,
        share_quant_resi=options.pop("share_quant_resi"),
    )
    var = models.VAR(
        vae, num_classes=CLASSES, depth=DEPTH, embed_dim=WIDTH, num_heads=HEADS, cond_drop_rate=0.0,
        patch_nums=SIDES, **options,
    ).eval()  # fmt: skip
    names = []
    for prefix, module in (("var.", var), ("vae.", vae)):
        for name, parameter in module.named_parameters():
            if not name.startswith(("encoder.", "quant_conv.")):
                array = weight(prefix + name, tuple(parameter.shape))
                parameter.data.copy_(torch.from_numpy(array))
        for name, tensor in module.state_dict().items():
            names.append(f"{prefix}{name} {tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}")
    ids = [torch.from_numpy(each.reshape(1, -1)) for each in token_ids()]
    with torch.no_grad():
        inputs = vae.quantize.idxBl_to_var_input(ids)
        logits = var(torch.tensor([LABEL]), inputs)[0]
        maps = [
            vae.quantize.embedding(each).transpose(1, 2).reshape(1, CODE_DIM, side, side)
            for each, side in zip(ids, SIDES, strict=True)
        ]
        feature = vae.quantize.embed_to_fhat(maps, all_to_max_scale=True, last_one=True)
        guided: list[Any] = []

        def given(logits: Any, **_: Any) -> Any:
            guided.append(logits[0].clone())
            return ids[len(guided) - 1][:, :, None]

        models.var.sample_with_top_k_top_p_ = given
        image = var.autoregressive_infer_cfg(1, torch.tensor([LABEL]), cfg=GUIDANCE) * 2 - 1
    return {
        "state": np.array(names),
        "logits": logits.numpy(),
        "inputs": inputs[0].numpy(),
        "feature": feature[0].permute(1, 2, 0).numpy(),
        "guided": torch.cat(guided).numpy(),
        "image": image[0].permute(1, 2, 0).numpy(),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
