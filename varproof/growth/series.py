"""Powers, logarithms and exponentials of expansions, and the expansion of an explicit formula in n.

`leading(expr)` is the entry: the leading term of a germ, found with 3, 8, 16 and then 32 kept terms. Every step is
exact: `c m (1 + u)` with u = o(1) goes through the binomial, logarithmic or exponential series, whose rest is stated.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import sympy

from varproof.base.errors import InputError
from varproof.growth.constants import UndecidedError, sign
from varproof.growth.expansion import ZERO, Expansion, MoreTermsNeededError, add, constant, multiply
from varproof.growth.monomial import ONE, SYMBOL, Term, compare, exp_of, iterated_log

KEEP = (3, 8, 16, 32)
ALLOWED = "a formula in one positive symbol built from real constants, + - * / **, log, sqrt, exp"


def power(base: Expansion, exponent: sympy.Expr, keep: int) -> Expansion:
    """The expansion to a constant real power.

    Raises `InputError` for 0 to a power that is not positive, and for a negative base with a power that is no integer.
    """
    if base.is_zero:
        if sign(exponent) <= 0:
            raise InputError("division by a germ that is exactly zero", got=f"0**({exponent})", allowed=ALLOWED)
        return ZERO
    if sign(exponent) == 0:
        return constant(sympy.Integer(1))
    if exponent.is_Integer and 0 < exponent <= keep and base.remainder is None:
        result = base
        for _ in range(int(exponent) - 1):
            result = multiply(result, base, keep)
        return result
    c, m = base.lead()
    if not exponent.is_Integer and sign(c) < 0:
        raise InputError("not real for large n: a root of a negative germ", got=str(base), allowed=ALLOWED)
    tail = _series(_relative(base, keep), lambda k: sympy.binomial(exponent, k), keep)
    return tail.scaled(c**exponent, m.power(exponent))


def log(argument: Expansion, keep: int) -> Expansion:
    """The logarithm; raises `InputError` for an argument that is zero or negative for large n."""
    if argument.is_zero:
        raise InputError("not real for large n: the logarithm of zero", got="log(0)", allowed=ALLOWED)
    c, m = argument.lead()
    if sign(c) < 0:
        raise InputError("not real for large n: the logarithm of a negative germ", got=str(argument), allowed=ALLOWED)
    tail = _series(
        _relative(argument, keep), lambda k: sympy.Rational((-1) ** (k + 1), k) if k else sympy.Integer(0), keep
    )
    return add([Expansion(m.log_terms()), constant(sympy.log(c)), tail], keep)


def exp(argument: Expansion, keep: int) -> Expansion:
    """The exponential; raises `MoreTermsNeededError` when a term of the argument that does not vanish is not known."""
    if argument.remainder is not None and compare(argument.remainder, ONE) >= 0:
        raise MoreTermsNeededError(
            "exp of a germ that is known only up to a term that does not vanish", got=str(argument)
        )
    signs = [compare(m, ONE) for _, m in argument.terms]
    infinite = [term for term, s in zip(argument.terms, signs, strict=True) if s > 0]
    finite = sum((c for (c, _), s in zip(argument.terms, signs, strict=True) if s == 0), sympy.Integer(0))
    small = Expansion(tuple(term for term, s in zip(argument.terms, signs, strict=True) if s < 0), argument.remainder)
    tail = _series(small, lambda k: sympy.Rational(1, sympy.factorial(k)), keep)
    return tail.scaled(sympy.exp(finite), exp_of(infinite))


def _relative(germ: Expansion, keep: int) -> Expansion:
    """u with germ = c m (1 + u), c m its leading term; u = o(1)."""
    c, m = germ.lead()
    rest = Expansion(germ.terms[1:], germ.remainder)
    return rest.scaled(1 / c, m.power(sympy.Integer(-1)))


def _series(u: Expansion, coefficient: Callable[[int], sympy.Expr], keep: int) -> Expansion:
    """The sum of coefficient(k) u^k over k >= 0 for u = o(1), by Horner from the last power kept."""
    if u.is_zero:
        return constant(coefficient(0))
    result = Expansion((), ONE)  # the rest of the series over u^keep is bounded
    for k in reversed(range(keep)):
        result = add([constant(coefficient(k)), multiply(u, result, keep)], keep)
    return result


def expand(expr: sympy.Expr, keep: int = 8) -> Expansion:
    """The expansion of a formula in `SYMBOL` with `keep` terms kept at each step.

    Raises `InputError` for a formula that is not of this kind, not real for large n, or divides by zero, and
    `UndecidedError` when a constant cannot be told from zero or more terms are needed.

    >>> print(expand(sympy.exp(sympy.sqrt(sympy.log(SYMBOL) ** 2 + sympy.log(SYMBOL))), 3))
    exp(1/2)*n - exp(1/2)/8*n/log(n) + O(n/log(n)**2)
    """
    return _expand(expr, keep, {})


def _expand(expr: sympy.Expr, keep: int, memo: dict[sympy.Expr, Expansion]) -> Expansion:
    if expr not in memo:
        memo[expr] = _expand_new(expr, keep, memo)
    return memo[expr]


def _expand_new(expr: sympy.Expr, keep: int, memo: dict[sympy.Expr, Expansion]) -> Expansion:
    if expr == SYMBOL:
        return Expansion(((sympy.Integer(1), iterated_log(0)),))
    if not expr.has(SYMBOL):
        return constant(expr)
    if expr.is_Add:
        return add([_expand(term, keep, memo) for term in expr.args], keep)
    if expr.is_Mul:
        product = constant(sympy.Integer(1))
        for factor in expr.args:
            product = multiply(product, _expand(factor, keep, memo), keep)
        return product
    if isinstance(expr, sympy.exp):
        return exp(_expand(expr.args[0], keep, memo), keep)
    if isinstance(expr, sympy.log):
        return _expand_log(expr.args[0], keep, memo)
    if isinstance(expr, sympy.Abs):  # sympy makes it of sqrt(log(n)**2)
        inner = _expand(expr.args[0], keep, memo)
        return inner if inner.is_zero or sign(inner.lead()[0]) > 0 else inner.scaled(sympy.Integer(-1), ONE)
    if expr.is_Pow and not expr.exp.has(SYMBOL):
        return power(_expand(expr.base, keep, memo), expr.exp, keep)
    if expr.is_Pow:
        return exp(_expand_log(expr, keep, memo), keep)
    raise InputError("not an explicit formula in n", got=expr, allowed=ALLOWED)


def _expand_log(argument: sympy.Expr, keep: int, memo: dict[sympy.Expr, Expansion]) -> Expansion:
    if isinstance(argument, sympy.exp):  # not through exp, whose terms may be too many
        return _expand(argument.args[0], keep, memo)
    if argument.is_Pow and argument.exp.has(SYMBOL):
        return multiply(_expand(argument.exp, keep, memo), _expand_log(argument.base, keep, memo), keep)
    return log(_expand(argument, keep, memo), keep)


@lru_cache(maxsize=4096)
def leading(expr: sympy.Expr) -> Term | None:
    """The leading term (c, m) of a germ, so that expr / (c m) tends to 1; None when the germ is exactly 0.

    Raises as `expand` does.

    >>> c, m = leading(sympy.log(SYMBOL + 1) - sympy.log(SYMBOL))
    >>> c, m.text()
    (1, '1/n')
    >>> print(leading((SYMBOL + 1) ** 2 - SYMBOL**2 - 2 * SYMBOL - 1))
    None
    """
    for keep in KEEP:
        try:
            germ = expand(expr, keep)
            return None if germ.is_zero else germ.lead()
        except MoreTermsNeededError as error:
            last = error
    raise UndecidedError(f"{KEEP[-1]} terms do not settle it: {last.message}", got=expr) from last


def germ(expr: sympy.Expr | int) -> sympy.Expr:
    """The formula with its one symbol, which must be positive, renamed to `SYMBOL`.

    Raises `InputError` for several symbols, one that is not positive, or something that is no formula.
    """
    expr = sympy.sympify(expr)
    symbols = sorted(expr.free_symbols, key=str)
    if not isinstance(expr, sympy.Expr) or len(symbols) > 1 or any(not s.is_positive for s in symbols):
        raise InputError("not a formula in one positive symbol", got=expr, allowed=ALLOWED)
    return expr.xreplace({symbols[0]: SYMBOL}) if symbols else expr
