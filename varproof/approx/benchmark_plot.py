"""The picture of `varproof bench approx --plot`: seconds of both programs for each cell. Display only."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from varproof.approx.benchmark import Benchmark, Cell
from varproof.approx.benchmark_bars import RATIO_BAR, ratio, shown_seconds

OURS, PEER, INK, MARK = "#0072b2", "#8d99ae", "#1b263b", "#d55e00"
HEIGHT = 0.36  # of one bar; a cell has two


def draw_benchmark(benchmark: Benchmark, path: Path) -> None:
    """Draw two horizontal bars for each cell (ours, Sollya's) on a logarithmic axis and write them to `path`.

    A dash over each pair stands where Sollya would be exactly 30 times slower; a stopped run ends in an arrow.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 1.7 + 0.95 * len(benchmark.cells)), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    _draw_cells(axes, benchmark.cells, benchmark.timeout)
    axes.set_xlabel("seconds (median, logarithmic axis)")
    axes.set_title("Certified polynomials for e$^x$ on [-B, B], relative error", fontsize=12)
    axes.grid(True, axis="x", color="#e9ecef", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    figure.savefig(path)


def _draw_cells(axes: Any, cells: tuple[Cell, ...], timeout: float) -> None:
    """The bars, their labels and the 30 x dashes, one row for each cell from the top."""
    ends = []
    for row, cell in enumerate(cells):
        above, below = row - HEIGHT / 2, row + HEIGHT / 2
        ours, found = median(cell.certify_seconds), ratio(cell, timeout)
        goal = RATIO_BAR * ours
        ends += [ours, goal]
        axes.barh(above, ours, HEIGHT, color=OURS, label="varproof: degree and both sides")
        axes.text(ours * 1.08, above, shown_seconds(ours), va="center", fontsize=9, color=OURS)
        if found is None:
            outcome = cell.sollya[-1].outcome if cell.sollya else "not run"
            axes.text(ours * 1.08, below, f"Sollya: {outcome}", va="center", fontsize=9, color=INK)
        else:
            peer, more = found.value * ours, "> " if found.at_least else ""
            ends.append(peer)
            axes.barh(below, peer, HEIGHT, color=PEER, label="Sollya: upper side of that degree")
            said = f"{more}{shown_seconds(peer)}, {more}{found.value:.0f} x"
            clear = 1.25 if found.at_least else 1.08
            axes.text(max(peer, goal) * clear, below, said, va="center", fontsize=9, color=INK)
            if found.at_least:
                axes.plot([peer], [below], ">", color=PEER, markersize=12)
        axes.plot(
            [goal, goal], [row - HEIGHT, row + HEIGHT], color=MARK, linewidth=2, label=f"{RATIO_BAR} x ours: the bar"
        )
    axes.set_xscale("log")
    axes.set_xlim(min(ends) / 4, max(ends) * 9)
    axes.set_ylim(len(cells) - 0.45, -0.55)
    axes.set_yticks(range(len(cells)), [f"{cell.name}\ndegree {cell.degree}" for cell in cells])
