"""Outputs from a file: somebody else's program answered the instances, and promises to be within delta."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from reductions.core.answer import Outputs
from reductions.oracles.resolve import attention_of
from reductions.problems.attention import ApproximateAttention
from reductions.problems.attention_files import rational
from reductions.problems.npz_arrays import read_arrays
from reductions.problems.var_attention import VarAttention
from varproof.base.balls import rational as fmpq_of
from varproof.base.errors import InputError

NUMBERED = re.compile(r"outputs_(\d{3,6})", re.ASCII)
ALLOWED = "one array outputs, or outputs_000, outputs_001, ... without a gap"
KINDS = "finite floats (at most float64), integers, or texts of decimals or fractions"
FINER = 40  # texts are read to within delta 2^-40


class FileOracle:
    """The outputs in an NPZ file, handed out in order: `outputs` for one instance, else `outputs_000` and following.

    Each array has shape (rows asked for, value columns), or (rows,) for one column. Floats and integers are taken as
    they are. Texts ("0.1234...", "1/3") serve where floats are too coarse: they become exact dyadic balls, read to
    within delta 2^-40, so a file of texts must promise delta (1 - 2^-40). The error reported is the instance's delta:
    a promise of the file that nothing here checks. The file is read when the oracle is made. Raises `InputError` for
    other names, shapes, types and NaN, and for more instances than arrays.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = f"the file {self.path.name}"
        self._arrays = _in_order(read_arrays(self.path, "the outputs"))
        self._position = 0

    @property
    def left(self) -> int:
        """Arrays that no instance has taken yet."""
        return len(self._arrays) - self._position

    def refuse_surplus(self) -> None:
        """Raises `InputError` where arrays are left. To be asked once all instances have had their outputs.

        Not after a run that may stop early (an OR whose first YES decides): arrays that are left are then in order.
        """
        if self.left:
            names = [name for name, _ in self._arrays[self._position :]]
            raise InputError(
                "the file holds outputs that no instance asked for",
                got=", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
                allowed=f"{self._position} arrays, one for each instance in order",
                hint="a file made for other instances answers these wrongly: make it again from the saved instances",
            )

    def outputs(self, instance: ApproximateAttention | VarAttention) -> Outputs:
        """The next array of the file. Raises `InputError` where none is left or its shape or entries do not fit."""
        attention = attention_of(instance)
        if not self.left:
            hint = "write one array for each instance, in order"
            raise InputError("no outputs are left for this instance", got=f"{self._position} arrays", hint=hint)
        name, array = self._arrays[self._position]
        shape = (len(attention.queries), attention.values.shape[1])
        if array.shape != shape and not (shape[1] == 1 and array.shape == shape[:1]):
            raise InputError(f"{name} does not fit the instance", got=f"shape {array.shape}", allowed=f"shape {shape}")
        values = _read(array.reshape(shape), name, attention.delta)
        self._position += 1
        return Outputs(values, attention.delta)


def _in_order(arrays: Mapping[str, NDArray[Any]]) -> list[tuple[str, NDArray[Any]]]:
    if set(arrays) == {"outputs"}:
        return list(arrays.items())
    numbers: dict[int, str] = {}
    for name in arrays:
        found = NUMBERED.fullmatch(name)
        if found is None or int(found[1]) in numbers:
            raise InputError("an array of outputs has no such name", got=name, allowed=ALLOWED)
        numbers[int(found[1])] = name
    if not numbers or sorted(numbers) != list(range(len(numbers))):
        raise InputError("arrays of outputs are missing", got=", ".join(sorted(arrays)) or "no array", allowed=ALLOWED)
    return [(numbers[place], arrays[numbers[place]]) for place in range(len(numbers))]


def _read(array: NDArray[Any], name: str, delta: Fraction) -> NDArray[Any]:
    if array.dtype.kind == "U":
        return _balls(array, name, delta)
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise InputError(f"{name} holds no numbers", got=array.dtype, allowed=KINDS)
    wide = array.astype(np.float64)
    if not bool(np.isfinite(wide).all()):
        bad = tuple(int(i) for i in np.argwhere(~np.isfinite(wide))[0])
        raise InputError(f"{name} has entries that are not finite", got=f"{wide[bad]} at {bad}", allowed=KINDS)
    return wide


def _balls(array: NDArray[Any], name: str, delta: Fraction) -> NDArray[Any]:
    """Texts as balls of radius 0, each the number rounded to a multiple of a power of two below delta 2^-40."""
    bits = FINER + max(0, math.ceil(1 / delta).bit_length())
    balls = np.empty(array.shape, dtype=object)
    for place, text in np.ndenumerate(array):
        scaled = round(rational(str(text).strip(), f"{name}{list(place)}") * 2**bits)
        with ctx.workprec(max(64, scaled.bit_length())):
            balls[place] = arb(fmpq_of(Fraction(scaled, 2**bits)))
    return balls
