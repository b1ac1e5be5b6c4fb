"""The picture of an error ledger: bound and measured error of every step, phases coloured. Display only."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from varproof.var.ledger.entries import Entry
from varproof.var.ledger.report import Ledger

PHASE_COLORS = (
    ("interpolation", "#8d99ae"),
    ("attention", "#d55e00"),
    ("projections", "#0072b2"),
    ("ffn", "#009e73"),
    ("normalisation", "#56b4e9"),
    ("modulation", "#56b4e9"),
    ("reconstruction", "#e69f00"),
    ("decoder", "#cc79a7"),
)
OTHER, INK, LOOSEST = "#6c757d", "#1b263b", "#ffe8a3"
FLOOR = 1e-18  # shown in place of errors of 0
MOST_STEPS = 64  # shown
LONGEST_NAME = 44


def draw_ledger(ledger: Ledger, target: Path | Any) -> None:
    """Draw the waterfall into a file, or onto a matplotlib figure: one line a step, downwards as the pass runs.

    A bar reaches from the measured error to the bound, so its length is the slack; a mark ends it where something was
    measured. The loosest step is shaded. Long ledgers keep `MOST_STEPS` steps, those where the
    bound changes by most.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = shown_steps(ledger.entries)
    if isinstance(target, (str, Path)):
        figure = Figure(figsize=(9.6, max(3.2, 1.7 + 0.21 * len(shown))), dpi=150, layout="constrained")
        FigureCanvasAgg(figure)
        draw_ledger(ledger, figure)
        figure.savefig(target)
        return
    if target.get_layout_engine() is None:
        target.set_layout_engine("constrained")  # keeps the legend below the axis
    axes = target.subplots()
    low, high = _limits(shown)
    used: dict[str, str] = {}
    for place, entry in enumerate(shown):
        label, color = _phase(entry)
        used.setdefault(label, color)
        if entry is ledger.loosest:
            axes.axhspan(place - 0.5, place + 0.5, color=LOOSEST, zorder=0)
        bound = min(entry.bound, high)
        start = min(max(entry.measured, low), bound)
        axes.plot([start, bound], [place, place], color=color, linewidth=6, alpha=0.35, solid_capstyle="butt", zorder=2)
        axes.plot([bound], [place], "|", color=color, markersize=11, markeredgewidth=2.6, zorder=4)
        if entry.measured > 0:
            axes.plot([start], [place], "o", color=color, markersize=4.5, zorder=4)
        if entry.slack is not None:
            axes.annotate(
                f"{_short(entry.slack)}×",
                (bound, place),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                color=INK,
            )
    _legend(target, used, loosest=ledger.loosest is not None)
    axes.set_yticks(range(len(shown)), [_label(entry.name) for entry in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xlim(low, high * (high / low) ** 0.09)
    left_out = len(ledger.entries) - len(shown)
    axes.set_xlabel("largest entrywise error" + (f" ({left_out} steps not shown)" if left_out else ""))
    slack = "" if ledger.slack is None else f", measured {ledger.final_measured:.2g}: slack {_short(ledger.slack)}"
    axes.set_title(
        f"Error ledger, {ledger.engine} attention within {ledger.delta:g}: bound {ledger.final_bound:.2g}{slack}",
        fontsize=11,
        loc="left",
    )
    axes.grid(True, axis="x", color="#e9ecef", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def shown_steps(entries: tuple[Entry, ...], most: int = MOST_STEPS) -> tuple[Entry, ...]:
    """At most `most` entries in their order: the first, the last and those where the bound changes by most."""
    if len(entries) <= most:
        return entries

    def change(place: int) -> float:
        if place in (0, len(entries) - 1):
            return math.inf
        before, here = entries[place - 1].bound, entries[place].bound
        return abs(math.log(max(here, FLOOR) / max(before, FLOOR))) if math.isfinite(before + here) else math.inf

    kept = sorted(sorted(range(len(entries)), key=change, reverse=True)[:most])
    return tuple(entries[place] for place in kept)


def _limits(shown: tuple[Entry, ...]) -> tuple[float, float]:
    """Decades around all finite positive errors."""
    sizes = [x for entry in shown for x in (entry.bound, entry.measured) if FLOOR < x < math.inf]
    if not sizes:
        return FLOOR, 1.0
    return 10.0 ** math.floor(math.log10(min(sizes)) - 0.05), 10.0 ** math.ceil(math.log10(max(sizes)) + 0.05)


def _phase(entry: Entry) -> tuple[str, str]:
    """Label and colour: the innermost part of the phase that has one, else a word of the name."""
    for part in (*reversed(entry.phase.split("/")), entry.name):
        for name, color in PHASE_COLORS:
            if name in part:
                return name, color
    return entry.phase.rpartition("/")[2] or "other", OTHER


def _label(name: str) -> str:
    """Long names lose their middle."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 15]}…{name[-14:]}"


def _short(x: float) -> str:
    """Two digits, or a power of ten beyond 10^4."""
    if not math.isfinite(x):
        return "∞"
    return f"{x:.0e}".replace("e+0", "e").replace("e+", "e") if x >= 1e4 else f"{x:.2g}" if x < 100 else f"{x:.0f}"


def _legend(figure: Any, used: dict[str, str], *, loosest: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=color, linewidth=6, alpha=0.6, label=label) for label, color in used.items()
    ]
    handles.append(Line2D([], [], color=INK, marker="o", linestyle="", markersize=4.5, label="measured"))
    handles.append(
        Line2D([], [], color=INK, marker="|", linestyle="", markersize=10, markeredgewidth=2.4, label="bound")
    )
    if loosest:
        handles.append(Patch(color=LOOSEST, label="loosest step"))
    figure.legend(handles=handles, fontsize=8, frameon=False, loc="outside lower center", ncols=5)
