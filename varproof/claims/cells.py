"""Reads the axes of a case and refuses values for which a check has no meaning or would not end."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar

from varproof.base.errors import InputError
from varproof.claims.model import Case

Value = TypeVar("Value", int, str)


def integers(case: Case, axis: str, *, low: int, high: int) -> tuple[int, ...]:
    """The values of an axis as integers in [low, high]; raises `InputError` for any other value.

    >>> integers(Case({}, {"keys": (2, 3)}), "keys", low=1, high=8)
    (2, 3)
    """
    values = []
    for value in case.cells[axis]:
        number = value if isinstance(value, str) else Fraction(value)
        if isinstance(number, str) or number.denominator != 1 or not low <= number <= high:
            raise InputError(f"cell axis {axis}", got=value, allowed=f"integers from {low} to {high}")
        values.append(int(number))
    return tuple(values)


def chosen(case: Case, axis: str, allowed: tuple[Value, ...]) -> tuple[Value, ...]:
    """The values of an axis, each one of `allowed`: for a statement that is about these values and no others.

    Raises `InputError` for any other value. A name made of digits is read as the number or the name that is allowed.

    >>> chosen(Case({}, {"bound": (4,)}), "bound", (1, 4, 16))
    (4,)
    >>> chosen(Case({}, {"preset": (256,)}), "preset", ("256", "512"))
    ('256',)
    """
    by_text = {str(value): value for value in allowed}
    for value in case.cells[axis]:
        if str(value) not in by_text:
            named = ", ".join(by_text)
            raise InputError(f"cell axis {axis}", got=value, allowed=f"{named}: the statement is about these")
    return tuple(by_text[str(value)] for value in case.cells[axis])


def rationals(
    case: Case, axis: str, *, above: int | Fraction, below: int | Fraction | None = None
) -> tuple[Fraction, ...]:
    """The values of an axis as rationals strictly above `above` and, where given, strictly below `below`.

    Raises `InputError` for any other value and for more than 60 digits, at which exact grids become slow.

    >>> rationals(Case({}, {"root": (Fraction(3, 2),)}), "root", above=1)
    (Fraction(3, 2),)
    """
    allowed = f"rationals above {above}" + (f" and below {below}" if below is not None else "") + ", at most 60 digits"
    values = []
    for value in case.cells[axis]:
        number = value if isinstance(value, str) else Fraction(value)
        if isinstance(number, str) or number <= above or (below is not None and number >= below) or _long(number):
            raise InputError(f"cell axis {axis}", got=value, allowed=allowed)
        values.append(number)
    return tuple(values)


def _long(number: Fraction) -> bool:
    return max(abs(number.numerator), number.denominator) >= 10**60
