"""Score scales: the entry bound R of Q and K, the bound B on the scores and the half-range h from each other.

Scores are s_ij = gamma <q_i, k_j> with head dimension d. R is the entrywise max norm of Q and of K, B = max |s_ij| the
logit bound, h the largest half-range (max_j s_ij - min_j s_ij)/2 of a row. Four conventions: `d` gamma = 1/d,
`sqrt` gamma = 1/sqrt(d), `one` gamma = 1, and `cosine:S`, where q and k are unit vectors and |s_ij| <= S.

Results are exact where they are rational and Arb balls otherwise; sympy in, sympy out (`varproof.growth.symbolic`).
Table and proofs: docs/explanation/notation.md. Sources: arXiv:2302.13214 (1/d), arXiv:2404.02905 (cosine).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from flint import arb

from varproof.base.errors import InputError
from varproof.base.rationals import positive_rational
from varproof.growth.symbolic import is_symbolic, lift, product, quotient, sqrt

if TYPE_CHECKING:
    from varproof.growth.symbolic import Quantity

ScaleName = Literal["d", "sqrt", "one", "cosine"]
ALLOWED = "d, sqrt, one or cosine:S with S > 0"


@dataclass(frozen=True)
class ScoreScale:
    """One convention; `temperature` is the bound S of `cosine` and None for the others.

    >>> scale = parse_scale("d")
    >>> scale.logit_bound(64, 3), scale.entry_bound(64, 9)
    (9, Fraction(3, 1))
    >>> low, high = parse_scale("cosine:4").entry_range(64)
    >>> low, high
    (Fraction(2, 1), Fraction(16, 1))
    """

    name: ScaleName
    temperature: Quantity | None = None

    def __post_init__(self) -> None:
        if self.name not in ("d", "sqrt", "one", "cosine"):
            raise InputError("not a score scale", got=self.name, allowed=ALLOWED)
        if (self.name == "cosine") != (self.temperature is not None):
            raise InputError("only cosine takes a temperature, and it needs one", got=self, allowed=ALLOWED)
        if self.temperature is not None:
            positive(self.temperature, "temperature")

    def gamma(self, d: Quantity) -> Quantity:
        """The factor of <q_i, k_j>; raises `InputError` for cosine, whose factor depends on the vectors."""
        positive(d, "d")
        if self.name == "cosine":
            raise InputError("cosine attention has no fixed gamma", got=self, allowed="d, sqrt or one")
        if self.name == "one":
            return 1
        return quotient(1, d if self.name == "d" else root_of(d, like=()))

    def logit_bound(self, d: Quantity, entry_bound: Quantity | None = None) -> Quantity:
        """Upper, tight: B = gamma d R^2 when all entries are at most R in absolute value; S for cosine (no R)."""
        if self.temperature is not None:
            return self.temperature
        if entry_bound is None:
            raise InputError(f"scale {self.name} needs the entry bound R", allowed="R > 0")
        positive(entry_bound, "entry_bound")
        d, entry_bound = lift(d, entry_bound)
        return product(self._gamma_d(d, like=(entry_bound,)), product(entry_bound, entry_bound))

    def entry_bound(self, d: Quantity, logit_bound: Quantity) -> Quantity:
        """The balanced R with gamma d R^2 = B, inverse of `logit_bound`; refuses cosine (see `entry_range`)."""
        positive(logit_bound, "logit_bound")
        if self.name == "cosine":
            raise InputError("cosine attention fixes R only up to a range", got=self, hint="use entry_range")
        d, logit_bound = lift(d, logit_bound)
        return sqrt(quotient(logit_bound, self._gamma_d(d, like=(logit_bound,))))

    def entry_range(self, d: Quantity, convention: ScaleName = "d") -> tuple[Quantity, Quantity]:
        """Cosine only, tight at both ends: sqrt(S/(gamma d)) <= R <= sqrt(S/gamma), gamma of `convention`.

        Reads cosine attention as dot-product attention with the factor S split evenly over q and k: both become vectors
        of length sqrt(S/gamma); the largest entry is between length/sqrt(d) (all entries equal) and length (one entry).
        """
        if self.temperature is None:
            raise InputError("only cosine leaves R open", got=self, hint="use entry_bound(d, B)")
        d, temperature = lift(d, self.temperature)
        target = ScoreScale(convention)
        low = target.entry_bound(d, temperature)
        return low, product(low, root_of(d, like=(low,)))

    def _gamma_d(self, d: Quantity, *, like: tuple[Quantity, ...]) -> Quantity:
        """gamma d: 1, sqrt(d) or d."""
        positive(d, "d")
        if self.name == "d":
            return 1
        return d if self.name == "one" else root_of(d, like=like)


def root_of(d: Quantity, *, like: tuple[Quantity, ...]) -> Quantity:
    """sqrt(d), symbolic when something in `like` is."""
    return sqrt(lift(d, *like)[0])


def convert_entry_bound(entry_bound: Quantity, d: Quantity, source: ScoreScale, target: ScoreScale) -> Quantity:
    """The R of `target` that stands for the same scores as `entry_bound` in `source`: R sqrt(gamma/gamma').

    >>> convert_entry_bound(2, 64, parse_scale("one"), parse_scale("d"))
    Fraction(16, 1)
    """
    return target.entry_bound(d, source.logit_bound(d, entry_bound))


def half_range(scores: Sequence[Sequence[int | Fraction]]) -> Fraction:
    """The largest (max_j s_ij - min_j s_ij)/2 over the rows of exact scores; shape (queries, keys), both at least 1.

    Subtracting (max + min)/2 from a row leaves its softmax alone and makes its scores at most h: so h takes the place
    of B in every bound, and h <= B always.

    >>> half_range([[0, 3], [5, 5]])
    Fraction(3, 2)
    """
    if not scores or not all(len(row) for row in scores):
        raise InputError("no scores", got=scores, allowed="at least one row and one column")
    lift(*(value for row in scores for value in row))
    return max(Fraction(max(row) - min(row)) / 2 for row in scores)


def parse_scale(text: str) -> ScoreScale:
    """The convention that `text` names: `d`, `sqrt`, `one`, `cosine:S` (S a positive rational, taken exactly)."""
    if not isinstance(text, str):
        raise InputError("a score scale is given as text", got=text, allowed=ALLOWED)
    name, colon, value = text.strip().lower().partition(":")
    if name == "cosine" and colon:
        return ScoreScale("cosine", positive_rational(value, name="the temperature of cosine"))
    if colon or name not in ("d", "sqrt", "one"):
        raise InputError("not a score scale", got=text, allowed=ALLOWED)
    return ScoreScale(name)  # type: ignore[arg-type]  # membership was just tested


def positive(value: Any, name: str) -> None:
    """Raise `InputError` unless `value` is exact and positive; a symbol that may be positive passes."""
    lift(value)
    if is_symbolic(value):
        if value.is_positive is False or value.is_extended_real is False:
            raise InputError(f"{name} must be positive", got=value, allowed=f"{name} > 0")
    elif not value > 0 or (isinstance(value, arb) and not value.is_finite()):
        raise InputError(f"{name} must be positive", got=value, allowed=f"{name} > 0, finite")
