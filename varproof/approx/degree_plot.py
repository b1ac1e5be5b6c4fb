"""The picture of `varproof degree --plot`: the staircase of minimal degrees between its proved bounds. Display only."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import arb

from varproof.approx.closed_form_degrees import centred_question, exponential_bound
from varproof.approx.closed_forms import (
    absolute_lambert_degree,
    absolute_lower,
    absolute_upper,
    relative_lambert_degree,
    relative_lower,
    relative_upper,
)
from varproof.approx.degree_certificate import DegreeCertificate
from varproof.approx.degree_law import law_degree
from varproof.approx.exchange import Exchange
from varproof.approx.start_points import Kind
from varproof.base.balls import to_float

SAMPLES = 120
MOST_DEGREES, FEWEST_DEGREES = 60, 6
SECONDS = 6.0  # about what the picture may cost; one degree g takes about 0.04 (g / 91)^3 seconds
INK, LOWER, UPPER, MIDDLE, LOOSE, LAW, MARK = (
    "#1b263b",
    "#0072b2",
    "#009e73",
    "#e69f00",
    "#cc79a7",
    "#8d99ae",
    "#d55e00",
)


def draw_degree(answer: DegreeCertificate, path: Path) -> None:
    """Draw minimal degree against log10(1/eps) at the bound of `answer`, with T1-T4 and the law; mark the answer.

    Around the answer as many degrees are solved as a few seconds allow (6 to 60).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    half, centred = centred_question(answer.bound, answer.eps, answer.kind, answer.interval)
    shift = to_float(centred.log()) / math.log(10) - _log10(answer.eps)  # decades between the two questions
    degrees = _window(answer)
    levels = [_level(degree, half, answer.kind, _log10(answer.eps)) for degree in degrees]
    decades = [_decades(level, shift) for level in levels]
    here = -_log10(answer.eps)
    left, right = max(0.0, min(decades[0], here)), max(decades[-1], here)
    figure = Figure(figsize=(8.4, 5.0), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    highest = _draw_closed_forms(axes, half, answer.kind, shift, (left, right))
    _draw_bounds(axes, half, answer.kind, shift, degrees)
    axes.step(decades, degrees, where="pre", color=INK, linewidth=2.4, label="least degree (levelled error)", zorder=4)
    low, top = _first_shown(decades, degrees, left, right), max(degrees)
    ceiling = max(top + 0.2 * (top - low + 4), min(1.04 * highest, top + 1.2 * max(top - low, 10)))
    # the label hangs below the answer, where no curve is
    bottom = min(low - 0.15 * (top - low + 4), answer.degree - 0.22 * (ceiling - answer.degree))
    axes.plot([here], [answer.degree], "o", color=MARK, markersize=8, zorder=6)
    axes.annotate(
        f"certified: degree {answer.degree}\nat eps = {_short(answer.eps)}",
        (here, answer.degree),
        xytext=(10 if here < left + 0.8 * (right - left) else -130, -34),
        textcoords="offset points",
        color=MARK,
        fontsize=10,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        zorder=7,
    )
    place = {"sym": "[-B, B]", "pos": "[0, B]", "neg": "[-B, 0]"}[answer.interval]
    error = {"rel": "relative", "abs": "absolute"}[answer.kind]
    axes.set_title(f"Polynomials for e$^x$ on {place}, B = {answer.bound}, {error} error", fontsize=12)
    axes.set_xlabel("digits of accuracy, log$_{10}$(1/eps)")
    axes.set_ylabel("degree")
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, ceiling)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(lambda degree, _: f"{degree:.0f}" if degree >= 0 else "")
    axes.grid(True, color="#e9ecef", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=9, frameon=True, framealpha=0.95, edgecolor="none", loc="upper left")
    figure.savefig(path)


def _window(answer: DegreeCertificate) -> list[int]:
    """The degrees to solve: the answer's, some above it, and the rest below it."""
    seconds = 0.04 * (max(answer.degree, 1) / 91) ** 3
    count = max(FEWEST_DEGREES, min(MOST_DEGREES, int(SECONDS / seconds)))
    above = max(2, min(count // 3, max(4, answer.degree // 5)))
    return list(range(max(0, answer.degree + above - count), answer.degree + above + 1))


def _level(degree: int, half: Fraction, kind: Kind, log10_eps: float) -> arb:
    """The levelled error of a degree, close to the best error: midpoint arithmetic, for the eye only."""
    problem = Exchange(degree, half, kind, 64 + int(4 * (2 - log10_eps)) + int(2 * half))
    for _ in range(3 if degree < half else 2):
        problem.step()
    return problem.level


def _draw_bounds(axes: Any, half: Fraction, kind: Kind, shift: float, degrees: list[int]) -> None:
    """T3 and the Bessel bounds, each evaluated once per degree, as staircases like the least degree itself."""
    name, lower, upper = (
        ("T2", relative_lower, relative_upper) if kind == "rel" else ("T1", absolute_lower, absolute_upper)
    )
    rows: tuple[tuple[str, Callable[[int], arb | None], str, str, float], ...] = (
        ("T3, one rational parameter", lambda g: exponential_bound(g, half, kind)[0], MIDDLE, "--", 1.4),
        (f"{name} upper (Bessel tail)", lambda g: upper(g, half), UPPER, "-", 1.8),
        (f"{name} lower (Bessel)", lambda g: lower(g, half), LOWER, "-", 1.8),
    )
    for label, value, colour, style, width in rows:
        more = range(degrees[-1] + 1, degrees[-1] + 2 + degrees[-1] // 10)  # T3 is that much larger
        known = [(g, value(g)) for g in [*degrees, *more]]
        steps = [(_decades(error, shift), g) for g, error in known if error is not None and error > 0]
        if steps:
            xs, ys = zip(*steps, strict=True)
            # below n = B the Bessel values oscillate: a degree is excluded as soon as a larger one is
            xs = tuple(min(xs[i:]) for i in range(len(xs)))
            axes.step(xs, ys, style, where="pre", color=colour, linewidth=width, label=label, zorder=5)


def _draw_closed_forms(axes: Any, half: Fraction, kind: Kind, shift: float, span: tuple[float, float]) -> int:
    """T4 and the asymptotic law over the visible decades; returns the largest degree drawn."""
    left, right = span
    law, lambert = [], []
    for i in range(1, SAMPLES + 1):
        decade = left + (right - left) * i / SAMPLES
        accuracy = (-arb(decade - shift) * arb(10).log()).exp()
        if not accuracy < 1:  # both forms are about accuracies below 1 on the centred interval
            continue
        form = relative_lambert_degree if kind == "rel" else absolute_lambert_degree
        lambert.append((decade, form(half, accuracy)))
        law.append((decade, to_float(law_degree(half, -accuracy.log(), kind=kind)) - 1))
    if not law:
        return 0
    axes.plot(*zip(*lambert, strict=True), drawstyle="steps-mid", color=LOOSE, linewidth=1.4, label="T4 (Lambert W)")
    axes.plot(*zip(*law, strict=True), ":", color=LAW, linewidth=1.8, label="asymptotic law")
    return max(degree for _, degree in lambert)


def _first_shown(decades: list[float], degrees: list[int], left: float, right: float) -> int:
    edge = left + 0.02 * (right - left)
    return next((g for g, decade in zip(degrees, decades, strict=True) if decade > edge), degrees[0])


def _decades(error: arb, shift: float) -> float:
    return -to_float(error.log()) / math.log(10) + shift


def _log10(eps: Fraction) -> float:
    return (math.log(eps.numerator) - math.log(eps.denominator)) / math.log(10)


def _short(eps: Fraction) -> str:
    return f"10$^{{{_log10(eps):.4g}}}$"
