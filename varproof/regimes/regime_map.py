"""The left panel of the regime picture: exponents of N over (B/ln N, d/ln N), a question on it. Display only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from varproof.regimes.exponent_curves import EXACT_EXPONENT, method_exponents

INK, MARK, EDGE = "#1b263b", "#d55e00", "#ffffff"
RAMP = ("#fffbe8", "#d9e8f0", "#a3c9e2", "#64a3cf")  # light to dark, one hue: no colour has to be told from another
LEVELS = 41  # of colour
CONTOURS = (1.25, 1.5, 1.75)
COLUMNS, ROWS = 240, 161
WIDEST_LOGIT, WIDEST_SHARE = (-12, 9), (-6, 9)  # decades the axes may be extended to
BEYOND = "beyond rank = N: exact attention, N$^2$\n"
LOWER_BOUNDS = "lower bounds (SETH): for every e < 2\nsome point out here, at some C, needs N$^e$"
ONE_SIZE = "colours are limits as N grows: no lower\nbound speaks about one finite size"
ALMOST_LINEAR = "$\\leftarrow$ B = o(ln N)    $\\downarrow$ d = o(ln N)\nalmost linear in the limit"
# width, height and preferred places (left, bottom) of the two notes, as fractions of the panel
BEYOND_PLACES = (0.56, 0.145), ((0.43, 0.84), (0.43, 0.67), (0.43, 0.5), (0.2, 0.84))
ALMOST_PLACES = (0.42, 0.105), ((0.015, 0.02), (0.565, 0.02), (0.015, 0.15), (0.565, 0.15))

Box = tuple[float, float, float, float]  # left, bottom, right, top as fractions of the panel


@dataclass(frozen=True)
class Frame:
    """The visible decades: log10 of B/ln N from `left` to `right`, log10 of d/ln N from `bottom` to `top`."""

    left: int
    right: int
    bottom: int
    top: int

    def across(self, logit: float) -> float:
        """Where B/ln N = `logit` lies between the left edge (0) and the right edge (1); outside values are clipped."""
        return _share(logit, self.left, self.right)

    def up(self, alpha: float) -> float:
        """Where d/ln N = `alpha` lies between the lower edge (0) and the upper edge (1); outside values are clipped."""
        return _share(alpha, self.bottom, self.top)


def frame_of(alpha: float | None, logit: float | None) -> Frame:
    """The usual window, 1e-6..1e2 by 1e-2..1e2, extended by whole decades so that it holds a positive finite point.

    A point far outside (`WIDEST_LOGIT`, `WIDEST_SHARE`) is not held: it is drawn as an arrow, like a limit.

    >>> frame_of(1000.0, 0.0)
    Frame(left=-6, right=2, bottom=-2, top=4)
    """
    left, right = _decades(logit, (-6, 2), WIDEST_LOGIT)
    bottom, top = _decades(alpha, (-2, 2), WIDEST_SHARE)
    return Frame(left, right, bottom, top)


def draw_map(
    axes: Any, frame: Frame, power: float, alpha: float | None, logit: float | None, *, growing: bool = True
) -> Any:
    """Draw the map at error N^-power and the question at (logit, alpha); returns the filled contours.

    `growing`: the question is about N to infinity, else about one size, of which no lower bound speaks.
    """
    from matplotlib.colors import LinearSegmentedColormap

    xs, ys = np.logspace(frame.left, frame.right, COLUMNS), np.logspace(frame.bottom, frame.top, ROWS)
    exponents = method_exponents(ys[:, None], xs[None, :], power)
    axes.set_xscale("log")
    axes.set_yscale("log")
    colours = {
        "levels": np.linspace(1.0, EXACT_EXPONENT, LEVELS),
        "cmap": LinearSegmentedColormap.from_list("exponent", RAMP),
    }
    filled = axes.contourf(xs, ys, np.minimum(exponents, EXACT_EXPONENT), **colours)
    across, up = None if logit is None else frame.across(logit), None if alpha is None else frame.up(alpha)
    taken = draw_mark(axes, across, up)
    limits = math.isfinite(power)  # else the method has no exponent, and none of its limits at the edges is claimed
    note = (BEYOND if limits else "") + (LOWER_BOUNDS if growing else ONE_SIZE)
    taken.append(_note(axes, note, *BEYOND_PLACES, taken))
    if limits:
        taken.append(_note(axes, ALMOST_LINEAR, *ALMOST_PLACES, taken))
    _contours(axes, frame, (xs, ys, exponents), taken)
    axes.set_xlim(xs[0], xs[-1])
    axes.set_ylim(ys[0], ys[-1])
    axes.minorticks_off()  # laying out their empty labels takes half of the time
    axes.set_xlabel("B / ln N")
    axes.set_ylabel("d / ln N")
    return filled


def draw_mark(axes: Any, across: float | None, up: float | None) -> list[Box]:
    """Mark a question, given as fractions of the axes: a point, an arrow to an edge (0 or 1), or a line (None).

    Returns the boxes that the mark takes.
    """
    where = {"transform": axes.transAxes, "color": MARK, "zorder": 6}
    if across is None and up is None:
        return []
    if across is None or up is None:
        known = across if across is not None else up or 0.0
        level = min(max(known, 0.008), 0.992)  # on an edge half the line would be hidden
        along, ends = [0.0, 1.0], [level, level]
        axes.plot(
            *((along, ends) if across is None else (ends, along)),
            linewidth=2.4,
            linestyle=(0, (5, 2)),
            **{**where, "zorder": 4},
        )
        return [(0, level - 0.01, 1, level + 0.01) if across is None else (level - 0.01, 0, level + 0.01, 1)]
    tail = tuple(0.09 if part == 0 else 0.91 if part == 1 else part for part in (across, up))
    if tail != (across, up):
        arrow = {"arrowstyle": "-|>", "color": MARK, "linewidth": 2.4, "mutation_scale": 16, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (across, up), tail, xycoords="axes fraction", arrowprops=arrow, zorder=6)
    axes.plot([tail[0]], [tail[1]], "D", markersize=7, markeredgecolor=EDGE, **where)
    (left, right), (bottom, top) = sorted((across, tail[0])), sorted((up, tail[1]))
    return [(left - 0.025, bottom - 0.03, right + 0.025, top + 0.03)]


def _note(axes: Any, text: str, size: tuple[float, float], places: tuple[tuple[float, float], ...], taken: Any) -> Box:
    """Write a note at the first place that is free, and return its box."""
    boxes = [(left, bottom, left + size[0], bottom + size[1]) for left, bottom in places]
    box = next((box for box in boxes if _free(box, taken)), boxes[0])
    style = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
    place = (box[0] + 0.01, box[1] + 0.01)
    axes.text(*place, text, transform=axes.transAxes, fontsize=8, color=INK, bbox=style, zorder=5, va="bottom")
    return box


def _contours(axes: Any, frame: Frame, grid: tuple[Any, Any, Any], taken: list[Box]) -> None:
    """Thin labelled contours below the exact exponent, and the thick curve rank = N."""
    xs, ys, exponents = grid
    low, high = float(exponents.min()), float(exponents.max())
    if not math.isfinite(high):
        return  # an error below every power of N: the method has no exponent anywhere
    for level, first in zip((EXACT_EXPONENT, *CONTOURS), (0.62, 0.3, 0.38, 0.46), strict=True):
        if not low < level < high:
            continue
        last = level == EXACT_EXPONENT
        curve = axes.contour(xs, ys, exponents, levels=[level], colors=INK, linewidths=2.4 if last else 0.9)
        size = (0.15, 0.18) if last else (0.1, 0.1)  # of the label at any slope
        for row in sorted(np.linspace(0.1, 0.9, 41), key=lambda row: abs(row - first)):
            along = exponents[round(row * (ROWS - 1))]
            across = float(np.interp(level, along, np.linspace(0, 1, COLUMNS), left=-1, right=2))
            box = (across - size[0] / 2, row - size[1] / 2, across + size[0] / 2, row + size[1] / 2)
            if box[0] > 0.01 and box[2] < 0.99 and _free(box, taken):
                taken.append(box)
                place = (10 ** (frame.left + across * (frame.right - frame.left)), ys[round(row * (ROWS - 1))])
                text = {level: "rank = N" if last else f"{level:g}"}
                axes.clabel(curve, fmt=text, fontsize=8, manual=[place], inline_spacing=3)
                break


def _free(box: Box, taken: list[Box]) -> bool:
    return all(box[2] < t[0] or t[2] < box[0] or box[3] < t[1] or t[3] < box[1] for t in taken)


def _share(value: float, low: int, high: int) -> float:
    if value == 0:
        return 0.0
    return 1.0 if math.isinf(value) else min(max((math.log10(value) - low) / (high - low), 0.0), 1.0)


def _decades(value: float | None, usual: tuple[int, int], widest: tuple[int, int]) -> tuple[int, int]:
    low, high = usual
    if value is None or value == 0 or math.isinf(value):
        return usual
    decade = math.log10(value)
    if widest[0] < decade < widest[1]:
        low, high = min(low, math.floor(decade - 0.2)), max(high, math.ceil(decade + 0.2))
    return low, high
