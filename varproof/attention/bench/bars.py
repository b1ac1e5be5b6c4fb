"""The goals of `varproof bench attention`, and what a measurement says about them: met, not met, undecided."""

from __future__ import annotations

from dataclasses import dataclass

from varproof.attention.bench.cases import Goal
from varproof.attention.bench.result import SDPA, Benchmark, CaseResult, Curve, Row, Settings
from varproof.attention.bench.statistics import Crossover, Growth, crossover, growth

GROWTH_SPAN = 64  # growth exponents are fitted over this range of sizes: smaller ones show the overhead of a call


@dataclass(frozen=True)
class Bar:
    """A goal and what was measured; `met` and `stretch_met` are None where nothing was measured (or no stretch)."""

    case: str
    what: str
    unit: str
    bar: float
    stretch: float | None
    measured: float | None
    met: bool | None
    stretch_met: bool | None


def bars(found: Benchmark) -> tuple[Bar, ...]:
    """Every goal of every case with its outcome; goals hold for float64 on one CPU thread with NumPy arrays."""
    if not goals_apply(found.settings):
        return ()
    return tuple(_bar(result, goal) for result in found.cases for goal in result.case.goals)


def goals_apply(settings: Settings) -> bool:
    """Whether the goals are about this backend and dtype."""
    return (settings.backend, settings.device, settings.dtype) == ("numpy", "cpu", "float64")


def _bar(result: CaseResult, goal: Goal) -> Bar:
    ours = best_row(result, goal.kernel)
    kernel = "" if goal.kernel == "any" else f"{goal.kernel}: "
    if goal.what == "exponent":
        slope = case_growth(result)
        span = "growth exponent" if slope is None else f"growth exponent, N = {slope.first} to {slope.last}"
        return _judged(result, goal, kernel + span, "", None if slope is None else slope.exponent)
    if goal.what == "share":
        return _judged(result, goal, kernel + "needed flops over GEMM peak", "%", peak_share(result, ours, useful=True))
    measured = None if ours is None else result.speed(ours, SDPA)
    return _judged(result, goal, kernel + "against SDPA", "x", measured)


def _judged(result: CaseResult, goal: Goal, what: str, unit: str, measured: float | None) -> Bar:
    def reached(value: float | None) -> bool | None:
        if measured is None or value is None:
            return None
        return measured <= value if goal.what == "exponent" else measured >= value

    return Bar(result.case.name, what, unit, goal.bar, goal.stretch, measured, reached(goal.bar), reached(goal.stretch))


def best_row(result: CaseResult, kernel: str = "any") -> Row | None:
    """The fastest measured row of the case's own engine, with the kernel asked for."""
    rows = [
        row
        for row in result.rows
        if row.name.startswith(result.case.engine) and row.median is not None and kernel in ("any", _kernel(row.name))
    ]
    return min(rows, key=lambda row: row.median or 0.0, default=None)


def _kernel(name: str) -> str:
    return name.partition(", ")[2]


def peak_share(result: CaseResult, row: Row | None, *, useful: bool = False) -> float | None:
    """Flops of the row over what a matrix product does in the same time; `useful` counts what the method needs only."""
    flops = 0 if row is None else row.useful_flops if useful else row.flops
    if row is None or row.median is None or not flops:
        return None
    return flops / row.median / result.peak


def case_growth(result: CaseResult) -> Growth | None:
    """The growth exponent of the case's fastest engine over the sizes from 1/64 of the largest on."""
    best = best_row(result)
    curve = None if best is None else _curve(result, best.name)
    if curve is None:
        return None
    points = [
        point for point in zip(curve.tokens, curve.seconds, strict=True) if point[0] * GROWTH_SPAN >= curve.tokens[-1]
    ]
    return growth([tokens for tokens, _ in points], [seconds for _, seconds in points])


def case_crossover(result: CaseResult, row: Row, against: str) -> Crossover | None:
    """From which N on `row` is faster than the contestant `against`, over the sizes that both were measured at."""
    one, other = _curve(result, row.name), _curve(result, against)
    if one is None or other is None:
        return None
    theirs = dict(zip(other.tokens, other.seconds, strict=True))
    common = [(n, s) for n, s in zip(one.tokens, one.seconds, strict=True) if n in theirs]
    return crossover([n for n, _ in common], [s for _, s in common], [theirs[n] for n, _ in common])


def _curve(result: CaseResult, name: str) -> Curve | None:
    return next((curve for curve in result.curves if curve.name == name), None)
