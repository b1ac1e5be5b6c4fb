"""What the chunks of one form of a claim add up to, by arm; the raw material of goals and reports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from varproof.campaign.chunk import Chunk, cell_text
from varproof.campaign.result import BARS, Result
from varproof.claims.attack import Judgement

ROUNDING = 1e-9  # a float ratio that exceeds 1 by no more than this is equality as far as floats can tell
OPEN = ("planned", "pending", "open", "new")  # what a store calls a chunk that has not run yet


class LostChunk(NamedTuple):
    """A chunk without a result, why it has none, and the case that ran when it was lost, where that is known."""

    chunk: str
    reason: str
    case: Mapping[str, Any] | None


@dataclass
class ArmTotals:
    """The sum of the results of one arm; `open` and `lost` chunks gave none.

    `largest` is the largest ratio (None without a valid case). `unsettled` counts suspects above 1 by more than
    rounding that no exact second look settled: never judged, or NUMERIC-AMBIGUOUS. Counted chunk by chunk, because
    a result says how many suspects were judged but not which. `valid_in` has the valid cases by the cell of the chunk.
    """

    chunks: int = 0
    open: int = 0
    lost: list[LostChunk] = field(default_factory=list)
    cases: int = 0
    valid: int = 0
    rejected: int = 0
    raised: int = 0
    nan: int = 0
    suspects: int = 0
    unsettled: int = 0
    judged: dict[str, int] = field(default_factory=dict)
    largest: float | None = None
    valid_in: dict[str, int] = field(default_factory=dict)

    @property
    def violated(self) -> int:
        """Cases that an exact second look found to violate the statement."""
        return self.judged.get(Judgement.VIOLATED.value, 0)


@dataclass
class Totals:
    """The sum over all chunks of one subject: arms apart, and what is shown for all arms together.

    The first of equals stays, so the order of `add` matters only between cases with the same ratio or size.
    """

    arms: dict[str, ArmTotals] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)
    histogram: list[int] = field(default_factory=lambda: [0] * (BARS + 1))
    by_size: dict[int, float] = field(default_factory=dict)
    worst: Mapping[str, Any] | None = None
    failure: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    killed: str = ""

    def add(
        self, chunk: Chunk, status: str, result: Result | None, reason: str = "", case: Mapping[str, Any] | None = None
    ) -> None:
        """One chunk of the store. What has no result and is not waiting counts as lost."""
        arm = self.arms.setdefault(chunk.arm, ArmTotals())
        arm.chunks += 1
        if result is None:
            if status in OPEN:
                arm.open += 1
            else:
                arm.lost.append(LostChunk(chunk.id, reason or status or "no reason was kept", case))
            return
        _add_counts(arm, result)
        place = cell_text(chunk.cell)
        arm.valid_in[place] = arm.valid_in.get(place, 0) + result.valid
        for cell, count in result.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + count
        for bar, count in enumerate(result.histogram):
            if count:
                self.histogram[bar] += count
        for size, ratio in result.by_size.items():
            if not math.isnan(ratio) and ratio >= self.by_size.get(size, ratio):
                self.by_size[size] = ratio
        if result.worst is not None and (self.worst is None or result.worst["ratio"] > self.worst["ratio"]):
            self.worst = {**result.worst, "arm": chunk.arm}
        if result.failure is not None and (self.failure is None or result.failure["size"] < self.failure["size"]):
            self.failure = {**result.failure, "arm": chunk.arm}
        if self.error is None and result.error is not None:
            self.error = {**result.error, "chunk": chunk.id}
        self.killed = self.killed or result.killed

    def count(self, name: str) -> int:
        """The sum of a count over the arms.

        >>> Totals({"iid": ArmTotals(valid=3), "adversarial": ArmTotals(valid=4)}).count("valid")
        7
        """
        return sum(int(getattr(arm, name)) for arm in self.arms.values())

    @property
    def open(self) -> int:
        """Chunks that have not run yet."""
        return self.count("open")

    @property
    def lost(self) -> list[LostChunk]:
        """Chunks given up, of all arms."""
        return [one for arm in self.arms.values() for one in arm.lost]

    @property
    def largest(self) -> float | None:
        """The largest ratio of a valid case, over all arms; None where there was none."""
        found = [arm.largest for arm in self.arms.values() if arm.largest is not None]
        return max(found, default=None)

    @property
    def violated(self) -> bool:
        """Whether an exact second look confirmed a violation."""
        return self.count("violated") > 0 or self.failure is not None


def _add_counts(arm: ArmTotals, result: Result) -> None:
    arm.cases += result.cases
    arm.valid += result.valid
    arm.rejected += result.rejected
    arm.raised += result.raised
    arm.nan += result.nan
    arm.suspects += result.suspects
    for name, count in result.judged.items():
        arm.judged[name] = arm.judged.get(name, 0) + count
    largest = _largest(result)
    if largest is not None and math.isnan(largest):  # a ratio that is no number must not pass as a small one
        arm.nan += 1
    elif largest is not None:
        arm.largest = largest if arm.largest is None else max(arm.largest, largest)
    if largest is None or not largest <= 1 + ROUNDING:
        unjudged = max(max(result.suspects, bool(largest is not None)) - sum(result.judged.values()), 0)
        arm.unsettled += unjudged + result.judged.get(Judgement.AMBIGUOUS.value, 0)


def _largest(result: Result) -> float | None:
    found = [float(ratio) for ratio in result.by_size.values()]
    if result.worst is not None:
        found.append(float(result.worst["ratio"]))
    if any(map(math.isnan, found)):
        return math.nan
    return max(found, default=None)
