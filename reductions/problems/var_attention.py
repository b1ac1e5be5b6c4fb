"""Block-causal attention over the token maps of a VAR model: given maps, up-interpolation, projections, rows asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reductions.problems.attention import ApproximateAttention


@dataclass(frozen=True, eq=False)
class VarAttention:
    """One attention layer over all scales; the outputs of the tokens `rows` are asked for within `delta`."""

    sides: tuple[int, ...]
    kernel: str
    inputs: str
    maps: tuple[NDArray[Any], ...]
    query_projection: NDArray[Any]
    key_projection: NDArray[Any]
    value_projection: NDArray[Any]
    rows: NDArray[np.int64]
    delta: Fraction
    scale: str = "d"
    query_unit: Fraction = Fraction(1)
    key_unit: Fraction = Fraction(1)
    value_unit: Fraction = Fraction(1)
    adverse: int = 0

    NAME: ClassVar[str] = "var-attention"
    TITLE: ClassVar[str] = "Attention over the scales of a VAR model"
    PARAMETERS: ClassVar[Mapping[str, str]] = {
        "side": "side n of the last token map",
        "tokens": "number of tokens L of all scales",
        "head_dim": "head dimension d",
        "rows": "tokens whose outputs are asked for",
    }
    SIZE: ClassVar[str] = "side"
    FUNCTION: ClassVar[bool] = True

    def parameters(self) -> dict[str, int]:
        """n, L, d and the number of rows."""
        return {
            "side": self.sides[-1],
            "tokens": sum(side * side for side in self.sides),
            "head_dim": int(self.key_projection.shape[1]),
            "rows": len(self.rows),
        }

    def attention(self) -> ApproximateAttention:
        """The attention input, exactly."""
        raise NotImplementedError


PROBLEM = VarAttention
