"""Approximate attention: queries, keys and values that are exact numbers; outputs are wanted within delta."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from reductions.core.answer import Answer, Outputs
from reductions.problems.attention_checks import all_within, as_levels, as_numbers, positive_rationals
from reductions.problems.attention_files import fields_of, save, to_json
from reductions.problems.attention_reference import enclosed
from reductions.problems.attention_samples import samples
from reductions.problems.exact_scores import ExactScores, as_integers, largest
from varproof.base.balls import ball, to_float, upper_rational
from varproof.base.errors import InputError
from varproof.growth.scales import parse_scale

SCALES = ("d", "sqrt", "one")
BITS = 128  # of the roots in the bounds, which are rounded up


@dataclass(frozen=True, eq=False)
class ApproximateAttention:
    """Outputs o_i = sum_j w_ij v_j / sum_j w_ij, w_ij = exp(gamma <q_i, k_j>), are asked for within `delta`.

    q_i is `query_unit` times row i of `queries` (m, d), k_j is `key_unit` times row j of `keys` (n, d), v_j is
    `value_unit` times row j of `values` (n, d_v). The arrays are integers (int64) or floats that are exactly what they
    say; units are rationals. So instances are exact: scores are gamma times a rational. `scale` is the convention of
    gamma at this head dimension: "d" 1/d, "sqrt" 1/sqrt(d), "one" 1. `levels` (of the queries, of the keys): a query
    sees the keys of level at most its own; None: all.

    `neutral` is the index of the key that a rule put there to hold the neutral mass, None where there is none;
    `adverse` the direction of noise that hurts the rule most (+1 up, -1 down, 0 towards 1/2), read only by the oracle
    that plays worst noise. Both are remarks: they do not change what is asked.

    Raises `InputError` for shapes that do not fit, other number types, NaN and infinities, no key, a query that sees
    none, delta or units that are not positive rationals, and cosine scales. Integers become int64, floats float64.
    """

    queries: NDArray[Any]
    keys: NDArray[Any]
    values: NDArray[Any]
    delta: Fraction
    scale: str = "d"
    query_unit: Fraction = Fraction(1)
    key_unit: Fraction = Fraction(1)
    value_unit: Fraction = Fraction(1)
    levels: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
    neutral: int | None = None
    adverse: int = 0

    NAME: ClassVar[str] = "attention"
    TITLE: ClassVar[str] = "Approximate attention"
    PARAMETERS: ClassVar[Mapping[str, str]] = {
        "queries": "number of queries m",
        "keys": "number of keys n",
        "head_dim": "head dimension d",
    }
    SIZE: ClassVar[str] = "keys"
    FUNCTION: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("queries", "keys", "values"):
            object.__setattr__(self, name, as_numbers(getattr(self, name), name))
        shapes = f"queries {self.queries.shape}, keys {self.keys.shape}, values {self.values.shape}"
        if self.queries.shape[1] != self.keys.shape[1] or len(self.keys) != len(self.values):
            raise InputError("the shapes do not fit together", got=shapes, allowed="(m, d), (n, d) and (n, d_v)")
        if not len(self.keys) or not self.values.shape[1]:
            raise InputError("there is nothing to average", got=shapes, allowed="n >= 1 and d_v >= 1")
        for name, number in positive_rationals(self).items():
            object.__setattr__(self, name, number)
        if self.scale not in SCALES:
            hint = "cosine attention has no fixed factor" if str(self.scale).startswith("cosine") else ""
            raise InputError("unknown score scale", got=self.scale, allowed=", ".join(SCALES), hint=hint)
        if self.adverse not in (-1, 0, 1):
            raise InputError("no such direction of noise", got=self.adverse, allowed="-1, 0 or 1")
        if self.neutral is not None and not 0 <= self.neutral < len(self.keys):
            raise InputError("the neutral key is no key", got=self.neutral, allowed=f"0..{len(self.keys) - 1} or None")
        if self.levels is not None:
            object.__setattr__(self, "levels", as_levels(self.levels, len(self.queries), len(self.keys)))

    def parameters(self) -> dict[str, int]:
        """m, n and d."""
        return {"queries": len(self.queries), "keys": len(self.keys), "head_dim": int(self.keys.shape[1])}

    @property
    def gamma(self) -> Any:
        """The score scale at this head dimension: a rational, or a ball for 1/sqrt(d). 1 at d = 0: all scores are 0."""
        return parse_scale(self.scale).gamma(max(1, int(self.keys.shape[1])))

    @property
    def entry_bound(self) -> Fraction:
        """R: the largest absolute entry of Q, K and V, units included."""
        return max(_largest(array, unit) for array, unit in self._arrays())

    @property
    def entry_bounds(self) -> dict[str, float]:
        """For each convention the R that it needs for the same scores, R balanced over Q and K; floats for display.

        R = sqrt(max|Q| max|K| gamma/gamma'): a factor may be moved from Q to K, and V has no part in the scores.
        """
        dimension = max(1, int(self.keys.shape[1]))
        (query, unit), (key, key_unit), _ = self._arrays()
        with ctx.workprec(BITS):
            same = ball(_largest(query, unit) * _largest(key, key_unit)) * ball(self.gamma)
            return {name: to_float((same / ball(parse_scale(name).gamma(dimension))).sqrt()) for name in SCALES}

    @property
    def logit_bound(self) -> Fraction:
        """B: the largest |score| of a pair that counts; exact for rational gamma, else rounded up at 128 bits."""
        scores = ExactScores.of(self)
        return self._scaled(scores.extremes()[0] * scores.unit)

    @property
    def half_range(self) -> Fraction:
        """h: the largest (max_j s_ij - min_j s_ij)/2 of a query; exact or rounded up as `logit_bound`."""
        scores = ExactScores.of(self)
        return self._scaled(scores.extremes()[1] * scores.unit / 2)

    def _scaled(self, product: Fraction) -> Fraction:
        with ctx.workprec(BITS):
            gamma = self.gamma
            if isinstance(gamma, arb):
                return upper_rational(gamma * ball(product)) if product else Fraction(0)
            return Fraction(gamma) * product

    def _arrays(self) -> tuple[tuple[NDArray[Any], Fraction], ...]:
        units = (self.query_unit, self.key_unit, self.value_unit)
        return tuple(zip((self.queries, self.keys, self.values), units, strict=True))

    def verify(self, witness: Any) -> bool:
        """Whether `witness` answers the instance: `Outputs`, or an array of floats, all proved to be within delta.

        Attention asks for numbers, so no decision has a witness; the outputs themselves are what can be checked. The
        reference solver judges, so this takes small instances. Anything malformed is False; `Outputs.error` is not
        believed.
        """
        return all_within(self, witness.values if isinstance(witness, Outputs) else witness)

    def solve(self) -> Answer:
        """The exact outputs in balls of diameter at most delta 2^-40, row by row in plain Python; small instances."""
        return Answer(outputs=enclosed(self))

    def to_json(self) -> dict[str, Any]:
        """All fields: arrays as lists with dtype and shape, rationals as text."""
        return to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The instance of `to_json`. Raises `InputError` for anything else."""
        return cls(**fields_of(data))

    def save(self, directory: Path, stem: str) -> list[Path]:
        """One NPZ file, `stem`.npz: the arrays q, k, v and everything else as JSON text; see `attention_files`."""
        return save(self, directory, stem)

    @classmethod
    def samples(cls, seed: int) -> Iterator[Self]:
        """Edge cases first (one key, no query, zero vectors, far scores, tiny delta), then random without end."""
        for fields in samples(seed):
            yield cls(**fields)


def _largest(array: NDArray[Any], unit: Fraction) -> Fraction:
    numbers, exponent = as_integers(array)
    return largest(numbers) * unit * Fraction(2) ** exponent


PROBLEM = ApproximateAttention
