"""The picture of the graph for the documentation, drawn by matplotlib. Display only."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from reductions.core.reduction import CitedEdge, Kind, Reduction
from reductions.graph.layout import Item, Layout, Line, curves, layout
from reductions.graph.model import Edge, Graph, graph
from varproof.base.errors import InputError

INK, PAPER, FRAME, FILL = "#1b263b", "#ffffff", "#1b263b", "#e8f0f7"
COLOURS = {"many-one": "#0072b2", "or-many": "#009e73", "truth-table": "#d55e00", "real-oracle": "#8f4a86"}
CITED = "#6b7280"
SUFFIXES = {".png": "Software", ".svg": "Date", ".pdf": "CreationDate"}  # with the field that changes between runs
SCALE = 96.0  # units of the layout in an inch


def draw_graph(path: str | FilePath, made: Graph | None = None) -> None:
    """Write the picture of `made` (default: the whole graph) to `path` (.png, .svg or .pdf by its suffix).

    Problems are boxes with their size N, rules labels on arrows in the colour of their kind, cited theorems dashed.
    The same graph gives the same bytes. Raises `InputError` for another suffix.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    target = FilePath(path)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError("unknown file type", got=path, allowed=", ".join(SUFFIXES))
    made = graph() if made is None else made
    places = layout(made)
    legend = 26.0
    settings: Any = {"font.family": "DejaVu Sans", "svg.hashsalt": "varproof", "path.simplify": False}
    with rc_context(settings):
        figure = Figure(figsize=(places.width / SCALE, (places.height + legend) / SCALE), facecolor=PAPER)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, places.width)
        axes.set_ylim(places.height + legend, 0)
        axes.axis("off")
        for line in places.lines:
            _line(axes, line)
        for name, item in places.boxes.items():
            _box(axes, item, name, made.nodes[name]["problem"].SIZE)
        _legend(axes, places, [line.edge for line in places.lines])
        figure.savefig(target, dpi=2 * SCALE, metadata={SUFFIXES[suffix]: None})


def colour_of(edge: Edge) -> str:
    """The colour of an edge: that of its kind, grey for cited theorems."""
    return COLOURS[edge.kind.value] if isinstance(edge, Reduction) else CITED


def _line(axes: Any, line: Line) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    steps: list[tuple[Any, tuple[float, float]]] = [(Path.MOVETO, line.points[0])]
    for (x0, y0), (x1, y1) in curves(line):
        steps += [(Path.CURVE4, (x0, y0)), (Path.CURVE4, (x1, y1)), (Path.CURVE4, line.points[len(steps) // 3 + 1])]
    shape = Path([point for _, point in steps], [code for code, _ in steps])
    style = (0, (4, 2.5)) if isinstance(line.edge, CitedEdge) else "solid"
    arrow = FancyArrowPatch(
        path=shape, arrowstyle="-|>", mutation_scale=9, color=colour_of(line.edge), linewidth=1.3, linestyle=style
    )
    axes.add_patch(arrow)
    text = axes.text(line.label.x, line.label.y, line.label.name, color=INK, fontsize=8.2, ha="center", va="center")
    text.set_bbox(
        {
            "boxstyle": "round,pad=0.3",
            "facecolor": PAPER,
            "edgecolor": colour_of(line.edge),
            "linewidth": 0.8,
            "linestyle": style,
        }
    )


def _box(axes: Any, item: Item, name: str, size: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (item.x - item.width / 2, item.y - item.height / 2)
    axes.add_patch(
        FancyBboxPatch(
            corner, item.width, item.height, boxstyle="round,pad=0,rounding_size=7", facecolor=FILL, edgecolor=FRAME
        )
    )
    axes.text(item.x, item.y - 8, name, color=INK, fontsize=11, fontweight="bold", ha="center", va="center")
    axes.text(item.x, item.y + 11, f"N = {size}", color=INK, fontsize=8.5, ha="center", va="center")


def _legend(axes: Any, places: Layout, edges: list[Edge]) -> None:
    kinds = [kind.value for kind in Kind if any(isinstance(e, Reduction) and e.kind is kind for e in edges)]
    entries: list[tuple[str, str, Any]] = [(kind, COLOURS[kind], "solid") for kind in kinds]
    if any(isinstance(edge, CitedEdge) for edge in edges):
        entries.append(("cited theorem, not executable", CITED, (0, (4, 2.5))))
    x = 18.0
    for words, colour, style in entries:
        y = places.height + 8
        axes.plot([x, x + 24], [y, y], color=colour, linewidth=1.6, linestyle=style)
        axes.text(x + 30, y, words, color=INK, fontsize=8.5, va="center")
        x += 50 + 7 * len(words)
