"""The attention input that an instance means, and how wide its values are."""

from __future__ import annotations

from fractions import Fraction

from reductions.problems.attention import ApproximateAttention
from reductions.problems.exact_scores import as_integers
from reductions.problems.var_attention import VarAttention
from varproof.base.errors import InputError


def attention_of(instance: ApproximateAttention | VarAttention) -> ApproximateAttention:
    """The instance itself, or the attention input that its token maps make. Raises `InputError` for anything else."""
    if isinstance(instance, VarAttention):
        return instance.attention()
    if isinstance(instance, ApproximateAttention):
        return instance
    allowed = "attention and var-attention: problems that ask for numbers"
    raise InputError("an oracle answers attention", got=type(instance).__name__, allowed=allowed)


def value_range(instance: ApproximateAttention) -> tuple[Fraction, Fraction]:
    """(largest absolute value, largest difference of two values of a column), exactly.

    >>> import numpy as np
    >>> one = np.array([[1], [0]])
    >>> value_range(ApproximateAttention(one, one, 3 - one, Fraction(1, 4)))
    (Fraction(3, 1), Fraction(1, 1))
    """
    numbers, exponent = as_integers(instance.values)
    unit = instance.value_unit * Fraction(2) ** exponent
    high = [int(entry) for entry in numbers.max(axis=0)]
    low = [int(entry) for entry in numbers.min(axis=0)]
    return (
        max(abs(entry) for entry in high + low) * unit,
        max(a - b for a, b in zip(high, low, strict=True)) * unit,
    )
