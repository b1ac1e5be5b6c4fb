"""How a campaign attacks a claim: where cases come from, how one is measured quickly, and how it is judged exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from varproof.base.errors import InputError
from varproof.claims.model import Case
from varproof.families.space import Point, Seed, Space, Value

ARMS = ("exhaustive", "iid", "adversarial", "worst-ratio")


class Judgement(Enum):
    """What an exact second look says about one case."""

    VIOLATED = "VIOLATED"  # by rational arithmetic or balls
    PASS = "PASS"  # likewise
    AMBIGUOUS = "NUMERIC-AMBIGUOUS"  # the enclosures overlap


class Measurement(NamedTuple):
    """One case as the fast pass sees it, in floating point: a hint where to look, never a verdict.

    `ratio` is measured/bound for an upper bound and bound/measured for a lower one, so that above 1 means suspicious;
    for a statement without sizes (an identity) 0.0 for "holds" and 2.0 for "fails". `size` is the n of the case.
    """

    ratio: float
    size: int
    measured: float = float("nan")
    bound: float = float("nan")


@dataclass(frozen=True)
class Instance:
    """A case with all its numbers, which needs no seed and no library version to be made again.

    `dimensions` says which axes shrink together: a name, and (array, axis) pairs; a minimiser may drop any index but
    the last one. `boxes` gives arrays whose entries may move freely, each with its lowest and highest value: the
    worst-ratio arm moves them, the minimiser sets them to rounder numbers.
    """

    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    numbers: Mapping[str, Value] = field(default_factory=dict)
    dimensions: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    boxes: Mapping[str, tuple[float, float]] = field(default_factory=dict)


class Batch(NamedTuple):
    """Many cases measured at once: ratios and sizes, shape (count,), and any one of them as an instance."""

    ratios: NDArray[np.float64]
    sizes: NDArray[np.int64]
    instance: Callable[[int], Instance]


@dataclass(frozen=True)
class Attack:
    """How cases of a claim are made and looked at.

    `build` turns a point of `space` into an instance, the same one every time, or None where the hypotheses of the
    case exclude it. `measure` is fast and in floats; it returns None for an instance outside the hypotheses, and never
    raises because a statement fails. `judge` is exact: rationals or balls on the very numbers of the instance. All
    three read the constants and the dropped hypotheses of the case, so that wrong variants run through them too.

    `cells` names the fields whose bins are the coverage map. `small` is a finite space for the exhaustive arm.
    `attains` is the share of the bound that the worst-ratio arm must reach for a claim of kind "tight". `batch` draws
    and measures many independent cases of a space at once. `cost` is about the CPU seconds of one case. `most` caps
    the cases per arm of an expensive claim. `arms` are those that make sense for it. Raises `InputError` for cells that
    are no fields of the space, for unknown arms, and for a cost that is not positive.
    """

    space: Space
    build: Callable[[Point, Case], Instance | None]
    measure: Callable[[Instance, Case], Measurement | None]
    judge: Callable[[Instance, Case], Judgement]
    cells: tuple[str, ...]
    small: Space | None = None
    attains: Fraction | None = None
    batch: Callable[[Space, int, np.random.Generator, Case], Batch] | None = None
    cost: float = 1e-4
    most: int | None = None
    arms: tuple[str, ...] = ARMS

    def __post_init__(self) -> None:
        if isinstance(self.cells, str):
            raise InputError("cells of an attack", got=repr(self.cells), allowed=f"a tuple: ({self.cells!r},)")
        fields = [name for name, field in self.space.fields.items() if not isinstance(field, Seed)]
        for what, names, allowed in (("cells", self.cells, fields), ("arms", self.arms, list(ARMS))):
            if unknown := [name for name in names if name not in allowed]:
                raise InputError(f"{what} of an attack", got=unknown[0], allowed=", ".join(allowed))
        if not 0 < self.cost < float("inf"):
            raise InputError("cost of an attack, in seconds per case", got=self.cost, allowed="a positive number")
