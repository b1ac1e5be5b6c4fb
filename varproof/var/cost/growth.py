"""How the cost of every phase grows with n: exact leading terms of a family, and slopes measured between two sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from varproof.base.errors import InputError
from varproof.growth.schedules import (
    PRESETS,
    Schedule,
    doubling,
    geometric,
    linear,
    parse_schedule,
)
from varproof.var.cost.forms import Form, total
from varproof.var.cost.moments import Growth, Variant, moment_growth
from varproof.var.cost.phases import flops_by_phase, phase_forms
from varproof.var.models.config import Config

FAMILIES = ("doubling", "ratio", "linear")  # those with a limit; a preset and a list are one size


@dataclass(frozen=True)
class Slopes:
    """log(flops at `end` / flops at `start`) / log(end / start), by phase and for all phases together."""

    start: int
    end: int
    phases: dict[str, float]
    total: float


def ratio_of(schedule: Schedule) -> Fraction | None:
    """By how much neighbouring sides of the family differ as n grows; None for the linear one.

    >>> ratio_of(parse_schedule("ratio:3/2", 12))
    Fraction(3, 2)
    """
    if schedule.family == "linear":
        return None
    return Fraction(2) if schedule.family == "doubling" else Fraction(schedule.name.removeprefix("ratio:"))


def phase_growth(config: Config, variant: Variant = "cached") -> dict[str, Growth]:
    """The leading term of every phase as n grows; nothing for a schedule that is a single size (preset, list).

    >>> from varproof.var.models.config import FormalConfig
    >>> found = phase_growth(FormalConfig(doubling(8), width=4, hidden=16))
    >>> found["transformer/attention"].rate, str(found["transformer/attention"].constant)
    ('n^4', '1216/45')
    """
    if config.schedule.family not in FAMILIES:
        return {}
    known = moment_growth(variant, ratio_of(config.schedule))
    return {phase: form.growth(known) for phase, form in phase_forms(config).items()}


def total_growth(config: Config, variant: Variant = "cached") -> Growth | None:
    """The leading term of all phases together; None for a preset and a list."""
    if config.schedule.family not in FAMILIES:
        return None
    form: Form = total(phase_forms(config).values())
    return form.growth(moment_growth(variant, ratio_of(config.schedule)))


def at_side(schedule: Schedule, n: int) -> Schedule | None:
    """The member of the same family with last side n; None where there is none within the caps of schedules."""
    try:
        if schedule.family == "doubling":
            return doubling(n)
        return linear(n) if schedule.family == "linear" else geometric(n, ratio_of(schedule) or 2)
    except InputError:
        return None


def neighbours(schedule: Schedule) -> tuple[Schedule, Schedule] | None:
    """Two sizes between which a slope is measured: n and 2n, or n/2 and n where 2n is too large; next presets.

    None for a list, and where no other size exists.

    >>> [each.side for each in neighbours(parse_schedule("1024"))]
    [32, 64]
    """
    if schedule.family == "preset":
        pairs = list(_preset_pairs())
        return next((pair for pair in pairs if pair[0].name == schedule.name), pairs[-1])
    if schedule.family not in FAMILIES:
        return None
    above, below = at_side(schedule, 2 * schedule.side), at_side(schedule, schedule.side // 2)
    if above is not None:
        return schedule, above
    return None if below is None else (below, schedule)


def _preset_pairs() -> Iterator[tuple[Schedule, Schedule]]:
    return pairwise(parse_schedule(name) for name in PRESETS)


def slopes(config: Config, variant: Variant = "cached") -> Slopes | None:
    """Between the two sizes of `neighbours`. Phases that cost nothing at one of them are left out.

    >>> from varproof.var.models.config import FormalConfig
    >>> found = slopes(FormalConfig(parse_schedule("256"), width=8))
    >>> found.start, found.end, round(found.phases["transformer/attention"], 3)
    (16, 32, 3.512)
    """
    sizes = neighbours(config.schedule)
    if sizes is None:
        return None
    low, high = (flops_by_phase(replace(config, schedule=size), variant) for size in sizes)
    width = math.log(sizes[1].side) - math.log(sizes[0].side)

    def slope(before: int, after: int) -> float:
        return (math.log(after) - math.log(before)) / width

    phases = {name: slope(low[name], high[name]) for name in low if low[name] and high[name]}
    return Slopes(sizes[0].side, sizes[1].side, phases, slope(sum(low.values()), sum(high.values())))
