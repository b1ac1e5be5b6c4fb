"""The exact oracle in a dtype that is precise enough: chosen by instance, or asked for and refused where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from reductions.core.answer import Outputs
from reductions.oracles.exact import DTYPES, ExactOracle
from reductions.oracles.resolve import attention_of
from reductions.precision.budget import SIGNIFICAND_BITS
from reductions.problems.attention import ApproximateAttention
from reductions.problems.var_attention import VarAttention
from varproof.base.errors import InputError

HOPELESS = Fraction(1, 2**60)  # below it "auto" does not try floats: it takes tiny values for them to be that exact

SPARE = 1024  # "auto" wants floats well within delta, so that noise on top of them is nearly all of delta


@dataclass(frozen=True)
class FittingOracle:
    """Exact attention whose proved error is at most the instance's delta, whatever the instance.

    `dtype` "auto": float64 where its proved error is at most delta/1024, Arb balls otherwise. A dtype by name is used
    or refused: `InputError` says how many bits delta asks for.
    """

    dtype: str = "auto"

    def __post_init__(self) -> None:
        if self.dtype not in ("auto", *DTYPES):
            raise InputError("unknown dtype", got=self.dtype, allowed=", ".join(("auto", *DTYPES)))

    @property
    def name(self) -> str:
        """For reports."""
        return "exact" if self.dtype == "auto" else f"exact in {self.dtype}"

    def outputs(self, instance: ApproximateAttention | VarAttention) -> Outputs:
        """Outputs of shape (rows asked for, value columns), each within delta. Raises `InputError` as said above."""
        attention = attention_of(instance)
        floats = "float64" if self.dtype == "auto" else self.dtype
        if self.dtype in ("float64", "float32") or (self.dtype == "auto" and attention.delta >= HOPELESS):
            found = ExactOracle(floats).outputs(attention)
            if found.error * (SPARE if self.dtype == "auto" else 1) <= attention.delta:
                return found
        if self.dtype in ("auto", "arb"):
            return ExactOracle("arb").outputs(attention)
        raise _too_coarse(attention, self.dtype)


def _too_coarse(attention: ApproximateAttention, dtype: str) -> InputError:
    from reductions.oracles.choose import required_bits

    need = max(required_bits(attention), SIGNIFICAND_BITS[dtype] + 1)
    return InputError(
        f"{dtype} is not precise enough for this path",
        got=f"{dtype}, {SIGNIFICAND_BITS[dtype]} bits",
        allowed=f"about {need} bits: the allowed error is 2^{_power(attention.delta)}",
        hint="leave --dtype away, or say --dtype arb",
    )


def _power(delta: Fraction) -> int:
    """The power of two below a positive rational."""
    return delta.numerator.bit_length() - delta.denominator.bit_length() - (delta.denominator.bit_count() > 1)
