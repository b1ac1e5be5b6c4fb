"""Settings of torch that would make its float32 products less than float32, and with it a certificate false.

torch may be told to round the factors of float32 products to bfloat16 or TF32, by `set_float32_matmul_precision`, by
backend flags or inside `torch.autocast`. The bounds assume products in the dtype of the arrays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from array_api_compat import is_torch_array

FULL = ("highest", "none", "ieee", False)


def full_precision(array: Any) -> bool:
    """Whether products of arrays like this one are carried out in their own dtype, as far as torch's settings say.

    True for float64 and for arrays that are not torch's. A setting that cannot be read counts as reduced.

    >>> import numpy as np
    >>> full_precision(np.zeros(3, dtype=np.float32))
    True
    """
    if not is_torch_array(array) or str(array.dtype) != "torch.float32":
        return True
    import torch

    backends = torch.backends
    settings: tuple[Callable[[], Any], ...] = (
        torch.get_float32_matmul_precision,
        lambda: backends.cuda.matmul.allow_tf32,
        lambda: getattr(backends, "fp32_precision", "none"),
        lambda: getattr(backends.cuda.matmul, "fp32_precision", "none"),
        lambda: getattr(getattr(backends.mkldnn, "matmul", None), "fp32_precision", "none"),
    )
    return all(_read(setting) in FULL for setting in settings)


def _read(setting: Callable[[], Any]) -> Any:
    try:
        return setting()
    except RuntimeError:  # torch refuses to sum up settings that differ between devices
        return "mixed"


def without_autocast(array: Any) -> AbstractContextManager[Any]:
    """A context in which torch keeps the dtype of products, whatever surrounds it; empty for other arrays."""
    if not is_torch_array(array):
        return contextlib.nullcontext()
    import torch

    context: AbstractContextManager[Any] = torch.autocast(device_type=array.device.type, enabled=False)
    return context
