"""What a chunk found, as plain numbers that add up; nothing in it depends on time, machine or order of chunks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

# histogram of ratios: BARS equal bins of [0, 1], then one for ratios above 1
BARS = 40


@dataclass(frozen=True)
class Result:
    """Counts and extremes of one chunk, or of many added up.

    `cases` were tried: `valid` measured, `rejected` outside the hypotheses, `raised` an exception, `nan` gave no ratio.
    `cells` counts valid cases by cell text; `by_size` is the largest ratio for each size; `worst` the case with the
    largest ratio (ratio, measured, bound, size, point or instance). `suspects` had a ratio above 1; `judged` says what
    the exact second look at the worst of them made of that, counts by value of `Judgement`. `failure` is the smallest
    confirmed violation with its story of shrinking, `error` the first exception with its point. `killed` is for wrong
    variants: "violation", "tightness" or "".
    """

    cases: int = 0
    valid: int = 0
    rejected: int = 0
    raised: int = 0
    nan: int = 0
    cells: Mapping[str, int] = field(default_factory=dict)
    histogram: tuple[int, ...] = (0,) * (BARS + 1)
    by_size: Mapping[int, float] = field(default_factory=dict)
    worst: Mapping[str, Any] | None = None
    suspects: int = 0
    judged: Mapping[str, int] = field(default_factory=dict)
    failure: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    killed: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data (keys of `by_size` become text)."""
        data = {one.name: getattr(self, one.name) for one in fields(self)}
        data["histogram"] = list(self.histogram)
        data["by_size"] = {str(size): ratio for size, ratio in self.by_size.items()}
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Result:
        """The inverse of `to_json`."""
        known = {one.name for one in fields(Result)}
        values = {name: value for name, value in data.items() if name in known}
        values["histogram"] = tuple(values["histogram"])
        values["by_size"] = {int(size): float(ratio) for size, ratio in values["by_size"].items()}
        return Result(**values)


def bar_of(ratio: float) -> int:
    """The bin of the histogram.

    >>> bar_of(0.0), bar_of(1.0), bar_of(1.0001)
    (0, 39, 40)
    """
    return BARS if ratio > 1 else min(max(int(ratio * BARS), 0), BARS - 1)


def added(left: Result, right: Result) -> Result:
    """Both together; the order matters only where two cases tie, then `left` stays."""
    by_size = dict(left.by_size)
    for size, ratio in right.by_size.items():
        by_size[size] = max(ratio, by_size.get(size, ratio))
    return Result(
        left.cases + right.cases,
        left.valid + right.valid,
        left.rejected + right.rejected,
        left.raised + right.raised,
        left.nan + right.nan,
        _summed(left.cells, right.cells),
        tuple(a + b for a, b in zip(left.histogram, right.histogram, strict=True)),
        by_size,
        _larger(left.worst, right.worst, "ratio", 1),
        left.suspects + right.suspects,
        _summed(left.judged, right.judged),
        _larger(left.failure, right.failure, "size", -1),
        left.error or right.error,
        left.killed or right.killed,
    )


def _summed(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {name: left.get(name, 0) + right.get(name, 0) for name in [*left, *(n for n in right if n not in left)]}


def _larger(
    left: Mapping[str, Any] | None, right: Mapping[str, Any] | None, name: str, sign: int
) -> Mapping[str, Any] | None:
    if left is None or right is None:
        return left or right
    return right if sign * right[name] > sign * left[name] else left
