"""The picture of `varproof regime --plot`: where a question lies on the map of exponents of N. Display only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from varproof.base.errors import InputError, printable
from varproof.regimes.exponent_curves import EXACT_EXPONENT, best_exponents, method_exponents
from varproof.regimes.regime_map import INK, MARK, Frame, draw_map, draw_mark, frame_of

USUAL_SHARES = (0.5, 1.0, 2.0)  # d / ln N of the curves where the question has none of its own
EXACT = "#4c566a"
STYLES = (("#56b4e9", "--", 1.6), ("#0072b2", "-", 2.6), ("#009e73", "-.", 1.6))
SUFFIXES = {".png": "Software", ".svg": "Date", ".pdf": "CreationDate"}  # with the field that changes between runs
TICKS = (1, 1.25, 1.5, 1.75, 2)
SPAN = (0.95, 2.35)  # exponents shown on the right; the legend stands above 2
SAMPLES = 300
LONGEST = 118  # characters of one line under the picture


@dataclass(frozen=True)
class RegimePoint:
    """A question: `alpha` = d/ln N, `logit` = B/ln N, `power` = ln(1/eps)/ln N, at one size or as limits.

    Limits may be 0.0 and `math.inf`; None means that a constant is left open. `label` says in words what is asked,
    `verdict` is empty at a finite size. `proved` is the exponent of N in the best proved upper bound, None where there
    is none as a number. Raises `InputError` for negative numbers and NaN.

    >>> RegimePoint(1.0, 0.0, 1.5, "d = 2*log(n)", "easy").logit
    0.0
    """

    alpha: float | None
    logit: float | None
    power: float | None
    label: str
    verdict: str = ""
    proved: float | None = None

    def __post_init__(self) -> None:
        for name in ("alpha", "logit", "power", "proved"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise InputError(f"{name} must not be negative", got=value, allowed="a number >= 0, inf, or None")


def draw_regime(path: Path, *, point: RegimePoint, title: str) -> None:
    """Write the two-panel picture of `point` to `path` (.png, .svg or .pdf by its suffix).

    Left: the least exponent of N of the polynomial method and exact attention over (B/ln N, d/ln N), at the
    question's error N^-C (C = 1 where it has none), with the question marked. Right: the same exponent along
    B = kappa ln N at the question's d/ln N, its half and its double, the question marked at its proved exponent. The
    same question gives the same bytes. Raises `InputError` for another suffix.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError("unknown kind of picture", got=suffix or "no suffix", allowed=" ".join(SUFFIXES))
    frame = frame_of(point.alpha, point.logit)
    power = 1.0 if point.power is None else point.power
    figure = Figure(figsize=(10.5, 4.6), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    figure.suptitle(_plain(title), fontsize=12)
    filled = draw_map(left, frame, power, point.alpha, point.logit, growing=bool(point.verdict))
    figure.colorbar(filled, ax=left, ticks=TICKS, pad=0.02, aspect=26)
    left.set_title(f"Upper bound on the exponent of N, error {_error(power, point.power is None)}", fontsize=10)
    _curves(right, frame, power, point)
    figure.supxlabel(_plain(_question(point)), fontsize=9, color=MARK)
    with rc_context({"svg.hashsalt": "varproof"}):  # else the names of clip paths are random
        figure.savefig(path, metadata={SUFFIXES[suffix]: None})


def _curves(axes: Any, frame: Frame, power: float, point: RegimePoint) -> None:
    """The right panel: exponents against kappa, the exact exponent, and the question's own kappa."""
    kappas = np.logspace(frame.left, frame.right, SAMPLES)
    axes.set_xscale("log")
    for share, (colour, line, width) in zip(_shares(point.alpha), STYLES, strict=True):
        style = {
            "color": colour,
            "linewidth": width if share == point.alpha else STYLES[0][2],
            "label": _dimension(share),
        }
        axes.plot(kappas, best_exponents(share, kappas, power), line, **style)
    axes.axhline(EXACT_EXPONENT, color=EXACT, linewidth=1.4, zorder=1.5, label="exact attention: 2")
    _own_kappa(axes, frame, power, point)
    axes.set_xlim(kappas[0], kappas[-1])
    axes.set_ylim(*SPAN)
    axes.minorticks_off()
    axes.set_yticks(TICKS)
    axes.set_xlabel("kappa = B / ln N")
    axes.set_ylabel("exponent of N")
    axes.set_title("The window B = kappa ln N: 1 + rho, capped at 2", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, color="#e5e9f0", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.legend(fontsize=8, frameon=False, loc="upper center", ncols=2, labelcolor=INK)


def _shares(alpha: float | None) -> tuple[float, float, float]:
    """d / ln N of the three curves, the question's own in the middle."""
    if alpha is None:
        return USUAL_SHARES
    return (alpha / 2, alpha, 2 * alpha) if 0 < alpha < math.inf else (USUAL_SHARES[0], alpha, USUAL_SHARES[1])


def _dimension(share: float) -> str:
    if 0 < share < math.inf:
        return f"d = {_short(share)} ln N"
    return "d = o(ln N)" if share == 0 else "d above every C ln N"


def _own_kappa(axes: Any, frame: Frame, power: float, point: RegimePoint) -> None:
    """A dotted line at the question's kappa, and its mark: at the proved exponent, else where the limits decide it."""
    if point.logit is None:
        return
    across = frame.across(point.logit)
    if 0 < across < 1:
        style = {"color": MARK, "linewidth": 1.8, "zorder": 4, "transform": axes.transAxes}
        axes.plot([across, across], [0, _height(EXACT_EXPONENT)], ":", **style)
    if point.proved is not None:  # another theorem than the polynomial method's may be the best
        if point.proved <= EXACT_EXPONENT:  # above it for d that is a power of n: nothing to mark in this window
            draw_mark(axes, across, _height(point.proved))
        return
    # a limit of kappa decides the exponent whatever positive finite d / ln N is
    alpha = 1.0 if point.alpha is None and point.logit in (0, math.inf) else point.alpha
    decided = point.verdict != "inconsistent"  # nothing has an exponent where nothing satisfies the hypotheses
    if decided and alpha is not None and not np.isnan(method_exponents(alpha, point.logit, power)):
        draw_mark(axes, across, _height(float(best_exponents(alpha, point.logit, power))))


def _height(exponent: float) -> float:
    return (exponent - SPAN[0]) / (SPAN[1] - SPAN[0])


def _error(power: float, assumed: bool) -> str:
    if assumed:
        return "N$^{-C}$ drawn at C = 1"
    if math.isinf(power):
        return "below every power of N"
    return f"N$^{{-C}}$, C = {_short(power)}"


def _question(point: RegimePoint) -> str:
    """Two or three lines under the picture: what is asked, and where it lies."""
    verdict = f": {point.verdict}" if point.verdict else ""
    growing = bool(point.verdict)
    where = f"d / ln N {_value(point.alpha, growing)},   B / ln N {_value(point.logit, growing)}"
    if point.proved is not None:
        where += f",   proved upper bound N^{math.ceil(point.proved * 10**4 - 1e-6) / 10**4:g}"
    return f"{_lines(point.label)}{verdict}\n{where}"


def _lines(label: str) -> str:
    """The label on one line, or broken at a comma onto two; what is still too long ends in dots."""
    first, rest = " ".join(printable(label).split()), ""
    if len(first) > LONGEST and ", " in first[:LONGEST]:
        at = first.rindex(", ", 0, LONGEST) + 1
        first, rest = first[:at], first[at + 1 :]
    lines = [line if len(line) <= LONGEST else line[: LONGEST - 3] + "..." for line in (first, rest) if line]
    return "\n".join(lines)


def _value(value: float | None, growing: bool) -> str:
    if value is None:
        return "left open"
    if math.isinf(value):
        return "grows without bound"
    return "tends to 0" if growing and value == 0 else f"= {_short(value)}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= value < 10**7 else f"{value:.3g}"


def _plain(text: str) -> str:
    """Text that no formula is read from: a dollar sign stays one."""
    return text.replace("$", "\\$")
