"""All that `varproof var cost` says about a configuration, as plain values."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from varproof.var.cost.crossover import crossover
from varproof.var.cost.growth import phase_growth, slopes, total_growth
from varproof.var.cost.moments import VARIANTS, Growth, Variant, moments
from varproof.var.cost.phases import flops_by_phase
from varproof.var.cost.shares import Share, attention_shares
from varproof.var.models.config import Config


def cost_answer(config: Config, variant: Variant = "cached") -> dict[str, Any]:
    """The fields of the JSON answer. Counts are exact integers; `Fraction` values are exact, floats are for reading.

    Raises `InputError` for an unknown variant.

    >>> from varproof.growth.schedules import parse_schedule
    >>> from varproof.var.models.config import FormalConfig
    >>> found = cost_answer(FormalConfig(parse_schedule("doubling", 16), width=8, heads=2))
    >>> found["attention_pairs"], found["attention_constant_exact"], found["exponent"]
    (93093, Fraction(93093, 65536), 4)
    """
    flops = flops_by_phase(config, variant)
    schedule, shares = config.schedule, attention_shares(flops)
    leading, measured = total_growth(config, variant), slopes(config, variant)
    crossing = crossover(config, variant)
    exponent: float | None = None
    kind: str | None = None
    if leading is not None:
        exponent, kind = leading.power, "limit"
    elif measured is not None:
        exponent, kind = measured.total, f"between n = {measured.start} and {measured.end}"
    return {
        "variant": variant,
        "tokens": schedule.tokens,
        "attention_pairs": schedule.attention_pairs,
        "attention_constant": float(schedule.attention_constant),
        "attention_constant_exact": schedule.attention_constant,
        "matrix_product_flops": 4 * config.width * config.depth * moments(schedule, variant).pairs,
        "flops": flops,
        "flops_total": sum(flops.values()),
        "attention_share": float(shares["all"].share),
        "speedup_ceiling": number(shares["all"].ceiling),
        "shares": {name: _share(share) for name, share in shares.items()},
        "exponent": exponent,
        "exponent_kind": kind,
        "growth_total": None if leading is None else _growth(leading),
        "exponents": {phase: _growth(growth) for phase, growth in phase_growth(config, variant).items()},
        "slope": None
        if measured is None
        else {
            "from": measured.start,
            "to": measured.end,
            "total": measured.total,
            "phases": measured.phases,
        },
        "variants": [_variant(config, each) for each in VARIANTS],
        "crossover": None
        if crossing is None
        else {
            "family": crossing.family,
            "n": crossing.n,
            "searched_to": crossing.searched,
            "approximate": crossing.approximate,
        },
    }


def number(value: Fraction) -> float | int:
    """A float, or where it is beyond floats the integer below.

    >>> number(Fraction(1, 4)), number(Fraction(10**400)) == 10**400
    (0.25, True)
    """
    try:
        return float(value)
    except OverflowError:
        return int(value)


def _share(share: Share) -> dict[str, Any]:
    return {"flops": share.part, "of": share.whole, "share": float(share.share), "ceiling": number(share.ceiling)}


def _growth(growth: Growth) -> dict[str, Any]:
    return {
        "power": growth.power,
        "log": growth.log,
        "rate": growth.rate,
        "constant": growth.constant,
        "constant_value": number(growth.constant),
        "limit": growth.limit,
    }


def _variant(config: Config, variant: Variant) -> dict[str, Any]:
    schedule, at = config.schedule, moments(config.schedule, variant)
    flops, leading = flops_by_phase(config, variant), total_growth(config, variant)
    return {
        "variant": variant,
        "tokens": at.tokens,
        "pairs": at.pairs,
        "constant": number(Fraction(at.pairs, schedule.side**4)),
        "rate": None if leading is None else leading.rate,
        "flops_total": sum(flops.values()),
        "attention_share": float(attention_shares(flops)["all"].share),
    }
