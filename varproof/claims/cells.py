"""Reads the axes of a case and refuses values for which a check has no meaning or would not end."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from varproof.base.errors import InputError
from varproof.claims.model import Case
from varproof.growth.schedules import Schedule, parse_schedule

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


def schedules(case: Case, axis: str, *, most_tokens: int, least_scales: int = 1) -> tuple[Schedule, ...]:
    """The values of an axis as schedules: 256, 512, 1024, or sides joined by "-" (a comma separates values).

    The name of each is the value itself. Raises `InputError` for anything else, for fewer than `least_scales` scales
    and for more than `most_tokens` tokens, with which a check would take minutes.

    >>> [schedule.sides for schedule in schedules(Case({}, {"s": ("1-2-4", "1-3")}), "s", most_tokens=30)]
    [(1, 2, 4), (1, 3)]
    """
    scales = f" and at least {least_scales} scales" if least_scales > 1 else ""
    allowed = f"sides such as 1-2-4, or 256, 512, 1024, with at most {most_tokens} tokens{scales}"
    found = []
    for value in case.cells[axis]:
        text = str(value)
        try:
            schedule = parse_schedule(text.replace("-", ","))
        except InputError as error:
            raise InputError(f"cell axis {axis}: {error.message}", got=value, allowed=allowed) from None
        if schedule.number_of_scales < least_scales or schedule.tokens > most_tokens:
            sizes = f"{text} ({schedule.number_of_scales} scales, {schedule.tokens} tokens)"
            raise InputError(f"cell axis {axis}", got=sizes, allowed=allowed)
        found.append(replace(schedule, name=text))
    return tuple(found)


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
