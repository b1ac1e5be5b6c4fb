"""The goals of `varproof bench approx`, and what a measurement says about them: met, not met, undecided."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from varproof.approx.benchmark import Benchmark, Cell

RATIO_BAR, RATIO_STRETCH = 30, 100  # times faster than Sollya
CHECK_BAR, CHECK_STRETCH = 0.050, 0.020  # seconds


@dataclass(frozen=True)
class Ratio:
    """Sollya's median over ours; `at_least` when a run of Sollya was stopped, so that only a bound is known."""

    value: float
    at_least: bool


@dataclass(frozen=True)
class Bar:
    """A goal and what was measured; `met` and `stretch_met` are None where the measurement does not decide."""

    what: str
    unit: str
    bar: float
    stretch: float
    measured: float | None
    at_least: bool
    met: bool | None
    stretch_met: bool | None


def bars(found: Benchmark) -> tuple[Bar, ...]:
    """The goals for certificates with their outcomes: one ratio for each cell, and the check of (64, 1e-8)."""
    made = [ratio_bar(cell, found.timeout) for cell in found.cells]
    measured = median(found.check_cell.check_seconds["integers"])
    what = f"check, integers only, both sides, {found.check_cell.name}"
    met, stretch_met = measured <= CHECK_BAR, measured <= CHECK_STRETCH
    return (*made, Bar(what, "s", CHECK_BAR, CHECK_STRETCH, measured, False, met, stretch_met))


def shown_seconds(value: float) -> str:
    """Seconds for people, three digits.

    >>> shown_seconds(0.0123), shown_seconds(4.5), shown_seconds(300)
    ('12.3 ms', '4.5 s', '300 s')
    """
    return f"{1000 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def ratio(cell: Cell, timeout: float) -> Ratio | None:
    """Sollya's median over ours, a stopped run counted as the time limit; None where Sollya gave no time."""
    stopped = any(run.outcome == "timed out" for run in cell.sollya)
    times = [timeout if run.outcome == "timed out" else run.seconds for run in cell.sollya]
    known = [seconds for seconds in times if seconds is not None]
    return Ratio(median(known) / median(cell.certify_seconds), stopped) if known else None


def ratio_bar(cell: Cell, timeout: float) -> Bar:
    """The goal "30 times faster than Sollya, better 100" for one cell."""
    found = ratio(cell, timeout)
    value, at_least = (None, False) if found is None else (found.value, found.at_least)

    def reached(goal: float) -> bool | None:
        if value is None or (at_least and value < goal):
            return None
        return value >= goal

    what = f"find both sides, against Sollya, {cell.name}"
    return Bar(what, "x", RATIO_BAR, RATIO_STRETCH, value, at_least, reached(RATIO_BAR), reached(RATIO_STRETCH))
