"""Schedules as integers, so that a space can draw, list and shrink them: bit p - 1 says whether side p is a scale."""

from __future__ import annotations

from varproof.families.space import Integer

FIRST = 3  # the sides 1, 2: the first integer from which on two scales can be read


def sides_up_to(largest: int) -> Integer:
    """All schedules of two scales or more with sides at most `largest`, as a field that draws each last side as often.

    >>> sides_up_to(3)
    Integer(low=3, high=7, log=True)
    """
    return Integer(FIRST, 2**largest - 1, log=True)


def sides_of(drawn: int) -> tuple[int, ...]:
    """The sides, at least two: a power of two (one side) gets side 1 as well.

    >>> sides_of(0b10110), sides_of(0b100)
    ((2, 3, 5), (1, 3))
    """
    sides = tuple(place + 1 for place in range(drawn.bit_length()) if drawn >> place & 1)
    return sides if len(sides) > 1 else (1, *sides)


def schedule_text(drawn: int) -> str:
    """The schedule as an axis of a grid holds it.

    >>> schedule_text(0b10110)
    '2-3-5'
    """
    return "-".join(map(str, sides_of(drawn)))
