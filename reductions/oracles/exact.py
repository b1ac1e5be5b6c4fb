"""The exact oracle: attention computed as it is defined, in floats with a proved error or in balls."""

from __future__ import annotations

from dataclasses import dataclass

from reductions.core.answer import Outputs
from reductions.oracles.exact_arb import outputs_in_balls
from reductions.oracles.exact_float import outputs_in_floats
from reductions.oracles.resolve import attention_of
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.errors import InputError

DTYPES = ("float64", "float32", "arb")


@dataclass(frozen=True)
class ExactOracle:
    """Attention in `dtype`: "float64", "float32", or "arb" balls of `bits` (from the instance's delta unless given).

    Every output is within `Outputs.error` of the exact real number: that is proved for the numbers of each instance,
    and the error may exceed the instance's delta where the dtype cannot do better. Balls come with at most delta 2^-40.
    Cost m n (d + d_v) operations; balls m n + (distinct score differences) exponentials. Raises `InputError` for other
    dtypes, and for bits with floats or below 16.

    >>> import numpy as np
    >>> from fractions import Fraction
    >>> one = np.array([[1], [0]])
    >>> pair = ApproximateAttention(one, one, one, Fraction(1, 100))
    >>> found = ExactOracle().outputs(pair)
    >>> found.values[1].tolist(), found.error < Fraction(1, 10**14)
    ([0.5], True)
    >>> ExactOracle("arb").outputs(pair).values[0, 0].str(12)
    '[0.731058578630 +/- 4.89e-15]'
    """

    dtype: str = "float64"
    bits: int | None = None

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InputError("unknown dtype of the exact oracle", got=self.dtype, allowed=", ".join(DTYPES))
        if self.bits is not None and (self.dtype != "arb" or not 16 <= self.bits <= 2**20):
            got = f"{self.bits} bits in {self.dtype}"
            raise InputError("such a precision cannot be chosen", got=got, allowed="16 to 2^20 bits, with arb only")

    @property
    def name(self) -> str:
        """For reports."""
        return f"exact in {self.dtype}" + (f" with {self.bits} bits" if self.bits else "")

    def outputs(self, instance: ApproximateAttention | VarAttention) -> Outputs:
        """Outputs of shape (rows asked for, value columns)."""
        attention = attention_of(instance)
        if self.dtype == "arb":
            return outputs_in_balls(attention, self.bits)
        return outputs_in_floats(attention, "float32" if self.dtype == "float32" else "float64")
