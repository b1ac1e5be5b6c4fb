"""The sign of an explicit function for all large n, and its logarithm written as a sum.

Functions are sympy expressions in the positive symbol n. A sign read off the shape of the expression needs no limit;
the rest is asked of `varproof.growth.limits`.
"""

from __future__ import annotations

from math import prod

import sympy

from varproof.base.errors import InputError
from varproof.growth.monomial import SYMBOL
from varproof.growth.sympy_signs import limit_sign_search

N = SYMBOL
MAX_CONSTANT_BITS = 2000
MAX_TERMS = 200

limit_sign_search()


def eventual_sign(f: sympy.Expr) -> int | None:
    """1, -1 or 0 when f is positive, negative or zero for all large n; None when that cannot be told.

    Raises `InputError` when f is not real for large n.

    >>> n = sympy.Symbol("n", positive=True)
    >>> eventual_sign(sympy.sqrt(sympy.log(n)) / n), eventual_sign(-n * sympy.log(n))
    (1, -1)
    """
    if f.is_zero:
        return 0
    if is_plainly_positive(f):
        return 1
    if is_plainly_positive(-f):
        return -1
    value = limit_value(f)
    if value is not None and not value.is_zero:
        return _sign(value)
    return None if value is None else _sign_of_vanishing(f)


def limit_value(f: sympy.Expr) -> sympy.Expr | None:
    """The limit of f at infinity, a number or +-oo, when every route of `varproof.growth.limits` agrees; else None."""
    if not f.has(N):
        return f
    from varproof.growth import limits

    found = limits.limit(f)
    return found.value if found.status == "agree" else None


def _sign_of_vanishing(f: sympy.Expr) -> int | None:
    try:
        value = limit_value(1 / f)
    except InputError:  # the denominator vanishes for all large n
        return 0
    return None if value is None else _sign(value)


def _sign(value: sympy.Expr) -> int | None:
    if value.is_extended_positive:
        return 1
    return -1 if value.is_extended_negative else None


def log_of(f: sympy.Expr) -> sympy.Expr:
    """ln f as a sum, for f positive at large n: products and powers are taken apart where every part is positive.

    >>> n = sympy.Symbol("n", positive=True)
    >>> log_of(sympy.log(n) ** 2 / n**3)
    -3*log(n) + 2*log(log(n))
    """
    if isinstance(f, sympy.exp):
        return f.args[0]
    if f.is_Mul and all(is_plainly_positive(factor) for factor in f.args):
        return sympy.Add(*(log_of(factor) for factor in f.args))
    if f.is_Pow and is_plainly_positive(f.base):
        return expand_briefly(f.exp * log_of(f.base))
    return sympy.log(f)


def expand_briefly(f: sympy.Expr) -> sympy.Expr:
    """The products of f multiplied out, unless that could give more than `MAX_TERMS` terms: 29 sums give 2**29.

    >>> n = sympy.Symbol("n", positive=True)
    >>> expand_briefly((n + 1) * sympy.log(n))
    n*log(n) + log(n)
    """
    return sympy.expand_mul(f) if _terms(f) <= MAX_TERMS else f


def _terms(f: sympy.Expr) -> int:
    if f.is_Mul:
        return prod(_terms(part) for part in f.args)
    counts = [_terms(part) for part in f.args]
    return sum(counts) if f.is_Add else max(counts, default=1)


def power_of(f: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    """f**exponent for f positive at large n, with products and powers taken apart where every part is positive.

    >>> n = sympy.Symbol("n", positive=True)
    >>> power_of(sympy.log(n) ** 2 / n, sympy.Rational(1, 2))
    log(n)/sqrt(n)
    """
    if f.is_Mul and all(is_plainly_positive(factor) for factor in f.args):
        return sympy.Mul(*(power_of(factor, exponent) for factor in f.args))
    if f.is_Pow and is_plainly_positive(f.base):
        return f.base ** (f.exp * exponent)
    if isinstance(f, sympy.exp):
        return sympy.exp(f.args[0] * exponent)
    return f**exponent


def tidy(f: sympy.Expr) -> sympy.Expr:
    """The same function at large n in one written form, as far as that is cheap.

    Nested powers are joined, the |..| that sympy makes of sqrt(x**2) is resolved, and common rational factors and signs
    of sums move to the front of products.

    >>> n = sympy.Symbol("n", positive=True)
    >>> tidy(sympy.sqrt(sympy.log(n) ** 2) + sympy.sqrt(sympy.log(n) ** 3))
    log(n)**(3/2) + log(n)
    >>> tidy((6 - 4 * n) / sympy.log(n))
    -2*(2*n - 3)/log(n)
    """

    def unsigned(argument: sympy.Expr) -> sympy.Expr:
        sign = eventual_sign(argument)
        return sympy.Abs(argument) if sign is None else sign * argument

    if f.has(sympy.Abs):
        f = f.replace(sympy.Abs, unsigned)
    f = f.replace(lambda part: part.is_Pow, lambda part: power_of(part.base, part.exp))
    return f.replace(lambda part: part.is_Mul or part.is_Pow, _constant_first)


def _constant_first(product: sympy.Expr) -> sympy.Expr:
    constants, factors = [], []
    for factor in sympy.Mul.make_args(product):
        base, exponent = factor.as_base_exp()
        constant, rest = base.primitive() if base.is_Add and exponent.is_Rational else (sympy.Integer(1), base)
        if base.is_Add and exponent.is_Integer and rest.could_extract_minus_sign():
            constant, rest = -constant, -rest
        if constant == 1 or abs(exponent) * max(abs(constant.p), constant.q).bit_length() > MAX_CONSTANT_BITS:
            factors.append(factor)
        else:
            constants.append(constant**exponent)
            factors.append(rest**exponent)
    return sympy.Mul(sympy.Mul(*constants), sympy.Mul(*factors)) if constants else product


def is_plainly_positive(f: sympy.Expr) -> bool:
    """Whether the shape of f shows that it is positive for all large n; False says nothing."""
    if f.is_number:
        return bool(f.is_positive)
    if f == N:
        return True
    if isinstance(f, sympy.log):
        return tends_plainly_to_infinity(f.args[0])
    if isinstance(f, sympy.exp):
        return is_plainly_real(f.args[0])
    if f.is_Pow:
        return is_plainly_positive(f.base) and is_plainly_real(f.exp)
    return bool(f.is_Add or f.is_Mul) and all(is_plainly_positive(part) for part in f.args)


def is_plainly_real(f: sympy.Expr) -> bool:
    """Whether the shape of f shows that it is real for all large n; False says nothing."""
    if f.is_number:
        return bool(f.is_real)
    if is_plainly_positive(f):
        return True
    if isinstance(f, sympy.log):
        return is_plainly_positive(f.args[0])
    if f.is_Pow and f.exp.is_Integer and f.exp.is_positive:
        return is_plainly_real(f.base)
    return bool(f.is_Add or f.is_Mul) and all(is_plainly_real(part) for part in f.args)


def tends_plainly_to_infinity(f: sympy.Expr) -> bool:
    """Whether the shape of f shows that it tends to infinity; False says nothing."""
    if f == N:
        return True
    if isinstance(f, (sympy.log, sympy.exp)):
        return tends_plainly_to_infinity(f.args[0])
    if f.is_Pow:
        return tends_plainly_to_infinity(f.base) and bool(f.exp.is_number and f.exp.is_positive)
    grows = [tends_plainly_to_infinity(part) for part in f.args]
    if f.is_Mul:
        return any(grows) and all(g or (p.is_number and p.is_positive) for g, p in zip(grows, f.args, strict=True))
    return (
        bool(f.is_Add) and any(grows) and all(g or is_plainly_positive(p) for g, p in zip(grows, f.args, strict=True))
    )
