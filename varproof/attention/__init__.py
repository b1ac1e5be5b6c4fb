"""Attention with a certified error: exact, polynomial and tree engines on NumPy, torch and Dask arrays.

`attend` is the front door; the names below are loaded on first use, so that importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from varproof.attention.front import attend as attend
    from varproof.attention.result import Attention as Attention

_HOME = {"attend": "front", "Attention": "result"}

__all__ = ["Attention", "attend"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
