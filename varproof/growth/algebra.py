"""The limit of a germ by the growth algebra alone: from its leading term, or from the leading term of its logarithm.

Some germs have no leading term in growth monomials: `exp(log n/(loglog n + 1))` would need infinitely many factors that
tend to infinity. Their logarithm has one, and that settles the limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy

from varproof.base.errors import InputError
from varproof.growth.constants import UndecidedError, sign
from varproof.growth.monomial import ONE, Term, compare, terms_text
from varproof.growth.probes import Probes, probes
from varproof.growth.series import ALLOWED, leading


@dataclass(frozen=True)
class Behaviour:
    """How a germ behaves at infinity.

    `limit` is an exact real number, oo or -oo; `sign` the eventual sign; `text` the leading term; `deciding` the
    dominating term of the logarithm of the growth ("" when the germ tends to a number other than 0 or is 0). `probes`
    are the formulas that samples can check (`varproof.growth.probes`).
    """

    limit: sympy.Expr
    sign: int
    text: str
    deciding: str
    probes: Probes


@lru_cache(maxsize=4096)
def behaviour(expr: sympy.Expr) -> Behaviour:
    """The behaviour of a formula in `varproof.growth.monomial.SYMBOL` at infinity.

    Raises `InputError` and `UndecidedError` as `varproof.growth.series.expand` does.

    >>> from varproof.growth.monomial import SYMBOL as n
    >>> behaviour(sympy.log(n) / n).text
    'log(n)/n'
    >>> behaviour(sympy.exp(sympy.log(n) / (sympy.log(sympy.log(n)) + 1))).text
    'exp(log(n)/loglog(n)*(1 + o(1)))'
    """
    try:
        term = leading(expr)
    except UndecidedError as error:
        try:
            return _from_logarithm(expr)
        except UndecidedError:
            raise error from None
    if term is None:
        zero = sympy.Integer(0)
        return Behaviour(zero, 0, "0", "", probes(expr, None))
    c, m = term
    deciding = terms_text(m.log_terms()[:1]) if m != ONE else ""
    return Behaviour(limit_of_term(term), sign(c), terms_text([term]), deciding, probes(expr, term))


def limit_of_term(term: Term) -> sympy.Expr:
    """The limit of c m: c, 0, oo or -oo."""
    c, m = term
    size = compare(m, ONE)
    if size == 0:
        return c
    return sympy.Integer(0) if size < 0 else sympy.oo * sign(c)


def _from_logarithm(expr: sympy.Expr) -> Behaviour:
    s, h = _log_form(expr)
    term = leading(h)
    if term is None or compare(term[1], ONE) <= 0:  # h tends to a number
        value = s * sympy.exp(sympy.Integer(0) if term is None else limit_of_term(term))
        return Behaviour(value, s, terms_text([(value, ONE)]), "", probes(h, term))
    c = term[0]
    text = ("-" if s < 0 else "") + f"exp({terms_text([term])}*(1 + o(1)))"
    limit = s * sympy.oo if sign(c) > 0 else sympy.Integer(0)
    return Behaviour(limit, s, text, terms_text([term]), probes(h, term))


def _log_form(expr: sympy.Expr) -> tuple[int, sympy.Expr]:
    """(s, h) with expr = s exp(h + o(1)), s = 1 or -1."""
    try:
        term = leading(expr)
    except UndecidedError:
        return _log_form_of_parts(expr)
    if term is None:
        raise UndecidedError("the logarithm of zero", got=expr)
    c, m = term
    return sign(c), sympy.log(sign(c) * c) + sympy.Add(*(a * k.to_expr() for a, k in m.log_terms()))


def _log_form_of_parts(expr: sympy.Expr) -> tuple[int, sympy.Expr]:
    if isinstance(expr, sympy.exp):
        return 1, expr.args[0]
    if isinstance(expr, sympy.Abs):
        return 1, _log_form(expr.args[0])[1]
    if expr.is_Mul:
        parts = [_log_form(factor) for factor in expr.args]
        return int(sympy.prod(s for s, _ in parts)), sympy.Add(*(h for _, h in parts))
    if expr.is_Pow and expr.exp.is_number:
        s, h = _log_form(expr.base)
        if s < 0 and not expr.exp.is_Integer:
            raise InputError("not real for large n: a root of a negative germ", got=expr.base, allowed=ALLOWED)
        return (s if expr.exp.is_odd else 1), expr.exp * h
    if expr.is_Pow:
        return 1, expr.exp * sympy.log(expr.base)
    if expr.is_Add:
        return _dominating([_log_form(term) for term in expr.args], expr)
    raise UndecidedError("no leading term, and none of the logarithm", got=expr)


def _dominating(parts: list[tuple[int, sympy.Expr]], expr: sympy.Expr) -> tuple[int, sympy.Expr]:
    """The part beside which all others vanish: log of the ratio tends to -oo."""
    best = parts[0]
    for part in parts[1:]:
        if _difference_sign(part[1] - best[1]) > 0:
            best = part
    for part in parts:
        if part is not best and _difference_sign(part[1] - best[1]) >= 0:
            raise UndecidedError("two parts of a sum grow alike", got=expr)
    return best


def _difference_sign(difference: sympy.Expr) -> int:
    """1 or -1 when the difference tends to oo or -oo, 0 when it stays bounded."""
    term = leading(difference)
    return 0 if term is None or compare(term[1], ONE) <= 0 else sign(term[0])
