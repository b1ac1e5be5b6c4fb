"""Reads the axes of a case and refuses values for which a check has no meaning or would not end."""

from __future__ import annotations

from fractions import Fraction

from varproof.base.errors import InputError
from varproof.claims.model import Case


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


def chosen(case: Case, axis: str, allowed: tuple[int, ...]) -> tuple[int, ...]:
    """The values of an axis, each one of `allowed`: for a statement that is about these values and no others.

    Raises `InputError` for any other value.

    >>> chosen(Case({}, {"bound": (4,)}), "bound", (1, 4, 16))
    (4,)
    """
    for value in case.cells[axis]:
        if value not in allowed:
            named = ", ".join(map(str, allowed))
            raise InputError(f"cell axis {axis}", got=value, allowed=f"{named}: the statement is about these")
    return integers(case, axis, low=min(allowed), high=max(allowed))


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
