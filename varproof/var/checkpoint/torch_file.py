"""A .pth file of torch as nested mappings of NumPy arrays. Tensors and plain containers only: no code in it runs."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from varproof.base.errors import InputError, MissingExtraError, printable, shorten
from varproof.base.extras import optional

MAX_DEPTH = 16
EXACT_IN_FLOAT32 = ("torch.bfloat16",)


def read_torch_file(path: Path) -> dict[str, Any]:
    """The mapping that the file holds, its tensors as NumPy arrays (bfloat16 as float32), other leaves as they are.

    Raises `InputError` for a file that cannot be read, is no checkpoint, is compressed, or holds other objects than
    tensors and plain containers; `MissingExtraError` without torch.
    """
    try:
        size = path.stat().st_size
        path.open("rb").close()
        stored = zipfile.is_zipfile(path)
        if stored:
            _check_members(path, size)
        torch = optional("torch")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the file's pickle protocol; what matters becomes an error below
            loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=stored)
    except (InputError, MissingExtraError):
        raise
    except OSError as error:
        hint = error.strerror or type(error).__name__
        raise InputError("the checkpoint cannot be read", got=printable(path), hint=hint) from None
    except pickle.UnpicklingError:
        raise InputError(
            "the file is no checkpoint of tensors and plain containers alone",
            got=printable(path),
            allowed="what torch.load(..., weights_only=True) reads",
            hint="load it where you trust it, and save the state_dict alone",
        ) from None
    except Exception as error:  # a corrupt file makes torch raise whatever its parser met
        raise InputError(
            "the file is no checkpoint of torch",
            got=printable(path),
            allowed=".pth as torch.save writes it",
            hint=shorten(f"{type(error).__name__}: {error}"),
        ) from None
    if not isinstance(loaded, Mapping):
        raise InputError(
            "the checkpoint holds no state dict", got=type(loaded).__name__, allowed="a mapping of tensors"
        )
    return {name: _converted(name, value, size, torch, 0) for name, value in loaded.items()}


def _check_members(path: Path, size: int) -> None:
    """torch stores its members as they are; a compressed one could unfold beyond memory."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members) or (
        sum(member.file_size for member in members) > size
    ):
        raise InputError("the checkpoint is compressed", got=printable(path), allowed="a file as torch.save writes it")


def _converted(name: Any, value: Any, size: int, torch: Any, depth: int) -> Any:
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        return {key: _converted(key, inner, size, torch, depth + 1) for key, inner in value.items()}
    if not isinstance(value, torch.Tensor):
        return value
    if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized or value.is_complex():
        raise InputError(f"{shorten(name)} is no plain tensor", got=shorten(value.dtype), allowed="dense real tensors")
    if value.numel() * value.element_size() > size:  # an expanded view of a small storage
        raise InputError(
            f"{shorten(name)} is larger than the file", got=tuple(value.shape), allowed=f"at most {size} bytes"
        )
    plain = value.detach()
    if str(plain.dtype) in EXACT_IN_FLOAT32:
        plain = plain.float()
    try:
        return plain.numpy()
    except TypeError:
        raise InputError(
            f"{shorten(name)} has a dtype that NumPy lacks", got=shorten(value.dtype), allowed="float64, float32, ..."
        ) from None
