"""A neutral key whose mass is shared by many tokens: its score is lowered by the logarithm of their number."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from reductions.constructions.blocks import layout
from reductions.precision.rounding import working_precision
from reductions.problems.attention import ApproximateAttention
from reductions.problems.exact_arrays import EXACT, ExactArray
from varproof.base.balls import ball, dyadic, upper_rational
from varproof.base.errors import InputError

MAX_EXTRA_BITS = 40


def constant_channel(instance: ApproximateAttention) -> int | None:
    """A channel in which all queries have the same nonzero entry, where a neutral key is there to be lowered.

    None as well where 40 further bits of that key would not bring its mass near enough for delta.
    """
    if instance.neutral is None or len(instance.queries) == 0:
        return None
    same = np.all(instance.queries == instance.queries[:1], axis=0) & (instance.queries[0] != 0)
    if not np.any(same):
        return None
    used = same & (instance.keys[instance.neutral] != 0)
    channel = int(np.argmax(used if np.any(used) else same))
    source = layout.source_of(instance)
    with working_precision():
        step = abs(source.score_unit * int(source.queries.numbers[0, channel])) / 2**MAX_EXTRA_BITS
        return channel if step < ball(instance.delta / layout.SHARE) else None


def lowered_neutral(
    source: layout.Source, neutral: int, spare: int, channel: int, delta: Fraction
) -> tuple[ExactArray, Fraction, Fraction]:
    """Keys with the neutral score lowered by ln(spare), what the rounding costs in outputs, and the new entry.

    Raises `InputError` where the keys would need more than 53 bits.
    """
    unit = source.score_unit * int(source.queries.numbers[0, channel])  # score of one unit of this key entry
    bits = 0
    while bits < MAX_EXTRA_BITS and not (abs(unit) / 2**bits < ball(delta / layout.SHARE)):
        bits += 1
    old = int(source.keys.numbers[neutral, channel])
    largest = (source.keys.largest + int(abs(dyadic(ball(spare).log() / unit))) + 1) * 2**bits
    if largest > EXACT:
        raise InputError(
            "the lowered neutral key is too long",
            got=f"{largest.bit_length()} bits",
            allowed="53 bits",
            hint="round keys",
        )
    step = -round(dyadic(ball(spare).log() / unit * 2**bits))
    numbers = source.keys.numbers * 2**bits
    numbers[neutral, channel] = old * 2**bits + step
    wrong = abs(ball(spare).log() + unit * step / 2**bits)  # the neutral mass is off by e^wrong at most
    cost = upper_rational(ball(source.value_range) * (wrong / 4).tanh())
    keys = ExactArray(numbers, source.keys.unit / 2**bits)
    return keys, layout.padded(cost), int(numbers[neutral, channel]) * keys.unit


def largest_but(source: layout.Source, neutral: int) -> Fraction:
    """The largest absolute entry of all keys but the neutral one, 0 where there is no other."""
    others = np.delete(source.keys.numbers, neutral, axis=0)
    return (int(np.abs(others).max()) if others.size else 0) * source.keys.unit
