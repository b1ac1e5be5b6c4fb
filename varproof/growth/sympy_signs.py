"""Keeps sympy from isolating the roots of huge polynomials whenever it builds a formula.

Building `log(f)` or `f**c` makes sympy ask whether f is zero or negative. For a polynomial f in one symbol it then
expands f and isolates the real roots of its derivative: minutes for (n + 1)**1000 - n**1000. There is no switch for
this, so the function behind it is wrapped: above a degree it says "not known", which every caller of it allows.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.core import exprtools

MAX_DEGREE = 16


def degree_bound(f: sympy.Expr) -> int:
    """An upper bound on the degree of a polynomial when it is expanded, read off its shape; 1 for any other part.

    >>> n = sympy.Symbol("n", positive=True)
    >>> degree_bound(((n + 1) ** 3 - n) ** 5 * n)
    16
    """
    if f.is_Add:
        return max(degree_bound(part) for part in f.args)
    if f.is_Mul:
        return sum(degree_bound(part) for part in f.args)
    if f.is_Pow and f.exp.is_Integer:
        return degree_bound(f.base) * abs(int(f.exp))
    return 0 if f.is_number else 1


def limit_sign_search() -> None:
    """Wrap sympy's search for the sign of a polynomial, once for the process; more calls change nothing.

    >>> limit_sign_search()
    >>> n = sympy.Symbol("n", positive=True)
    >>> (n**2 + n - 1 - n).is_negative, ((n + 1) ** 1000 - n**1000).is_negative
    (None, None)
    """
    original: Any = getattr(exprtools, "_monotonic_sign", None)
    if original is None or hasattr(original, "limited"):
        return

    def limited(self: Any) -> Any:
        return None if self.is_Add and degree_bound(self) > MAX_DEGREE else original(self)

    limited.limited = True  # type: ignore[attr-defined]
    exprtools._monotonic_sign = limited
