"""Reading options that are integers: within a range, and a message that names it."""

from __future__ import annotations

import re
from collections.abc import Callable

from varproof.base.errors import InputError

LARGEST_LIMIT = 1 << 40  # integers; a limit beyond is no limit on any machine
RAISE_LIMIT = "--set limit=NUMBER raises it"


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """What reads text as an integer from `low` to `high` and raises `InputError` with that range for anything else.

    >>> whole_number(1, 16)(" 3 ")
    3
    >>> whole_number(1, 16)("17")
    Traceback (most recent call last):
    varproof.base.errors.InputError: not a number in the range of this option
      got:     17
      allowed: an integer from 1 to 16
    """

    def read(text: str) -> int:
        digits = text.strip()
        # at most 18 digits: longer text is outside every range, and Python refuses to read thousands
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", digits) or not low <= int(digits) <= high:
            allowed = f"an integer from {low} to {high}"
            raise InputError("not a number in the range of this option", got=text, allowed=allowed)
        return int(digits)

    return read
