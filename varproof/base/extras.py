"""Optional imports: absence is one line that names the extra."""

from __future__ import annotations

import importlib
from types import ModuleType

from varproof.base.errors import MissingExtraError

# importable module -> the extra of pyproject.toml that brings it
EXTRA_OF = {
    "numba": "fast",
    "llvmlite": "fast",
    "torch": "torch",
    "pysat": "sat",
    "dask": "dask",
    "distributed": "dask",
}


def optional(module: str) -> ModuleType:
    """Import `module`, or raise `MissingExtraError` naming the extra that installs it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        extra = EXTRA_OF[module.partition(".")[0]]
        raise MissingExtraError(
            f"{module} is not installed", hint=f'pip install "varproof[{extra}]"', got=str(error)
        ) from None
