"""The picture of `varproof bench attention --plot`: time against N, and error against rank. Display only."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from varproof.attention.bench.peers import NYSTROEM, PERFORMER
from varproof.attention.bench.ranks import RELATIVE, WEIGHTED
from varproof.attention.bench.result import ATTEND, EXACT, SDPA, Benchmark, CaseResult, RankStudy

COLORS = {
    "polynomial, numpy": "#0072b2",
    "polynomial, torch": "#0072b2",
    "polynomial, numba": "#d55e00",
    "tree": "#009e73",
    ATTEND: "#1b263b",
    EXACT: "#8d99ae",
    SDPA: "#cc79a7",
    RELATIVE: "#0072b2",
    WEIGHTED: "#009e73",
    PERFORMER: "#cc79a7",
    NYSTROEM: "#e69f00",
}
COLUMNS = 2  # panels in a row


def draw_benchmark(found: Benchmark, path: Path) -> None:
    """Draw one panel of time against N for each case, one of error against rank, and write them to `path`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import ScalarFormatter

    panels = len(found.cases) + (found.ranks is not None)
    lines = -(-panels // COLUMNS)
    spaced = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.1)  # inches around a panel: titles stay off the axis above
    figure = Figure(figsize=(6.2 * min(panels, COLUMNS), 4.3 * lines), dpi=150, layout=spaced)
    FigureCanvasAgg(figure)
    grid = figure.subplots(lines, min(panels, COLUMNS), squeeze=False).ravel()
    for axes, result in zip(grid, found.cases, strict=False):
        draw_speed(axes, result)
    if found.ranks is not None:
        draw_errors(grid[panels - 1], found.ranks)
    for axes in grid[:panels]:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.set_yscale("log")
        axes.set_ylim(*with_decades(*axes.get_ylim()))
        axes.grid(True, color="#e9ecef", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, frameon=False)
    for axes in grid[panels:]:
        axes.set_visible(False)
    figure.savefig(path)


def with_decades(low: float, high: float) -> tuple[float, float]:
    """The limits of an axis, moved apart to powers of ten where fewer than two lie between them.

    Below a decade matplotlib would name 2 and 6 times a power, too; from a decade on powers alone.

    >>> with_decades(0.3, 20.0), with_decades(0.3, 7.0)
    ((0.3, 20.0), (0.1, 10.0))
    """
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if last > first:
        return low, high
    return 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))


def draw_speed(axes: Any, result: CaseResult) -> None:
    """Median seconds of every contestant against N."""
    case = result.case
    for curve in result.curves:
        exact = curve.name in (EXACT, SDPA)
        axes.plot(
            curve.tokens,
            [1000 * seconds for seconds in curve.seconds],
            "--" if exact else ":" if curve.name == ATTEND else "-",
            marker="o",
            markersize=3.5,
            linewidth=1.6,
            color=COLORS.get(curve.name),
            label=curve.name,
        )
    rank = next((row.rank for row in result.rows if row.engine == case.engine and row.rank), 0)
    about = f"rank {rank}" if case.engine == "polynomial" else "tree"
    axes.set_title(f"{case.name}: d = {case.head_dim}, B = {case.bound:g}, {about}", fontsize=11)
    axes.set_xlabel("tokens N")
    axes.set_ylabel("milliseconds, certificate included")


def draw_errors(axes: Any, study: RankStudy) -> None:
    """Measured errors against rank, certified ones as a dashed line of the same colour."""
    for method in dict.fromkeys(point.method for point in study.points):
        points = sorted((p.rank, p.error, p.bound) for p in study.points if p.method == method)
        certified = [(rank, bound) for rank, _, bound in points if bound is not None]
        color = COLORS.get(method)
        axes.plot([p[0] for p in points], [p[1] for p in points], "o-", markersize=4, color=color, label=method)
        if certified:
            label = f"{method}: certified"
            axes.plot([p[0] for p in certified], [p[1] for p in certified], "--", color=color, label=label)
    case = study.case
    axes.set_title(f"Error against rank: d = {case.head_dim}, B = {case.bound:g}, N = {case.tokens}", fontsize=11)
    axes.set_xlabel("rank (features)")
    axes.set_ylabel("largest entrywise error, values in [-1, 1]")
