"""reductions: executable fine-grained reductions, from satisfiability to approximate attention and back.

`reduce(instance, "var-attention")` runs a path and brings the answer back; `graph` holds paths and exponents. A new
rule is one file in `reductions/rules` and one line in `reductions/registry.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reductions import graph
    from reductions.run.reduce import reduce

__all__ = ["graph", "reduce"]


def __getattr__(name: str) -> Any:
    """The two entry points, imported when they are asked for."""
    import importlib

    if name == "graph":
        return importlib.import_module("reductions.graph")
    if name == "reduce":
        return importlib.import_module("reductions.run.reduce").reduce
    raise AttributeError(f"module 'reductions' has no attribute {name!r}")
