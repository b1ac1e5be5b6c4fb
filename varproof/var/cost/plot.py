"""The picture of `varproof var cost --plot`: flops against n by parts of the model, and their shares. Display only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from varproof.growth.schedules import PRESETS, Schedule, doubling, parse_schedule
from varproof.var.cost.crossover import crossover
from varproof.var.cost.forms import Form, total
from varproof.var.cost.growth import FAMILIES, at_side, ratio_of
from varproof.var.cost.moments import Variant, moment_growth, moments
from varproof.var.cost.phases import phase_forms
from varproof.var.models.config import Config

INK, MARK, GRID = "#2e3440", "#d55e00", "#e9ecef"
# name, colour, the phases: exact names, or all others of a part of the model
PARTS: tuple[tuple[str, str, str, str], ...] = (
    ("attention", "#0072b2", "transformer", "attention"),
    ("rest of transformer", "#56b4e9", "transformer", ""),
    ("reconstruction", "#009e73", "reconstruction", ""),
    ("decoder attention", "#cc79a7", "decoder", "attention"),
    ("rest of decoder", "#8c8c8c", "decoder", ""),
)
POINTS = 48


def parts_of(config: Config) -> list[tuple[str, str, Form]]:
    """Name, colour and closed form of the drawn parts that cost anything; together they are all flops."""
    forms = phase_forms(config)
    found = []
    for name, colour, start, only in PARTS:
        mine = [
            form
            for phase, form in forms.items()
            if phase.split("/")[0] == start and (phase.endswith("/attention") == bool(only))
        ]
        if mine:
            found.append((name, colour, total(mine)))
    return found


def draw_cost(config: Config, path: Path, *, variant: Variant = "cached") -> None:
    """Write the two-panel picture of a configuration to `path` (format by its suffix).

    Left: flops of each part against n for the family of the schedule (doubling for a preset or a list), each with its
    growth rate; the presets are points. Right: the shares of the parts. Logarithms of exact integers: any n is drawn.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    schedule = config.schedule
    family = schedule if schedule.family in FAMILIES else doubling(1)
    members = _members(config, family, variant)
    parts = parts_of(config)
    figure = Figure(figsize=(11.5, 5.0), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    figure.suptitle(
        f"Flops of the {_kind(config)} model: depth {config.depth}, width {config.width}, {variant}", fontsize=12
    )
    flops = [[form.value(moments(each, variant)) for each in members] for _, _, form in parts]
    grid = [_log10(each.side) for each in members]
    _draw_lines(left, config, parts, flops, grid, family, variant)
    _draw_shares(right, parts, flops, grid)
    for axes in (left, right):
        here = _log10(schedule.side)
        axes.axvline(here, color=MARK, linewidth=1.0, linestyle=":", zorder=1)
        axes.set_xlim(grid[0], grid[-1])
        _decades(axes.xaxis, grid[0], grid[-1])
        axes.set_xlabel(f"n, side of the last map ({_name(family)})")
        axes.spines[["top", "right"]].set_visible(False)
    far = _log10(schedule.side) > 0.85 * grid[-1]
    left.annotate(
        f"n = {_power(schedule.side)}",
        (_log10(schedule.side), 0.015),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if far else 4, 0),
        textcoords="offset points",
        ha="right" if far else "left",
        fontsize=8,
        color=MARK,
    )
    figure.savefig(path)


def _draw_lines(
    axes: Any,
    config: Config,
    parts: Sequence[tuple[str, str, Form]],
    flops: Sequence[Sequence[int]],
    grid: Sequence[float],
    family: Schedule,
    variant: Variant,
) -> None:
    known = moment_growth(variant, ratio_of(family))
    presets = [parse_schedule(name) for name in PRESETS]
    presets = [each for each in presets if _log10(each.side) <= grid[-1]]
    ends = []
    for (name, colour, form), counts in zip(parts, flops, strict=True):
        drawn = [(x, _log10(count)) for x, count in zip(grid, counts, strict=True) if count]
        axes.plot(*zip(*drawn, strict=True), color=colour, linewidth=2, label=name)
        points = [(_log10(each.side), form.value(moments(each, variant))) for each in presets]
        axes.plot([x for x, _ in points], [_log10(count) for _, count in points], "o", color=colour, markersize=4.5)
        (x, y), (end, height) = drawn[-2:]
        ends.append((height, (height - y) / (end - x), form.growth(known).rate, colour))
    low, high = axes.get_ylim()
    _decades(axes.yaxis, low, high)
    gap, floor = (high - low) / 22, -math.inf
    for height, slope, rate, colour in sorted(ends):
        floor = max(height, floor + gap)
        place = (1.0, floor)
        style = {"xycoords": ("axes fraction", "data"), "xytext": (5, -3), "textcoords": "offset points"}
        label = rf"$n^{{{slope:.2f}}}\to {_typeset(rate)}$"
        axes.annotate(label, place, color=colour, fontsize=9, annotation_clip=False, **style)
    if presets:
        axes.plot([], [], "o", color=INK, markersize=4.5, label="presets " + ", ".join(each.name for each in presets))
    axes.set_ylabel("flops")
    axes.set_title("Work by part; at the right end its slope there, and its limit", fontsize=10)
    axes.grid(True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.legend(fontsize=8, frameon=True, framealpha=0.95, edgecolor="none", loc="upper left")


def _draw_shares(
    axes: Any, parts: Sequence[tuple[str, str, Form]], flops: Sequence[Sequence[int]], grid: Sequence[float]
) -> None:
    wholes = [sum(column) for column in zip(*flops, strict=True)]
    shares = [
        [100 * float(Fraction(count, whole)) for count, whole in zip(counts, wholes, strict=True)] for counts in flops
    ]
    axes.stackplot(grid, *shares, colors=[colour for _, colour, _ in parts], edgecolor="white", linewidth=0.6)
    places = np.linspace(grid[0] + 0.2 * (grid[-1] - grid[0]), grid[0] + 0.84 * (grid[-1] - grid[0]), 33)
    below = np.zeros(len(places))
    for (name, _, _), band in zip(parts, shares, strict=True):
        height = np.interp(places, grid, band)
        at = int(np.argmax(height))
        if height[at] > 9:  # a narrow band has no room for its name
            middle = below[at] + height[at] / 2
            axes.text(places[at], middle, name, ha="center", va="center", fontsize=9, color="white", weight="bold")
        below += height
    axes.set_ylim(0, 100)
    axes.set_ylabel("share of all flops, %")
    axes.set_title("Share; attention's share s caps the gain at 1/(1 - s)", fontsize=10)


def _members(config: Config, family: Schedule, variant: Variant) -> list[Schedule]:
    """Sizes of the family, evenly spread on the logarithmic axis, beyond n and beyond the crossover."""
    crossing = crossover(replace(config, schedule=family), variant)
    beyond = 1 if crossing is None or crossing.n is None else 4 * crossing.n
    top = max(config.schedule.side * (1 if config.schedule.side >= 2**64 else 4), beyond, 128)
    if family.family == "doubling":
        powers = top.bit_length() - 1
        step = max(1, powers // POINTS)
        sides = [1 << power for power in range(powers % step, powers + 1, step)]
    else:
        sides = sorted({max(1, round_power(_log10(top) * i / POINTS)) for i in range(POINTS + 1)})
    found = []
    for side in sides:
        member = at_side(family, side)
        if member is None:  # nor has the family any larger one
            break
        found.append(member)
    return found


def round_power(exponent: float) -> int:
    """An integer near 10^exponent, also where a float cannot hold it.

    >>> round_power(3.0), len(str(round_power(400.5)))
    (1000, 401)
    """
    whole = max(0, int(exponent) - 15)
    leading: float = 10.0 ** (exponent - whole)
    return round(leading) * int(10**whole)


def _decades(axis: Any, low: float, high: float) -> None:
    """Ticks at whole powers of ten of an axis that shows logarithms; few of them."""
    stride = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if (high - low) / step < 10)
    ticks = [k for k in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1) if k % stride == 0]
    axis.set_ticks(ticks, [f"{10**k}" if k in (0, 1, 2) else f"10$^{{{k}}}$" for k in ticks])


def _typeset(rate: str) -> str:
    return rate.replace(" log n", r"\,\mathrm{log}\,n")


def _name(family: Schedule) -> str:
    if family.family == "linear":
        return "linear schedule"
    return "doubling schedule" if family.family == "doubling" else f"ratio {ratio_of(family)}"


def _kind(config: Config) -> str:
    return type(config).__name__.removesuffix("Config").lower()


def _power(n: int) -> str:
    return f"{n:,}" if n < 10**9 else f"10$^{{{_log10(n):.4g}}}$"


def _log10(value: int) -> float:
    return math.log10(value)
