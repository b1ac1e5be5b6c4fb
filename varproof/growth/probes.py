"""What samples can check about a claimed leading term: formulas that must tend to 1, as small as possible.

The whole formula over its leading term is one. It settles nothing when a factor converges slowly, as 1 + 1/loglog n
does, beside another that needs n itself. Then the parts are asked: a product behaves as its leading term when each
factor does, a power when its base does, and each part is sampled at its own scale, far beyond what the whole allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from varproof.growth.constants import sign
from varproof.growth.monomial import ONE, SYMBOL, Term, compare
from varproof.growth.samples import Reading, read
from varproof.growth.series import leading


@dataclass(frozen=True)
class Probes:
    """The whole formula with its target (1: tends to 1, 0: is exactly 0), and the parts, which must all tend to 1."""

    whole: sympy.Expr
    target: int
    parts: tuple[sympy.Expr, ...] = ()

    def read(self) -> Reading:
        """What the samples say about the whole, or about the parts where the whole settles nothing."""
        reading = read(self.whole, self.target)
        if reading != "inconclusive" or not self.parts:
            return reading
        readings = {read(part, 1) for part in self.parts}
        if "disagree" in readings:
            return "disagree"
        return "inconclusive" if "inconclusive" in readings else "agree"


def probes(expr: sympy.Expr, term: Term | None) -> Probes:
    """Formulas whose targets hold exactly when `expr` behaves as `term` says (None: is exactly 0).

    >>> from varproof.growth.monomial import SYMBOL as n
    >>> found = probes((n + 1) * (sympy.log(n) + 2), leading((n + 1) * (sympy.log(n) + 2)))
    >>> found.parts, found.read()
    ((1 + 1/n, 1 + 2/log(n)), 'agree')
    """
    if term is None:
        return Probes(expr, 0)
    whole = sympy.expand_mul(expr / (term[0] * term[1].to_expr()), deep=False)
    factors = sympy.Mul.make_args(expr)
    c, m = sympy.Integer(1), ONE
    for factor in factors:
        c, m = c * _lead(factor)[0], m.times(_lead(factor)[1])
    if compare(m, term[1]) != 0 or sign(c - term[0]) != 0:  # the parts would confirm another term than this one
        return Probes(whole, 1)
    parts = [ratio for factor in factors for ratio in _ratios(factor)]
    return Probes(whole, 1, tuple(dict.fromkeys(parts)))


def _ratios(factor: sympy.Expr) -> list[sympy.Expr]:
    """Formulas that tend to 1 exactly when the factor behaves as its leading term; none for what is a monomial."""
    base, exponent = factor.as_base_exp()
    if isinstance(factor, sympy.exp) or exponent.has(SYMBOL):
        c, m = _lead(factor)
        size = sympy.log(c) + sympy.Add(*(a * k.to_expr() for a, k in m.log_terms()))
        return [sympy.exp(_alike(_logarithm(factor)) - _alike(size))]
    if exponent != 1:
        return [ratio for part in sympy.Mul.make_args(base) for ratio in _ratios(part)]
    if factor.is_Add:
        return _ratios_of_sum(factor)
    ratio = factor / _size(factor)
    return [] if ratio == 1 else [ratio]


def _ratios_of_sum(total: sympy.Add) -> list[sympy.Expr]:
    """For one dominating term its own parts, and for each other term that it vanishes beside it."""
    size = _size(total)
    terms = [leading(part) for part in total.args]
    alike = [part for part, t in zip(total.args, terms, strict=True) if t and compare(t[1], _lead(total)[1]) >= 0]
    if len(alike) != 1:  # cancellation: only the sum as a whole says something
        return [sympy.Add(*(part / size for part in total.args))]
    others = [1 + part / size for part in total.args if part is not alike[0]]
    return others + [ratio for factor in sympy.Mul.make_args(alike[0]) for ratio in _ratios(factor)]


def _logarithm(factor: sympy.Expr) -> sympy.Expr:
    if isinstance(factor, sympy.exp):
        return factor.args[0]
    return factor.exp * sympy.log(factor.base)


def _alike(expr: sympy.Expr) -> sympy.Expr:
    """Powers with n above written with exp, and logarithms split, so that equal terms look equal and cancel."""
    inner = expr.replace(lambda e: e.is_Pow and e.exp.has(SYMBOL), lambda e: sympy.exp(_alike(_logarithm(e))))
    return sympy.expand_mul(sympy.expand_log(inner, force=True))


def _size(factor: sympy.Expr) -> sympy.Expr:
    c, m = _lead(factor)
    return c * m.to_expr()


def _lead(factor: sympy.Expr) -> Term:
    term = leading(factor)
    assert term is not None  # a factor of a germ that is not zero
    return term
