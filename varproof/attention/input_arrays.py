"""The arrays that `attend` is given: one library, one device, one float dtype, shapes that fit, finite entries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj, is_dask_array, is_torch_array, to_device

from varproof.base.errors import InputError
from varproof.base.tolerances import SMALLEST_NORMAL

SHAPES = "q (..., m, d), k (..., n, d), v (..., n, d_v) with the same leading axes"
FLOATS = ("float64", "float32")


def read_arrays(q: Any, k: Any, v: Any) -> tuple[Any, Any, Any]:
    """Plain arrays of one library, device and dtype, without gradients."""
    q, k, v = plain(q, "q"), plain(k, "k"), plain(v, "v")
    for name, array in (("q", q), ("k", k), ("v", v)):
        if not is_array_api_obj(array) or isinstance(array, np.generic):
            raise InputError(
                f"{name} is not an array",
                got=type(array).__name__,
                allowed="NumPy, torch or Dask arrays",
                hint=f"numpy.asarray({name}, dtype=float) makes one of a list",
            )
    try:
        array_namespace(q, k, v)
    except TypeError:
        kinds = ", ".join(
            f"{name} {type(array).__module__}.{type(array).__name__}"
            for name, array in zip("qkv", (q, k, v), strict=True)
        )
        raise InputError("q, k and v are of different array libraries", got=kinds, allowed="one library") from None
    places = [str(device(array)) for array in (q, k, v)]
    if len(set(places)) > 1 or places[0] == "meta":
        raise InputError(
            "q, k and v are not on one device with data",
            got=", ".join(f"{name} on {place}" for name, place in zip("qkv", places, strict=True)),
            allowed="one device for all three",
            hint="move them, for example with tensor.to(device)",
        )
    dtypes = [str(array.dtype).rpartition(".")[2] for array in (q, k, v)]
    if len(set(dtypes)) > 1 or dtypes[0] not in FLOATS:
        raise InputError(
            "q, k and v must have one floating-point dtype",
            got=", ".join(f"{name} {dtype}" for name, dtype in zip("qkv", dtypes, strict=True)),
            allowed="float64 or float32, the same for all three",
            hint="convert them first; 16-bit floats become float32 without loss"
            if all(dtype in ("float16", "bfloat16") for dtype in dtypes)
            else f"convert them first, for example with {'.double()' if is_torch_array(q) else '.astype(float)'}",
        )
    return q, k, v


def plain(array: Any, name: str) -> Any:
    """NumPy's subclasses (matrices, arrays of memory maps) as plain arrays of the same data, tensors without gradients.

    `InputError` where entries are masked, and for tensors that are not dense.
    """
    if is_torch_array(array):
        return _dense(array, name)
    if not isinstance(array, np.ndarray) or type(array) is np.ndarray:
        return array
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise InputError(
            f"{name} has masked entries",
            got=f"{int(np.ma.getmaskarray(array).sum())} masked entries",
            allowed="arrays without",
            hint="leave those tokens out, or give levels or a mask of (query, key) pairs",
        )
    return np.asarray(array)


def _dense(tensor: Any, name: str) -> Any:
    """The tensor as numbers only: bounds are about them, not about gradients. Negations that torch put off are done."""
    import torch

    usual = type(tensor) in (torch.Tensor, torch.nn.Parameter) and tensor.layout is torch.strided
    if not usual or tensor.is_nested or tensor.is_quantized or not _has_data(tensor):
        kind = f"{type(tensor).__module__}.{type(tensor).__name__} of layout {tensor.layout}"
        kind += ", nested" if tensor.is_nested else ", quantised" if tensor.is_quantized else ""
        raise InputError(
            f"{name} is not a dense tensor",
            got=kind if not usual or tensor.is_nested or tensor.is_quantized else f"{kind} without data of its own",
            allowed="torch.Tensor of layout torch.strided, outside of vmap and the other transforms of torch.func",
            hint="to_dense() or dequantize() converts sparse or quantised ones; give masks as mask",
        )
    return tensor.detach().resolve_neg()


def _has_data(tensor: Any) -> bool:
    """False for tensors that stand for others inside a transform; those on "meta" are refused for their device."""
    try:
        return bool(tensor.device.type == "meta" or tensor.numel() == 0 or tensor.data_ptr() != 0)
    except RuntimeError:
        return False


def check_shapes(q: Any, k: Any, v: Any, shapes: str) -> None:
    """`shapes` is how messages show them."""
    known = all(isinstance(size, int) for array in (q, k, v) for size in array.shape)
    ranks = {array.ndim for array in (q, k, v)}
    fits = known and len(ranks) == 1 and min(ranks) >= 2
    fits = fits and q.shape[-1] == k.shape[-1] and k.shape[-2] == v.shape[-2]
    fits = fits and tuple(q.shape[:-2]) == tuple(k.shape[:-2]) == tuple(v.shape[:-2])
    if not fits:
        raise InputError("the shapes do not fit together", got=shapes, allowed=SHAPES)
    if q.shape[-1] < 1 or v.shape[-1] < 1:
        raise InputError("head and value dimensions must be positive", got=shapes, allowed="d >= 1, d_v >= 1")


def check_finite(q: Any, k: Any, v: Any) -> None:
    """Refuse NaN and infinities; the message counts them and names the first."""
    xp = array_namespace(q)
    for name, array in (("q", q), ("k", k), ("v", v)):
        finite = xp.isfinite(array)
        if not bool(xp.all(finite)):
            bad = np.argwhere(~np.asarray(to_device(finite, "cpu")))
            first = tuple(int(i) for i in bad[0])
            raise InputError(
                f"{name} has entries that are not finite",
                got=f"{len(bad)} of {math.prod(array.shape)}, the first is {float(array[first])} at {first}",
                allowed="finite numbers",
            )


def read_mask(mask: Any, q: Any, k: Any) -> Any:
    """A boolean mask (m, n) or (..., m, n) on the device of `q` in which every row has a key.

    Leading axes of size 1 are repeated for all heads.
    """
    xp = array_namespace(q)
    full = (*q.shape[:-2], q.shape[-2], k.shape[-2])
    mask = plain(mask, "mask") if is_array_api_obj(mask) else np.asarray(mask)
    shape = tuple(mask.shape)
    fits = shape[-2:] == full[-2:] and len(shape) in (2, len(full))
    fits = fits and all(own in (1, heads) for own, heads in zip(shape[:-2], full, strict=False))
    if str(mask.dtype).rpartition(".")[2] != "bool" or not fits:
        raise InputError(
            "the mask does not fit",
            got=f"{mask.dtype} of shape {shape}",
            allowed=f"bool of shape {full[-2:]}"
            + (f" or {full}, leading axes may be 1" if len(full) > 2 else "")
            + ", True where a query sees a key",
        )
    if array_namespace(mask) is not xp:
        mask = xp.asarray(np.asarray(to_device(mask, "cpu")))
    if not is_dask_array(mask):
        mask = to_device(mask, device(q))
    seen = xp.any(mask, axis=-1)
    if not bool(xp.all(seen)):
        empty = np.argwhere(~np.asarray(to_device(seen, "cpu") if not is_dask_array(seen) else seen))
        raise InputError(
            "the mask leaves a query row without keys",
            got=f"{len(empty)} rows, the first is {tuple(int(i) for i in empty[0])}",
            allowed="at least one True in every row",
        )
    return mask if len(shape) == 2 or shape == full else array_namespace(mask).broadcast_to(mask, full)


def check_subnormals() -> None:
    """Refuse to work where the processor flushes subnormal numbers: differences of tiny numbers would be zero."""
    if not np.float64(SMALLEST_NORMAL["float64"]) * 0.5 > 0:
        raise InputError(
            "subnormal numbers are flushed to zero in this thread",
            got="a processor mode that the bounds do not cover",
            allowed="floating point as IEEE 754 defines it",
            hint="torch.set_flush_denormal(False) ends it where torch began it",
        )
