"""The closed forms as sympy formulas, for display in text and LaTeX; numbers come from `closed_forms`, by Arb.

A formula here is never evaluated to decide anything: the tests hold each one against the Arb function of the same name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from varproof.approx.start_points import Kind
from varproof.base.errors import InputError

if TYPE_CHECKING:
    import sympy

Name = Literal["bessel_lower", "bessel_upper", "exponential_upper", "poisson_upper", "lambert_degree", "law_degree"]


def formula(name: Name, kind: Kind = "rel") -> sympy.Expr:
    """The right-hand side of a closed form in the symbols n = degree + 1, B, eps, and a, b or mu for free parameters.

    `bessel_lower`, `bessel_upper` (T1 for "abs", T2 for "rel"), `exponential_upper` (T3) and `poisson_upper` (T4, "rel"
    only) bound the best error of degree n - 1; `lambert_degree` (T4) is an n that suffices for accuracy eps;
    `law_degree` is n of the asymptotic law at its angle a ("rel": a cosh a - sinh a = ln(1/eps)/B) or b ("abs":
    b sinh b - cosh b = ln(1/eps)/B). Raises `InputError` for an unknown combination. Proofs:
    docs/explanation/polynomials-for-exp.md. Source: arXiv:2205.06249 for the question.

    >>> formula("exponential_upper", "abs")
    2*exp(B*cosh(b) - b*n)/(1 - exp(-b))
    """
    import sympy as sp

    B, eps, a, b, mu = sp.symbols("B epsilon a b mu", positive=True)
    n, k = sp.symbols("n k", integer=True, positive=True)

    def tail(order: sympy.Expr, argument: sympy.Expr) -> sympy.Expr:
        return sp.Sum(sp.besselj(k, argument), (k, order, sp.oo))

    u = sp.exp(B * sp.sinh(a) - n * a)
    absolute = 2 * (sp.log(1 / eps) + B / 4 + sp.log(4)) / (sp.E * B)
    relative = (sp.log(9 / eps) - B) / (sp.E * B)
    table = {
        ("bessel_lower", "abs"): 2 * sp.besseli(n, B),
        ("bessel_upper", "abs"): 2 * sp.Sum(sp.besseli(k, B), (k, n, sp.oo)),
        ("bessel_lower", "rel"): sp.Abs(sp.besselj(n, B)),
        ("bessel_upper", "rel"): 2 * tail(n, B) / (1 - tail(2 * n, 2 * B)),
        ("exponential_upper", "abs"): 2 * sp.exp(B * sp.cosh(b) - n * b) / (1 - sp.exp(-b)),
        ("exponential_upper", "rel"): 2 * u / (1 - sp.exp(-a) - u**2),
        ("poisson_upper", "rel"): (1 + 2 / mu) * sp.exp(mu * B) * (1 + mu) ** (-n),
        ("lambert_degree", "abs"): sp.ceiling(sp.Max(B, B / 2 * sp.exp(1 + sp.LambertW(absolute)))),
        ("lambert_degree", "rel"): sp.ceiling(sp.Max(5 * B / 4, B * sp.exp(1 + sp.LambertW(relative)))),
        ("law_degree", "abs"): B * sp.sinh(b),
        ("law_degree", "rel"): B * sp.cosh(a),
    }
    if (name, kind) not in table:
        raise InputError(
            "no such formula", got=f"{name}, {kind}", allowed="; ".join(f"{known}, {of}" for known, of in table)
        )
    return table[name, kind]
