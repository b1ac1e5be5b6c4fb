"""Exact signs of real constants, and balls around expressions: the ground on which growth comparisons stand.

A constant is a sympy number built from rationals, pi, E, sums, products, powers, log and exp. Its sign is positive or
negative when a ball excludes zero, and zero only when an identity proves it; anything else is `UndecidedError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import sympy
from flint import arb, ctx, fmpq

from varproof.base.errors import InputError, VarproofError

MAX_BITS = 4096
_FIRST_LOOK = (64, 256)
_SECOND_LOOK = (1024, MAX_BITS)


class UndecidedError(VarproofError):
    """The question has an answer, but the exact methods at hand did not find it."""

    exit_code = 3


def enclose(expr: sympy.Expr, known: Mapping[sympy.Expr, arb]) -> arb:
    """A ball around the value of `expr` at the current working precision; `known` gives values of subexpressions.

    The ball is not finite where the value is not a real number, or not known to be one at this precision. Raises
    `InputError` for a function or a symbol that is not known.

    >>> with ctx.workprec(64):
    ...     print(enclose(sympy.sqrt(2) * sympy.log(3), {}).str(12, radius=False))
    1.55367239842
    """
    if expr in known:
        return known[expr]
    if expr.is_Rational:
        return arb(fmpq(int(expr.p), int(expr.q)))
    if expr is sympy.E:
        return arb(1).exp()
    if expr is sympy.pi:
        return arb.pi()
    if expr.is_Add:
        return sum((enclose(term, known) for term in expr.args), arb(0))
    if expr.is_Mul:
        value = arb(1)
        for factor in expr.args:
            value *= enclose(factor, known)
        return value
    if isinstance(expr, sympy.exp):
        return enclose(expr.args[0], known).exp()
    if isinstance(expr, sympy.Abs):
        return abs(enclose(expr.args[0], known))
    if isinstance(expr, sympy.log):
        return _enclose_log(expr.args[0], known)
    if expr.is_Pow:
        return _enclose_power(expr.base, expr.exp, known)
    raise InputError(
        "not part of an explicit formula", got=expr, allowed="rationals, pi, E, + - * / **, log, sqrt, exp"
    )


def _enclose_log(argument: sympy.Expr, known: Mapping[sympy.Expr, arb]) -> arb:
    """The logarithm, taken inside powers and products of positive factors, where it stays small and accurate."""
    if sympy.log(argument) in known:
        return known[sympy.log(argument)]
    if isinstance(argument, sympy.exp):
        return enclose(argument.args[0], known)
    if argument.is_Pow and _is_positive(argument.base, known):
        return enclose(argument.exp, known) * _enclose_log(argument.base, known)
    if argument.is_Mul and all(_is_positive(factor.as_base_exp()[0], known) for factor in argument.args):
        return sum((_enclose_log(factor, known) for factor in argument.args), arb(0))
    return enclose(argument, known).log()


def _is_positive(expr: sympy.Expr, known: Mapping[sympy.Expr, arb]) -> bool:
    return bool(expr.is_positive or sympy.log(expr) in known)


def _enclose_power(base: sympy.Expr, exponent: sympy.Expr, known: Mapping[sympy.Expr, arb]) -> arb:
    if sympy.log(base) in known:  # a small power of a number too large for a ball is still a ball around zero
        return (enclose(exponent, known) * known[sympy.log(base)]).exp()
    if exponent.is_Integer:
        return enclose(base, known) ** int(exponent)
    if exponent == sympy.Rational(1, 2):
        return enclose(base, known).sqrt()
    return (enclose(exponent, known) * _enclose_log(base, known)).exp()


@lru_cache(maxsize=8192)
def sign(value: sympy.Expr) -> int:
    """The exact sign (-1, 0, 1) of a real constant.

    Raises `UndecidedError` when no ball of up to 4096 bits excludes zero and no identity proves that it is zero, and
    `InputError` for what is not a real number.

    >>> sign(sympy.log(8) - 3 * sympy.log(2)), sign(sympy.pi - sympy.Rational(355, 113))
    (0, -1)
    """
    if value.is_Rational:
        return int(value.p > 0) - int(value.p < 0)
    finite = False
    for look, precisions in enumerate((_FIRST_LOOK, _SECOND_LOOK)):
        for bits in precisions:
            with ctx.workprec(bits):
                enclosure = enclose(value, {})
            if enclosure > 0:
                return 1
            if enclosure < 0:
                return -1
            finite = finite or enclosure.is_finite()
        if look == 0 and not finite and value.is_extended_real is False:  # asked late: sympy may search long for it
            raise InputError("not a real number", got=value, allowed="a real constant")
        if look == 0 and finite and _cheap_zero(value):
            return 0
    if finite and _costly_zero(value):
        return 0
    raise UndecidedError(
        "cannot tell a constant from zero", got=value, hint=f"{MAX_BITS} bits and exact rewriting failed"
    )


def _cheap_zero(value: sympy.Expr) -> bool:
    # logarithms of integers are split over prime factors, which makes rational relations among them visible
    return bool(sympy.expand(sympy.expand_log(sympy.expand(value), force=True, factor=True)) == 0)


def _costly_zero(value: sympy.Expr) -> bool:
    if sympy.simplify(value) == 0:
        return True
    if not value.is_algebraic:
        return False
    try:
        minimal = sympy.minimal_polynomial(value, polys=True)
        return bool(minimal.degree() == 1 and minimal.eval(0) == 0)
    except NotImplementedError:
        return False


def equal(left: sympy.Expr, right: sympy.Expr) -> bool:
    """Whether two constants (oo and -oo allowed) are the same number; raises `UndecidedError` as `sign` does.

    >>> equal(sympy.sqrt(8), 2 * sympy.sqrt(2)), equal(sympy.oo, sympy.Integer(3))
    (True, False)
    """
    if left.is_infinite or right.is_infinite:
        return bool(left == right)
    return sign(left - right) == 0
