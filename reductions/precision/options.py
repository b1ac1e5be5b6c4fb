"""The two options that all rules into a threshold layout share."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from reductions.core.reduction import Option
from varproof.base.errors import InputError
from varproof.base.rationals import parse_rational
from varproof.growth.scales import parse_scale


def parse_dot_product_scale(text: str) -> str:
    """ "d", "sqrt" or "one". Raises `InputError` for anything else, also for cosine, which has no fixed gamma.

    >>> parse_dot_product_scale(" D ")
    'd'
    """
    name = parse_scale(text).name
    if name == "cosine":
        raise InputError("cosine attention has no fixed gamma", got=text, allowed="d, sqrt or one")
    return name


def parse_weight_gap(text: str) -> Fraction:
    """A rational above 1, taken exactly. Raises `InputError` for anything else.

    >>> parse_weight_gap("81")
    Fraction(81, 1)
    """
    value = parse_rational(text, name="weight_gap")
    if not value > 1:
        raise InputError("the weight gap e^g", got=text, allowed="above 1")
    return value


SCALE = Option(
    "d", parse_dot_product_scale, "score scale: d (1/d), sqrt (1/sqrt d) or one, at the head dimension built"
)
WEIGHT_GAP = Option(Fraction(9), parse_weight_gap, "e^g, g the gap of the threshold lemma; 9 allows errors up to 1/4")
THRESHOLD_OPTIONS: Mapping[str, Option] = MappingProxyType({"scale": SCALE, "weight_gap": WEIGHT_GAP})
