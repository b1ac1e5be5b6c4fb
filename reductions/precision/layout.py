"""A threshold question about integer inner products as one row of attention (docs/explanation/vectors-to-attention.md).

A data key whose inner product with the query is the integer P has score beta P. Is some P >= high, or is every
P <= low? A neutral key holds the mass that the threshold lemma asks for. Its score, the factor
beta and the tolerance are chosen here, once for all rules: what must be rational is rounded, and the gap and the
tolerance are then enclosed for the numbers that are really in the instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from reductions.precision.rounding import nearest_entry, root_up, strictly_below, working_precision
from varproof.approx.threshold import gap as threshold_gap
from varproof.approx.threshold import neutral_score
from varproof.base.balls import ball, lower_rational
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational
from varproof.growth.scales import parse_scale


@dataclass(frozen=True)
class ThresholdLayout:
    """Units, neutral entries and tolerance of a threshold layout; made by `threshold_layout`.

    Queries and keys are `unit` times arrays of small numbers. Behind the data, a query has the integers `channels` and
    the neutral key the multiples of 2^-20 `entries`; data keys have zeros there. `gap` is g = beta (high - low) - ln n
    of these numbers, `delta` is below half the distance of the two output levels from 1/2.
    """

    high: int
    low: int
    keys: int
    head_dim: int
    scale: str
    unit: Fraction
    channels: tuple[int, ...]
    entries: tuple[Fraction, ...]
    gap: arb
    delta: Fraction

    @property
    def beta(self) -> arb:
        """The score of inner product 1: gamma unit^2."""
        return score_of_one(self.unit, self.scale, self.head_dim)

    @property
    def neutral_product(self) -> Fraction:
        """The inner product of every query with the neutral key, before units."""
        return sum((a * b for a, b in zip(self.channels, self.entries, strict=True)), Fraction(0))

    @property
    def levels(self) -> tuple[arb, arb]:
        """Outputs of a row with all P <= low are at most the first, with some P >= high at least the second."""
        return output_levels(self.beta, self.high, self.low, self.keys, self.neutral_product)

    def logit_bound(self, largest_product: int) -> arb:
        """B: the largest |score| when data products are at most `largest_product` in absolute value."""
        with working_precision():
            return self.beta * ball(max(Fraction(largest_product), abs(self.neutral_product)))

    def entry_bounds(self, largest_entry: int = 1) -> dict[str, float]:
        """R under each convention at this head dimension: the unit there times the largest entry, for display."""
        with working_precision():
            beta = self.beta
            return {
                name: float((beta / ball(parse_scale(name).gamma(self.head_dim))).sqrt().mid()) * largest_entry
                for name in ("d", "sqrt", "one")
            }


def threshold_layout(
    *,
    high: int,
    low: int,
    keys: int,
    weight_gap: Fraction,
    head_dim: int,
    scale: str,
    channels: tuple[int, ...] = (1,),
    digits: bool = False,
) -> ThresholdLayout:
    """The layout for levels `high` > `low` and n = `keys` data keys (all of them, equal ones too; 0 counts as 1).

    beta = (ln n + g)/(high - low) with g = ln `weight_gap`, rounded up. `head_dim` is the FINAL head dimension, behind
    all padding: `scale` is read there. The neutral inner product is spread over `channels`: evenly (all channels
    equal), or with `digits` as integers in [-M, M] on the channels behind the first, whose query entry is M, and what
    is left on the first, whose query entry is 1. Raises `InputError` for levels that are not apart, a weight gap up
    to 1, or a gap lost to rounding.

    >>> layout = threshold_layout(high=0, low=-1, keys=4, weight_gap=Fraction(9), head_dim=4, scale="d")
    >>> float(layout.unit), float(layout.entries[0]), float(layout.delta)
    (3.7860374450683594, -0.30657386779785156, 0.24999994055303887)
    """
    keys = max(keys, 1)
    weight_gap = parse_rational(weight_gap, name="weight_gap")
    if not weight_gap > 1:
        raise InputError("the weight gap e^g of a layout", got=weight_gap, allowed="above 1")
    if not high > low:
        raise InputError("the levels of a layout", got=f"high {high}, low {low}", allowed="integers, high > low")
    with working_precision():
        gamma = ball(parse_scale(scale).gamma(head_dim))
        wanted = (ball(keys).log() + ball(weight_gap).log()) / (high - low)
        unit = root_up(wanted / gamma)
        beta = gamma * ball(unit) ** 2
        centre = neutral_score(beta * high, beta * low, keys) / beta
        entries = _digits(centre, channels) if digits else _even(centre, channels)
        product = sum((a * b for a, b in zip(channels, entries, strict=True)), Fraction(0))
        below, above = output_levels(beta, high, low, keys, product)
        half = ball(Fraction(1, 2))
        room = min(lower_rational(half - below), lower_rational(above - half))
        if not room > 0:
            raise InputError(
                "rounding the neutral key costs the whole gap",
                got=f"high {high}, low {low}, {keys} keys, {len(channels)} neutral channels",
                hint="a larger weight_gap",
            )
        gap = threshold_gap(beta * high, beta * low, keys)
        delta = strictly_below(ball(room))
    return ThresholdLayout(high, low, keys, head_dim, scale, unit, channels, entries, gap, delta)


def score_of_one(unit: Fraction, scale: str, head_dim: int) -> arb:
    """The score of inner product 1 when queries and keys have this unit: gamma unit^2."""
    with working_precision():
        return ball(parse_scale(scale).gamma(head_dim)) * ball(unit) ** 2


def output_levels(
    beta: arb, high: int, low: int, keys: int, neutral_product: Fraction, copies: int = 1
) -> tuple[arb, arb]:
    """The lemma's two levels for `copies` neutral keys of score beta `neutral_product`, centred or not.

    Both are attained, the second as an infimum for n > 1.
    """
    with working_precision():
        theta = beta * ball(neutral_product) + ball(copies).log()
        return logistic(beta * low + ball(keys).log() - theta), logistic(beta * high - theta)


def logistic(x: arb) -> arb:
    """1/(1 + e^-x)."""
    return 1 / (1 + (-x).exp())


def _even(centre: arb, channels: tuple[int, ...]) -> tuple[Fraction, ...]:
    return (nearest_entry(centre / sum(channels)),) * len(channels)


def _digits(centre: arb, channels: tuple[int, ...]) -> tuple[Fraction, ...]:
    rest = nearest_entry(centre)
    entries: list[Fraction] = []
    for magnitude in channels[1:]:
        steps = max(-magnitude, min(magnitude, int(rest / magnitude)))  # towards zero
        entries.append(Fraction(steps))
        rest -= steps * magnitude
    return (rest, *entries)
