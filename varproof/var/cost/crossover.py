"""From which n on a transformer does more in attention than in everything else: exact search, and a closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from varproof.growth.schedules import MAX_SCALES, MAX_SIDE, PRESETS, Schedule, doubling, parse_schedule
from varproof.var.cost.forms import Form, total
from varproof.var.cost.growth import FAMILIES, at_side, ratio_of
from varproof.var.cost.moments import Variant, moment_growth, moments
from varproof.var.cost.phases import phase_forms
from varproof.var.cost.transformer import ATTENTION
from varproof.var.models.config import Config

MOST_SCALES = 3_000_000  # of all schedules that a search looks at together


@dataclass(frozen=True)
class Crossover:
    """`n`: the least side of the family at which attention exceeds the rest of the transformer; None: none was found.

    `searched` is the largest side that was looked at. `approximate`: (r t / (p c))^{1/e} with r flops a token outside
    attention, p flops a pair, t and c the leading constants of tokens and pairs and e the difference of their powers.
    """

    family: str
    n: int | None
    searched: int
    approximate: float | None


def transformer_balance(config: Config) -> tuple[Form, Form]:
    """Attention, and the rest of the transformer."""
    forms = phase_forms(config)
    rest = (form for phase, form in forms.items() if phase.startswith("transformer/") and phase != ATTENTION)
    return forms[ATTENTION], total(rest)


def crossover(config: Config, variant: Variant = "cached") -> Crossover | None:
    """For the family of the configuration's schedule, presets among themselves; None for a list.

    Every member is tried in turn, so `n` is the least. Cost: n schedules; powers of two alone for doubling.

    >>> from varproof.var.models.config import FormalConfig
    >>> crossover(FormalConfig(doubling(1), width=64, hidden=256)).n
    32
    """
    if config.schedule.family == "list":
        return None
    attention, rest = transformer_balance(config)
    last, found = 1, None
    for schedule in _members(config.schedule):
        at, last = moments(schedule, variant), schedule.side
        if attention.value(at) > rest.value(at):
            found = schedule.side
            break
    return Crossover(config.schedule.family, found, last, approximate_crossover(config, variant))


def approximate_crossover(config: Config, variant: Variant = "cached") -> float | None:
    """The closed form of `Crossover`, from the terms in tokens and pairs alone; None for a preset and a list.

    >>> from varproof.var.models.config import FormalConfig
    >>> round(approximate_crossover(FormalConfig(doubling(1), width=1024, heads=16, hidden=4096)), 2)
    75.46
    """
    if config.schedule.family not in FAMILIES:
        return None
    known = moment_growth(variant, ratio_of(config.schedule))
    attention, rest = transformer_balance(config)
    tokens, pairs = known["tokens"], known["pairs"]
    quotient = rest.terms["tokens"] * tokens.constant / (attention.terms["pairs"] * pairs.constant)
    return float(float(quotient) ** (1 / (pairs.power - tokens.power)))


def _members(schedule: Schedule) -> Iterator[Schedule]:
    if schedule.family == "preset":
        yield from map(parse_schedule, PRESETS)
    elif schedule.family == "doubling":
        yield from (doubling(1 << power) for power in range(MAX_SIDE.bit_length()))
    else:
        seen, n = 0, 1
        while seen < MOST_SCALES and n <= MAX_SCALES:
            member = at_side(schedule, n)
            if member is None:
                return
            yield member
            seen, n = seen + member.number_of_scales, n + 1
