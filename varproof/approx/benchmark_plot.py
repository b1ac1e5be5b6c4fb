"""The picture of `varproof bench approx --plot`: seconds of both programs for each cell. Display only."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from varproof.approx.benchmark import RATIO_BAR, Benchmark, name_of, ratio, shown_seconds

OURS, PEER, INK, MARK = "#0072b2", "#8d99ae", "#1b263b", "#d55e00"
HEIGHT = 0.36  # of one bar; a cell has two


def draw_benchmark(benchmark: Benchmark, path: Path) -> None:
    """Draw two horizontal bars for each cell (ours, Sollya's) on a logarithmic axis and write them to `path`.

    A dash over each pair stands where Sollya would be exactly 30 times slower; a stopped run ends in an arrow.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    cells = benchmark.cells
    figure = Figure(figsize=(9.0, 1.7 + 0.95 * len(cells)), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    ends = []
    for row, cell in enumerate(cells):
        ours, found = median(cell.certify_seconds), ratio(cell, benchmark.timeout)
        axes.barh(
            row - HEIGHT / 2, ours, HEIGHT, color=OURS, label="varproof: degree and both sides" if not row else ""
        )
        axes.text(ours * 1.08, row - HEIGHT / 2, shown_seconds(ours), va="center", fontsize=9, color=OURS)
        goal = RATIO_BAR * ours
        ends += [ours, goal]
        label = f"bar: {RATIO_BAR} x" if not row else ""
        if found is None:
            said = cell.sollya[-1].outcome if cell.sollya else "not run"
            axes.text(ours * 1.08, row + HEIGHT / 2, f"Sollya: {said}", va="center", fontsize=9, color=INK)
        else:
            peer, more = found.value * ours, "> " if found.at_least else ""
            axes.barh(
                row + HEIGHT / 2, peer, HEIGHT, color=PEER, label="Sollya: upper side of that degree" if not row else ""
            )
            text = f"{more}{shown_seconds(peer)}, {more}{found.value:.0f} x"
            axes.text(max(peer, goal) * 1.08, row + HEIGHT / 2, text, va="center", fontsize=9, color=INK)
            if found.at_least:
                axes.plot([peer], [row + HEIGHT / 2], ">", color=PEER, markersize=9, clip_on=False)
            ends.append(peer)
        axes.plot([goal, goal], [row - HEIGHT, row + HEIGHT], color=MARK, linewidth=2, label=label)
    axes.set_xscale("log")
    axes.set_xlim(min(ends) / 4, max(ends) * 9)
    axes.set_ylim(len(cells) - 0.45, -0.55)
    axes.set_yticks(range(len(cells)), [f"{name_of(cell)}\ndegree {cell.degree}" for cell in cells])
    axes.set_xlabel("seconds (median, logarithmic axis)")
    axes.set_title("Certified polynomials for e$^x$ on [-B, B], relative error", fontsize=12)
    axes.grid(True, axis="x", color="#e9ecef", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    figure.savefig(path)
