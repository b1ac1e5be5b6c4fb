"""Polynomials for exp: closed forms, minimal degrees with certificates, two checkers, rank and exponents.

The names below are loaded on first use, so that the integers-only checker can run without python-flint or scipy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from varproof.approx.checking import check as check
    from varproof.approx.degree_certificate import certify as certify
    from varproof.approx.degree_certificate import minimal_degree as minimal_degree
    from varproof.approx.formulas import formula as formula
    from varproof.approx.polynomial_error import sup_norm as sup_norm

_HOME = {
    "certify": "degree_certificate",
    "minimal_degree": "degree_certificate",
    "check": "checking",
    "formula": "formulas",
    "sup_norm": "polynomial_error",
}

__all__ = ["certify", "check", "formula", "minimal_degree", "sup_norm"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
