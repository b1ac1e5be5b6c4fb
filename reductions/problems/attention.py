"""Approximate attention: queries, keys and values that are exact numbers; outputs are wanted within delta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from varproof.growth.scales import parse_scale


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

    def parameters(self) -> dict[str, int]:
        """m, n and d."""
        return {"queries": len(self.queries), "keys": len(self.keys), "head_dim": int(self.keys.shape[1])}

    @property
    def gamma(self) -> Any:
        """The score scale at this head dimension: an exact rational, or a ball for 1/sqrt(d)."""
        return parse_scale(self.scale).gamma(int(self.keys.shape[1]))


PROBLEM = ApproximateAttention
