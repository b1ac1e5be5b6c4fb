"""What an answer must be good for: the tolerance in bits, and which number types reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from flint import arb

from varproof.base.balls import to_float, upper_rational

SIGNIFICAND_BITS: Mapping[str, int] = {"float32": 24, "float64": 53}


@dataclass(frozen=True)
class Budget:
    """What one attention instance needs.

    `delta` is the allowed error of an output, `gap` the gap g of the threshold lemma, `logit_bound` a B with all
    |scores| <= B, `entry_bounds` the entry bound R under each convention, `keys` the number n of keys. Logarithms are
    natural; `gap`, `logit_bound` and `entry_bounds` are floats for display.
    """

    delta: Fraction
    gap: float
    logit_bound: float
    entry_bounds: Mapping[str, float]
    bits: int

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The number types whose significand has the bits, `arb` always."""
        return (*(name for name, bits in SIGNIFICAND_BITS.items() if bits >= self.bits), "arb")

    def as_mapping(self) -> dict[str, Any]:
        """The dict of `Reduction.precision`, with `dtypes` in addition."""
        return {
            "delta": self.delta,
            "bits": self.bits,
            "gap": self.gap,
            "logit_bound": self.logit_bound,
            "entry_bounds": dict(self.entry_bounds),
            "dtypes": self.dtypes,
        }


def bits_needed(delta: Fraction, logit_bound: arb | Fraction, keys: int) -> int:
    """Bits p of a significand so that rounding keeps every output within `delta`: log2((3B/2 + n + 4)/delta), up.

    With u = 2^-p, exact inner products, scores in three roundings (|error| <= 3Bu), and weights and sums as in
    docs/explanation/vectors-to-attention.md, the logit of an output is off by at most 6Bu + 4(n+4)u. An output moves
    by at most a quarter of that.

    >>> bits_needed(Fraction(1, 4), Fraction(10), 256)
    11
    """
    bound = upper_rational(logit_bound) if isinstance(logit_bound, arb) else Fraction(logit_bound)
    wanted = (bound * 3 / 2 + keys + 4) / delta
    return max(1, (ceil(wanted) - 1).bit_length())


def budget(delta: Fraction, gap: arb | float, logit_bound: arb, entry_bounds: Mapping[str, float], keys: int) -> Budget:
    """The budget with its bits counted; `keys` is the number of keys of a row, neutral ones too."""
    return Budget(
        delta, to_float(gap), to_float(logit_bound), dict(entry_bounds), bits_needed(delta, logit_bound, keys)
    )
