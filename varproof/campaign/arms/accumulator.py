"""Adds up the cases of a chunk while it runs, and keeps the few that matter."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from varproof.base.errors import InputError
from varproof.campaign.instances import encode_instance
from varproof.campaign.result import BARS, Result, bar_of
from varproof.claims.attack import Batch, Instance, Measurement
from varproof.families.space import Point, encode_value

SUSPECTS = 3  # the worst that are kept to be judged
NUMBERS = 4096  # of an instance, at most, that is kept as the worst case
LARGEST = 1e300  # ratios beyond it count as this one: JSON has no infinity
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")  # of objects in messages: other ones in every run


@dataclass(frozen=True)
class Kept:
    """A case worth a second look; `make` gives its numbers."""

    index: int
    measurement: Measurement
    point: Point | None
    make: Callable[[], Instance]


class Accumulator:
    """What the cases so far amount to. The order of cases decides ties and the first error, nothing else."""

    def __init__(self, keep_suspects: bool = True) -> None:
        self.cases = self.valid = self.rejected = self.raised = self.nan = self.suspects = 0
        self.cells: dict[str, int] = {}
        self.bars = [0] * (BARS + 1)
        self.by_size: dict[int, float] = {}
        self.worst: Kept | None = None
        self.worst_suspects: list[Kept] = []
        self.error: dict[str, Any] | None = None

    def add(self, index: int, found: Measurement, point: Point | None, instance: Instance) -> float:
        """Count one measured case; its ratio, or NaN."""
        ratio = min(float(found.ratio), LARGEST)
        # minus infinity is what 1/-0.0 gives; over a negative bound a ratio says nothing about which side is larger
        if not ratio >= -LARGEST or (ratio < 0 and found.bound < 0):
            self.nan += 1
            return math.nan
        size = found.size
        self.valid += 1
        self.bars[bar_of(ratio)] += 1
        best = self.by_size.get(size)
        if best is None or ratio > best:
            self.by_size[size] = ratio
            if self.worst is None or ratio > self.worst.measurement.ratio:
                self.worst = _kept(index, found, ratio, point, lambda: instance)
        if ratio > 1:
            self.suspects += 1
            self._suspect(_kept(index, found, ratio, point, lambda: instance))
        return ratio

    def add_batch(self, start: int, batch: Batch) -> None:
        """Count many cases at once."""
        ratios = np.minimum(np.asarray(batch.ratios, dtype=np.float64), LARGEST)
        sizes = np.asarray(batch.sizes)
        known = np.flatnonzero(ratios >= -LARGEST)
        self.nan += len(ratios) - len(known)
        self.valid += len(known)
        if not len(known):
            return
        good = ratios[known]
        bars = np.where(good > 1, BARS, np.clip(np.trunc(good * BARS), 0, BARS - 1)).astype(np.int64)
        for bar, count in enumerate(np.bincount(bars, minlength=BARS + 1).tolist()):
            self.bars[bar] += count
        for size in dict.fromkeys(sizes[known].tolist()):
            largest = float(good[sizes[known] == size].max())
            self.by_size[int(size)] = max(largest, self.by_size.get(int(size), largest))
        # stable: of equal ratios the earlier case first
        order = known[np.argsort(-good, kind="stable")][:SUSPECTS].tolist()
        for place in order:
            ratio = float(ratios[place])
            kept = _kept(
                start + place,
                Measurement(ratio, int(sizes[place])),
                ratio,
                None,
                lambda place=place: batch.instance(place),  # type: ignore[misc]
            )
            if self.worst is None or ratio > self.worst.measurement.ratio:
                self.worst = kept
            if ratio > 1:
                self._suspect(kept)
        self.suspects += int((good > 1).sum())

    def failed(self, index: int, error: BaseException, point: Point | None, where: str, count: int = 1) -> None:
        """Count cases that raised."""
        self.raised += count
        if self.error is None:
            self.error = describe_error(index, error, point, where)

    def result(self) -> Result:
        """The counts as they go into the store."""
        worst = None if self.worst is None else _stored(self.worst)
        return Result(
            self.cases,
            self.valid,
            self.rejected,
            self.raised,
            self.nan,
            dict(self.cells),
            tuple(self.bars),
            dict(self.by_size),
            worst,
            self.suspects,
            error=self.error,
        )

    def _suspect(self, kept: Kept) -> None:
        self.worst_suspects.append(kept)
        self.worst_suspects.sort(key=lambda one: -one.measurement.ratio)
        del self.worst_suspects[SUSPECTS:]


def _kept(index: int, found: Measurement, ratio: float, point: Point | None, make: Callable[[], Instance]) -> Kept:
    return Kept(index, Measurement(ratio, int(found.size), found.measured, found.bound), point, make)


def describe_error(index: int, error: BaseException, point: Point | None, where: str) -> dict[str, Any]:
    """An exception as plain data: type, message, where it was raised, and the point of the case."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    line = "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return {
        "type": type(error).__name__,
        "message": ADDRESS.sub("0x...", str(error))[:500],
        "where": where,
        "line": line,
        "case": index,
        "point": encode_point(point),
    }


def encode_point(point: Point | None) -> dict[str, object] | None:
    """A point as JSON data, None for none."""
    return None if point is None else {name: encode_value(value) for name, value in point.items()}


def _stored(kept: Kept) -> dict[str, Any]:
    """The worst case as JSON data: with its point, or else with its numbers where they are few."""
    found = kept.measurement
    data: dict[str, Any] = {
        "ratio": found.ratio,
        "measured": _finite(found.measured),
        "bound": _finite(found.bound),
        "size": found.size,
        "point": encode_point(kept.point),
    }
    if kept.point is None:
        try:
            instance = kept.make()
            if sum(array.size for array in instance.arrays.values()) <= NUMBERS:
                data["instance"] = encode_instance(instance)
        except (InputError, IndexError, ValueError, ArithmeticError):
            pass  # an instance that cannot be written is not worth losing the chunk
    return data


def _finite(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
