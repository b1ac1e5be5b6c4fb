"""Exact rationals from what users type: decimals and fractions, never through a float."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from numbers import Rational

from varproof.base.errors import InputError

Exact = str | int | Fraction | Rational | Decimal
MAX_CHARACTERS = 400
MAX_EXPONENT = 4000

_NUMBER = re.compile(r"[+-]?(?:(?P<num>\d+)/(?P<den>\d+)|(?:\d+\.?\d*|\.\d+)(?:[eE](?P<exp>[+-]?\d+))?)", re.ASCII)


def parse_rational(value: Exact, *, name: str = "value") -> Fraction:
    """The exact rational that `value` spells or is: `"16"`, `"1e-16"`, `"1/3"`, integers (of NumPy too), `Decimal`.

    A float is refused: `0.1` is not one tenth. Raises `InputError` for anything else, for more than 400 characters
    and for decimal exponents beyond 4000 in absolute value (the answer would not fit into memory), also of a `Decimal`.

    >>> parse_rational("1e-3"), parse_rational("1/3"), parse_rational(".5")
    (Fraction(1, 1000), Fraction(1, 3), Fraction(1, 2))
    """
    allowed = f'an integer, a decimal such as "1e-16" or a fraction such as "1/3", at most {MAX_CHARACTERS} characters'
    if isinstance(value, Rational) and not isinstance(value, bool):
        return Fraction(int(value.numerator), int(value.denominator))  # int: other types keep their own parts
    if isinstance(value, Decimal) and value.is_finite():
        _check_exponent(int(value.as_tuple().exponent), value, name)
        _check_exponent(value.adjusted(), value, name)
        return Fraction(value)
    if not isinstance(value, str):
        raise InputError(
            f"{name} must be exact",
            got=f"{value!r} ({type(value).__name__})",
            allowed=allowed,
            hint='write it as text, e.g. "0.1", so that it is taken exactly',
        )
    text = value.strip()
    found = _NUMBER.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    if found is None:
        raise InputError(f"{name} is not a rational number", got=value, allowed=allowed)
    if found["den"] is not None and int(found["den"]) == 0:
        raise InputError(f"{name} has denominator zero", got=value, allowed=allowed)
    _check_exponent(int(found["exp"] or 0), value, name)
    return Fraction(text)


def _check_exponent(exponent: int, value: object, name: str) -> None:
    if abs(exponent) > MAX_EXPONENT:
        raise InputError(
            f"{name} has too large a decimal exponent", got=value, allowed=f"exponents up to {MAX_EXPONENT}"
        )


def positive_rational(value: Exact, *, name: str) -> Fraction:
    """`parse_rational`, refusing zero and negative values."""
    number = parse_rational(value, name=name)
    if number <= 0:
        raise InputError(f"{name} must be positive", got=value, allowed=f"{name} > 0")
    return number


def open_unit_rational(value: Exact, *, name: str) -> Fraction:
    """`parse_rational`, refusing what is not strictly between 0 and 1."""
    number = parse_rational(value, name=name)
    if not 0 < number < 1:
        raise InputError(f"{name} must lie strictly between 0 and 1", got=value, allowed=f"0 < {name} < 1")
    return number
