"""Upper bounds of a size formula when some of its parameters are known only up to an upper bound.

A formula that is nondecreasing is bounded by substitution. Any other formula is bounded by interval arithmetic on
expressions, which is sound and may be coarse. Parameters are nonnegative integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from itertools import product
from typing import Any

import sympy

from varproof.base.errors import InputError

LARGEST_POWER = 4096  # bits of a power that is still worked out
_MONOTONE = (sympy.floor, sympy.ceiling, sympy.log, sympy.Max, sympy.Min)


class TooLargeError(ArithmeticError):
    """A power in a size formula has more than `LARGEST_POWER` bits; it is not worked out."""


def substituted(formula: sympy.Expr, values: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """`formula` with all symbols of these names replaced at once, whatever their assumptions.

    Raises `TooLargeError` where a power of numbers would have more than 4096 bits: 2^(n/2) for a million variables.

    >>> x, y = sympy.symbols("x y")
    >>> substituted(x + 2 * y, {"x": y, "y": x})
    2*x + y
    """
    if not any(str(symbol) in values for symbol in formula.free_symbols):
        return formula
    if formula.is_Symbol:
        return values[str(formula)]
    if isinstance(formula, sympy.Piecewise):
        return formula.func(
            *(
                (substituted(value, values), condition.xreplace(_table(condition, values)))
                for value, condition in formula.args
            )
        )
    parts = [substituted(part, values) for part in formula.args]
    return _power(*parts) if formula.is_Pow else formula.func(*parts)


def _table(formula: Any, values: Mapping[str, sympy.Expr]) -> dict[sympy.Symbol, sympy.Expr]:
    return {symbol: values[str(symbol)] for symbol in formula.free_symbols if str(symbol) in values}


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    """The power, where it is not too large to be written out."""
    if base.is_Rational and exponent.is_Rational and abs(exponent) * _bits(base) > LARGEST_POWER:
        raise TooLargeError
    return base**exponent


def _bits(number: sympy.Expr) -> int:
    """log2 of a positive rational or its inverse, whichever is above 1, rounded up (of its larger part)."""
    return (max(abs(int(number.p)), int(number.q)) - 1).bit_length()


def nondecreasing(formula: sympy.Expr, names: frozenset[str]) -> bool:
    """Whether the structure of `formula` shows that it does not decrease in any of `names`; False may mean unknown.

    >>> n, m = sympy.symbols("n m", integer=True, nonnegative=True)
    >>> nondecreasing(n * m + 2 ** sympy.ceiling(n / 2), frozenset({"n", "m"}))
    True
    >>> nondecreasing(n - sympy.floor(n / 2), frozenset({"n"}))
    False
    """
    if not _occurs(formula, names):
        return True
    if formula.is_Symbol:
        return True
    inner = all(nondecreasing(part, names) for part in formula.args)
    if formula.is_Add or _is_monotone(formula):
        return inner
    if formula.is_Mul:
        return inner and all(_least(part) is not None for part in formula.args)
    if formula.is_Pow:
        base, exponent = (_least(part) for part in formula.args)
        if base is None or exponent is None:
            return False
        return inner and (base >= 1 or not _occurs(formula.args[1], names))
    return False


def upper_bound(formula: sympy.Expr, exact: Mapping[str, sympy.Expr], upper: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """An upper bound of `formula` where parameters of `exact` have that value and the others lie in [0, upper].

    Raises `InputError` for formulas that are neither nondecreasing nor built from what intervals are known for.

    >>> n, m, u = sympy.symbols("n m u", integer=True, nonnegative=True)
    >>> upper_bound(n * m, {"n": n}, {"n": n, "m": u})
    n*u
    >>> upper_bound(n - m, {"m": m}, {"n": u, "m": m})
    -m + u
    >>> upper_bound(n - m, {"n": n}, {"n": n, "m": u})
    n
    """
    loose = frozenset(upper) - frozenset(exact)
    if nondecreasing(formula, loose):
        return substituted(formula, upper)
    low = {name: exact.get(name, sympy.Integer(0)) for name in upper}
    return _interval(formula, loose, low, upper)[1]


def _is_monotone(formula: sympy.Expr) -> bool:
    """Whether a function does not decrease in any argument; functions of rules say so by `nondecreasing = True`."""
    return isinstance(formula, _MONOTONE) or getattr(type(formula), "nondecreasing", False) is True


def _least(formula: sympy.Expr) -> sympy.Expr | None:
    """A nonnegative number that `formula` is never below, for nonnegative integers in its symbols; None: not found.

    >>> n = sympy.Symbol("n", integer=True, nonnegative=True)
    >>> _least(sympy.Max(2, n) - 1), _least(n - 1)
    (1, None)
    """
    found = None
    parts = [_least(part) for part in formula.args]
    known = [part for part in parts if part is not None]
    if formula.is_Number:
        found = formula
    elif formula.is_Add:
        rest = [part if part is not None else term for term, part in zip(formula.args, parts, strict=True)]
        found = sympy.Add(*rest)
    elif isinstance(formula, sympy.Max) and known:
        found = sympy.Max(*known)
    elif len(known) == len(parts) > 0 and (formula.is_Mul or formula.func in (sympy.Min, sympy.ceiling, sympy.floor)):
        found = formula.func(*known)
    elif formula.is_Pow and len(known) == 2 and (known[0] >= 1 or formula.args[1].is_number):
        found = known[0] ** known[1]
    if found is not None and found.is_number and found.is_nonnegative:
        return found
    if formula.is_integer and formula.is_positive:
        return sympy.Integer(1)
    return sympy.Integer(0) if formula.is_nonnegative else None


def _occurs(formula: sympy.Expr, names: frozenset[str]) -> bool:
    return any(str(symbol) in names for symbol in formula.free_symbols)


def _interval(
    formula: sympy.Expr, loose: frozenset[str], low: Mapping[str, sympy.Expr], high: Mapping[str, sympy.Expr]
) -> tuple[sympy.Expr, sympy.Expr]:
    if not _occurs(formula, loose):
        value = substituted(formula, high)
        return value, value
    if formula.is_Symbol:
        return low[str(formula)], high[str(formula)]
    if isinstance(formula, sympy.Piecewise):
        parts = [_interval(value, loose, low, high) for value, _ in formula.args]
        return sympy.Min(*(a for a, _ in parts)), sympy.Max(*(b for _, b in parts))
    parts = [_interval(part, loose, low, high) for part in formula.args]
    if formula.is_Add:
        return sympy.Add(*(a for a, _ in parts)), sympy.Add(*(b for _, b in parts))
    if formula.is_Mul:
        return reduce(_times, parts)
    if _is_monotone(formula):
        return formula.func(*(a for a, _ in parts)), formula.func(*(b for _, b in parts))
    if formula.is_Pow:
        (base_low, base_high), (least, most) = parts
        if base_low == base_high and (base_low - 1).is_nonnegative:
            return _power(base_low, least), _power(base_low, most)
        if least == most and base_low.is_nonnegative and least.is_nonnegative:
            return _power(base_low, least), _power(base_high, least)
        if least == most and base_low.is_positive and least.is_negative:
            return _power(base_high, least), _power(base_low, least)
    raise InputError("this size formula has no bound by substitution", got=formula)


def _times(one: tuple[sympy.Expr, sympy.Expr], other: tuple[sympy.Expr, sympy.Expr]) -> tuple[sympy.Expr, sympy.Expr]:
    if one[0].is_nonnegative and other[0].is_nonnegative:
        return one[0] * other[0], one[1] * other[1]
    corners = [a * b for a, b in product(one, other)]
    return sympy.Min(*corners), sympy.Max(*corners)
