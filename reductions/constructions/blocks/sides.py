"""Sides of the token maps for an attention instance: those that are named, or the smallest that have room."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from reductions.constructions.blocks.flags import Blocks
from reductions.constructions.blocks.options import RATIO, is_family
from reductions.problems.attention import ApproximateAttention
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational
from varproof.growth.schedules import PRESETS, Schedule, doubling, parse_schedule
from varproof.var.interpolation.operators import MAX_SIDE


def schedule_with(places: int, text: str | None) -> Schedule:
    """The schedule named, or the smallest with `places` tokens on its last scale: of the family named, else of the
    presets and of doubling. A family's member has two scales at least.

    >>> [schedule_with(20, text).sides for text in (None, "doubling", "linear", "ratio:3", "1,9")]
    [(1, 2, 4, 8), (1, 2, 4, 8), (1, 2, 3, 4, 5), (1, 5), (1, 9)]
    """
    root = max(2, math.isqrt(max(places, 1) - 1) + 1)
    text = None if text is None else text.strip().lower()
    if text is not None and is_family(text):
        if text.startswith(RATIO):
            root = max(root, math.ceil(_ratio(text)))
        return parse_schedule(text, 1 << (root - 1).bit_length() if text == "doubling" else root)
    if text is not None:
        return parse_schedule(text)
    side = 1 << (root - 1).bit_length()
    for name in PRESETS:
        if parse_schedule(name).side == side:
            return parse_schedule(name)
    return doubling(side)


def sides_for(instance: ApproximateAttention, options: Mapping[str, Any]) -> tuple[int, ...]:
    """The schedule named, or 1, ..., m/4, m/2, m (halves rounded up), ratio m with the smallest m that has the blocks.

    Of a family that is named without n, the smallest member whose last two scales have enough blocks, each a whole
    number of tokens wide. Raises `InputError` where there is none, and where ratio x m is no integer above m.
    """
    wanted = max(len(instance.queries), len(instance.keys))
    text = options["schedule"]
    if text is not None and is_family(text):
        return _member(text.strip().lower(), wanted, int(options["block"]))
    if text is not None:
        return parse_schedule(text).sides
    m = int(options["block"]) * (math.isqrt(max(wanted, 1) - 1) + 1)
    fine = options["ratio"] * m
    if fine.denominator != 1 or fine <= m:
        raise InputError("the last side is no integer", got=f"{options['ratio']} x {m}", allowed="an integer above")
    sides = [int(fine)]
    while m > 1:
        sides.append(m)
        m = -(-m // 2)
    return (*reversed([*sides, 1]),) if sides[-1] > 1 else tuple(reversed(sides))


def blocks_for(instance: ApproximateAttention, options: Mapping[str, Any]) -> Blocks:
    """The blocks of the last two scales. Raises `InputError` for a schedule of one scale, and as `sides_for` does."""
    sides = sides_for(instance, options)
    if len(sides) < 2:
        raise InputError("a schedule of one scale has no interpolated map", got=sides, allowed="two scales or more")
    return Blocks(int(options["block"]), int(options["margin"]), sides[-2], sides[-1], options["kernel"])


def _member(text: str, wanted: int, block: int) -> tuple[int, ...]:
    ratio = _ratio(text) if text.startswith(RATIO) else Fraction(2)
    for n in range(2, MAX_SIDE + 1):
        if text == "doubling" and n & (n - 1):
            continue
        coarse = n - 1 if text == "linear" else math.floor(n / ratio)
        if coarse >= 1 and (coarse // block) ** 2 >= max(wanted, 1) and block * n % coarse == 0:
            return parse_schedule(text, n).sides
    raise InputError(
        "no schedule of this family has the blocks",
        got=f"{text}, {wanted} blocks of {block} cells",
        allowed=f"a member up to side {MAX_SIDE} with blocks a whole number of tokens wide",
        hint="write the sides, such as 35,70",
    )


def _ratio(text: str) -> Fraction:
    return parse_rational(text.removeprefix(RATIO), name="ratio")
