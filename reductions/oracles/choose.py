"""The oracle that a user names, and whether a dtype can be precise enough for an instance."""

from __future__ import annotations

from fractions import Fraction

from reductions.oracles.fitting import FittingOracle
from reductions.oracles.from_file import FileOracle
from reductions.oracles.oracle import Oracle
from reductions.oracles.resolve import attention_of, value_range
from reductions.oracles.worst_noise import WorstNoise
from reductions.precision.budget import SIGNIFICAND_BITS, bits_needed
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.errors import InputError
from varproof.base.rationals import positive_rational

ALLOWED = "exact, worst-noise, worst-noise:FACTOR (a rational above 0) or file:PATH"


def oracle_named(text: str, dtype: str = "float64") -> Oracle:
    """The oracle of "exact", "worst-noise" (within 99/100 of delta), "worst-noise:FACTOR" or "file:PATH".

    `dtype`: "float64", "float32" or "arb", in which the first three compute or refuse, or "auto" (`FittingOracle`).
    Raises `InputError` for other names, and for a file that cannot be read.

    >>> oracle_named("exact", "arb").name, oracle_named("worst-noise:101/100").name
    ('exact in arb', 'worst noise, 101/100 of delta, over exact in float64')
    """
    base = FittingOracle(dtype)
    kind, colon, rest = text.strip().partition(":")
    if kind == "exact" and not colon:
        return base
    if kind == "worst-noise" and bool(colon) == bool(rest):
        return WorstNoise(base, positive_rational(rest, name="FACTOR") if rest else Fraction(99, 100))
    if kind == "file" and rest:
        return FileOracle(rest)
    raise InputError("unknown oracle", got=text, allowed=ALLOWED)


def required_bits(instance: ApproximateAttention | VarAttention) -> int:
    """Bits of a significand with which ordinary attention is sure to be within delta (see `precision.budget`).

    Of the order of log2((B + n)/delta), for values in an interval of the length that they have. More may be known of an
    instance: an `Outputs.error` is proved for its own numbers.

    >>> import numpy as np
    >>> one = np.array([[1], [0]])
    >>> required_bits(ApproximateAttention(one, one, one, Fraction(1, 100)))
    10
    """
    attention = attention_of(instance)
    largest, spread = value_range(attention)
    size = max(largest, spread)
    if not size:
        return 1  # all outputs are 0
    return bits_needed(attention.delta / size, attention.logit_bound, len(attention.keys))


def precision_obstacle(instance: ApproximateAttention | VarAttention, dtype: str) -> str | None:
    """Why `dtype` cannot be relied on to reach delta on this instance; None where it can (always for "arb")."""
    have = SIGNIFICAND_BITS.get(dtype)
    if have is None:
        return None
    need = required_bits(instance)
    if need <= have:
        return None
    return f'delta needs about {need} bits, {dtype} has {have}: use dtype "arb"'
