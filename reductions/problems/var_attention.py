"""Block-causal attention over the token maps of a VAR model: given maps, up-interpolation, projections, rows asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from reductions.core.answer import Answer
from reductions.problems.attention import ApproximateAttention
from reductions.problems.exact_arrays import INSIDE, ExactArray, exact_array, interpolated, joined, times
from varproof.base.errors import InputError
from varproof.growth.scales import parse_scale
from varproof.growth.schedules import Schedule
from varproof.var.interpolation.operators import kernel_named

INPUTS = ("free", "interpolated")


@dataclass(frozen=True, eq=False)
class VarAttention:
    """One attention layer over the tokens of all scales; the outputs of the tokens `rows` are wanted within `delta`.

    Scale k has `sides[k-1]`^2 tokens in row-major order; tokens are numbered through all scales, the first scale first.
    A token sees the tokens of its own scale and of earlier ones. Token vectors x have C channels. With `inputs` "free"
    the K maps, shapes (p_k, p_k, C), are the tokens. With "interpolated" the maps are the start map, of side p_1 or of
    one cell, and X_1, ..., X_{K-1} of sides p_1, ..., p_{K-1} (teacher forcing): scale 1 is the start map, enlarged to
    side p_1, and scale k+1 is Up(X_k) with the interpolation `kernel`.

    Queries are `query_unit` x `query_projection` (C, d), keys and values likewise. Arrays are integers, or floats that
    are exactly what they say; units are positive rationals. `scale`, `delta` and `adverse` as in
    `ApproximateAttention`. Raises `InputError` for shapes that do not fit and rows outside 0..L-1.
    """

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

    def __post_init__(self) -> None:
        sides = Schedule(tuple(self.sides)).sides
        kernel_named(self.kernel)
        if self.inputs not in INPUTS:
            raise InputError("no such kind of token maps", got=self.inputs, allowed=", ".join(INPUTS))
        if parse_scale(self.scale).name == "cosine":
            raise InputError("cosine attention has no fixed scale", got=self.scale, allowed="d, sqrt or one")
        if self.adverse not in (-1, 0, 1):
            raise InputError("no such direction of noise", got=self.adverse, allowed="-1, 0 or 1")
        for name in ("delta", "query_unit", "key_unit", "value_unit"):
            number = getattr(self, name)
            if not isinstance(number, Fraction | int) or isinstance(number, bool) or number <= 0:
                raise InputError(f"{name} must be a positive rational", got=number, allowed="an exact rational above 0")
        self._check_shapes(sides)
        rows = np.asarray(self.rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise InputError("rows must be token numbers", got=f"{rows.dtype} {rows.shape}", allowed="int64, (rows,)")
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < self.tokens:
            raise InputError("a row is no token", got=f"{rows.min()}..{rows.max()}", allowed=f"0..{self.tokens - 1}")
        object.__setattr__(self, "sides", sides)
        object.__setattr__(self, "rows", rows.astype(np.int64))
        object.__setattr__(self, "maps", tuple(np.asarray(each) for each in self.maps))

    def _check_shapes(self, sides: tuple[int, ...]) -> None:
        wanted = sides if self.inputs == "free" else (sides[0], *sides[:-1])
        got = [np.asarray(each).shape for each in self.maps]
        width = np.asarray(self.query_projection).shape[0] if np.asarray(self.query_projection).ndim == 2 else -1
        expected = [(side, side, width) for side in wanted]
        start = [(1, 1, width), *expected[1:]] if self.inputs == "interpolated" else expected
        if got not in (expected, start):
            raise InputError("the token maps do not fit the schedule", got=got, allowed=str(expected))
        shapes = [np.asarray(each).shape for each in (self.query_projection, self.key_projection)]
        values = np.asarray(self.value_projection).shape
        if shapes[0] != shapes[1] or shapes[0][1] < 1 or len(values) != 2 or values[0] != width:
            raise InputError(
                "the projections do not fit the maps",
                got=[*shapes, values],
                allowed=f"({width}, d), ({width}, d) and ({width}, d_v) with d >= 1",
            )

    @property
    def tokens(self) -> int:
        """L, the tokens of all scales."""
        return sum(side * side for side in self.sides)

    @property
    def levels(self) -> NDArray[np.int64]:
        """The scale of every token, from 0: (L,)."""
        return np.repeat(np.arange(len(self.sides)), [side * side for side in self.sides])

    def parameters(self) -> dict[str, int]:
        """n, L, d and the number of rows."""
        return {
            "side": self.sides[-1],
            "tokens": self.tokens,
            "head_dim": int(self.key_projection.shape[1]),
            "rows": len(self.rows),
        }

    def projected(self, projection: NDArray[Any], unit: Fraction, what: str, scales: set[int]) -> ExactArray:
        """The tokens of `scales` (numbers from 0) times a projection, exactly: rows below each other.

        Cells are projected before they are interpolated: the maps commute, and a cell stands for several tokens.
        """
        matrix = exact_array(projection, what, unit, INSIDE)
        parts = []
        for k in sorted(scales):
            cells = times(exact_array(self.maps[k], what), matrix, what)
            if self.inputs == "interpolated":
                cells = interpolated(cells, self.kernel, self.sides[k], what)
            parts.append(ExactArray(cells.numbers.reshape(self.sides[k] ** 2, -1), cells.unit))
        return joined(parts, what)

    def attention(self) -> ApproximateAttention:
        """The attention input that the maps make: integers times rational units, nothing rounded.

        Keys and values are those of all L tokens, queries those of `rows`. `levels` is None where all rows lie on the
        last scale, which sees everything. Raises `InputError` where the exact integers exceed 62 bits.
        """
        last = len(self.sides) - 1
        level = self.levels[self.rows]
        used = {int(k) for k in np.unique(level)} or {last}
        queries = self.projected(self.query_projection, self.query_unit, "queries", used)
        begin, offset = np.zeros(last + 1, dtype=np.int64), 0
        for k, side in enumerate(self.sides):  # tokens of unused scales are not among the projected ones
            begin[k] = offset
            offset += 0 if k in used else side * side
        every = set(range(last + 1))
        keys = self.projected(self.key_projection, self.key_unit, "keys", every)
        values = self.projected(self.value_projection, self.value_unit, "values", every)
        return ApproximateAttention(
            queries=queries.numbers[self.rows - begin[level]],
            keys=keys.numbers,
            values=values.numbers,
            delta=self.delta,
            scale=self.scale,
            query_unit=queries.unit,
            key_unit=keys.unit,
            value_unit=values.unit,
            levels=None if used == {last} else (level, self.levels),
            adverse=self.adverse,
        )

    def verify(self, witness: Any) -> bool:
        """False: the problem asks for numbers, so nothing witnesses a YES."""
        return False

    def solve(self) -> Answer:
        """Token by token from exact interpolation weights, fractions and balls; small instances only."""
        from reductions.problems.var_solver import solve

        return solve(self)

    def to_json(self) -> dict[str, Any]:
        """All fields, numbers exact."""
        from reductions.problems.var_files import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The instance of `to_json`. Raises `InputError` for anything else."""
        from reductions.problems.var_files import fields_of

        return cls(**fields_of(data))

    def save(self, directory: Path, stem: str) -> list[Path]:
        """One NPZ file: the arrays, and everything else as a JSON text in the array `meta`."""
        from reductions.problems.var_files import save

        return save(self, directory, stem)

    @classmethod
    def samples(cls, seed: int) -> Iterator[Self]:
        """Small instances: both kinds of maps, several kernels and schedules, no rows, one token, float maps."""
        from reductions.problems.var_samples import samples

        for fields in samples(seed):
            yield cls(**fields)


PROBLEM = VarAttention
