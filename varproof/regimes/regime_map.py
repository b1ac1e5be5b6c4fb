"""The left panel of the regime picture: exponents of N over (B/ln N, d/ln N), with a question placed on it. Display only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from varproof.regimes.exponent_curves import EXACT_EXPONENT, method_exponents

INK, MARK, EDGE = "#1b263b", "#d55e00", "#ffffff"
RAMP = ("#fffbe8", "#cfe3ee", "#86b6d6", "#3f83b5")  # light to dark, one hue: no colour has to be told from another
CONTOURS = (1.25, 1.5, 1.75)
COLUMNS, ROWS = 240, 160
WIDEST_LOGIT, WIDEST_SHARE = (-12, 9), (-6, 9)  # decades the axes may be extended to
LOWER_BOUNDS = "lower bounds (SETH): for every e < 2\nsome point out here, at some C, needs N$^e$"
ALMOST_LINEAR = "$\\leftarrow$ B = o(ln N)    $\\downarrow$ d = o(ln N)\nalmost linear in the limit"


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


def draw_map(axes: Any, frame: Frame, power: float, alpha: float | None, logit: float | None) -> Any:
    """Draw the map at error N^-power and the question at (logit, alpha); returns the filled contours."""
    from matplotlib.colors import LinearSegmentedColormap

    xs, ys = np.logspace(frame.left, frame.right, COLUMNS), np.logspace(frame.bottom, frame.top, ROWS)
    exponents = method_exponents(ys[:, None], xs[None, :], power)
    ramp = LinearSegmentedColormap.from_list("exponent", RAMP)
    axes.set_xscale("log")
    axes.set_yscale("log")
    levels = np.linspace(1.0, EXACT_EXPONENT, 41)
    filled = axes.contourf(xs, ys, np.minimum(exponents, EXACT_EXPONENT), levels=levels, cmap=ramp)
    away = 1.0 if alpha is None else frame.up(alpha)
    _contours(axes, frame, xs, ys, exponents, row=0.3 if away > 0.45 else 0.62)
    _words(axes)
    place_point(axes, None if logit is None else frame.across(logit), None if alpha is None else frame.up(alpha))
    axes.set_xlim(xs[0], xs[-1])
    axes.set_ylim(ys[0], ys[-1])
    axes.set_xlabel("B / ln N")
    axes.set_ylabel("d / ln N")
    return filled


def place_point(axes: Any, across: float | None, up: float | None) -> None:
    """Mark a question, given as fractions of the axes: a point, an arrow to an edge (0 or 1), or a line (None)."""
    where = {"transform": axes.transAxes, "color": MARK, "zorder": 6}
    if across is None and up is None:
        return
    if across is None or up is None:
        known = up if across is None else across
        assert known is not None
        level = min(max(known, 0.008), 0.992)  # a line on an edge would be half hidden
        ends = ([0, 1], [level, level]) if across is None else ([level, level], [0, 1])
        axes.plot(*ends, linewidth=2.2, linestyle=(0, (5, 2)), **where)
        return
    tail = tuple(0.1 if part == 0 else 0.9 if part == 1 else part for part in (across, up))
    if tail == (across, up):
        axes.plot([across], [up], "D", markersize=8, markeredgecolor=EDGE, **where)
        return
    arrow = {"arrowstyle": "-|>", "color": MARK, "linewidth": 2.4, "mutation_scale": 16, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (across, up), tail, xycoords="axes fraction", arrowprops=arrow, zorder=6)
    axes.plot([tail[0]], [tail[1]], "D", markersize=6, markeredgecolor=EDGE, **where)


def _contours(axes: Any, frame: Frame, xs: Any, ys: Any, exponents: Any, *, row: float) -> None:
    """Thin labelled contours below the exact exponent and the thick curve rank = N, the labels near one row."""
    height = 10 ** (frame.bottom + row * (frame.top - frame.bottom))
    along = exponents[int(row * (ROWS - 1))]
    low, high = float(exponents.min()), float(exponents.max())
    if not math.isfinite(high):
        return
    for level in (*CONTOURS, EXACT_EXPONENT):
        if not low < level < high:
            continue
        last = level == EXACT_EXPONENT
        curve = axes.contour(xs, ys, exponents, levels=[level], colors=INK, linewidths=2.2 if last else 0.9)
        inside = float(np.interp(level, along, np.log10(xs)))
        if frame.left + 0.4 < inside < frame.right - 0.4:
            text = "rank = N" if last else f"{level:g}"
            axes.clabel(curve, fmt={level: text}, fontsize=8, manual=[(10**inside, height)], inline_spacing=3)


def _words(axes: Any) -> None:
    box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    style = {"transform": axes.transAxes, "fontsize": 8, "color": INK, "bbox": box, "zorder": 5}
    axes.text(0.985, 0.975, LOWER_BOUNDS, ha="right", va="top", **style)
    axes.text(0.02, 0.03, ALMOST_LINEAR, ha="left", va="bottom", **style)


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
