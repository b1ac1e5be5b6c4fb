"""Options of the rules into VAR attention, read strictly, and refusals that fit into one line."""

from __future__ import annotations

from reductions.core.reduction import Option
from reductions.core.whole_number import whole_number
from varproof.base.errors import InputError, shorten
from varproof.growth.schedules import parse_schedule
from varproof.var.interpolation.operators import MAX_SIDE, kernel_named

FAMILIES = ("doubling", "linear")
RATIO = "ratio:"
MAX_COPIES = 10**6


def is_family(text: str) -> bool:
    """Whether a schedule is named without its last side: doubling, linear or ratio:A.

    >>> is_family("ratio:2"), is_family("256")
    (True, False)
    """
    word = text.strip().lower()
    return word in FAMILIES or word.startswith(RATIO)


def parse_schedule_name(text: str) -> str:
    """`text` when it names a schedule, or a family whose smallest member that fits is taken. Raises `InputError`.

    >>> parse_schedule_name(" Doubling "), parse_schedule_name("1,2,4")
    ('doubling', '1,2,4')
    """
    word = text.strip().lower()
    parse_schedule(word, 2 if is_family(word) else None)
    return word


def parse_kernel(text: str) -> str:
    """`text` when it names an interpolation kernel. Raises `InputError`.

    >>> parse_kernel("bspline")
    'bspline'
    """
    kernel_named(text)
    return text


def in_one_line(error: InputError) -> str:
    """The message of an error with what came, what is allowed and the hint, for a reason inside another message.

    >>> in_one_line(InputError("no such side", got=0, allowed="1 or more", hint="take 2"))
    'no such side: got 0, allowed: 1 or more (take 2)'
    """
    text = error.message
    if error.got is not None:
        text += f": got {shorten(error.got, 40)}"
    if error.allowed:
        text += f", allowed: {error.allowed}"
    return f"{text} ({error.hint})" if error.hint else text


SCHEDULE_MEANING = "sides, 256, 512, 1024, or doubling, linear, ratio:A: the smallest member that fits"
COPIES_OPTION = Option(4, whole_number(1, MAX_COPIES), "channels that carry the suppression, where there is one")
BLOCK_OPTION = Option(7, whole_number(1, MAX_SIDE), "cells along the side of a block")
MARGIN_OPTION = Option(3, whole_number(0, MAX_SIDE), "distance of the flagged core from the block's border")
KERNEL_OPTION = Option("bicubic", parse_kernel, "the up-interpolation")


def schedule_option(otherwise: str) -> Option:
    """The option `schedule`; `otherwise` says what is taken where none is named."""
    return Option(None, parse_schedule_name, f"{SCHEDULE_MEANING}; None: {otherwise}")
