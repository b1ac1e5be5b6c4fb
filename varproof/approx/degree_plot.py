"""The picture of `varproof degree --plot`: the staircase of minimal degrees between its proved bounds. Display only."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import arb

from varproof.approx.closed_form_degrees import ClosedFormDegrees, centred_question, closed_form_degrees
from varproof.approx.degree_certificate import DegreeCertificate
from varproof.approx.exchange import Exchange
from varproof.approx.start_points import Kind
from varproof.base.balls import to_float

SAMPLES = 160
STEPS_SHOWN = 60  # degrees drawn below and above the one asked for; each costs one exchange problem
INK, LOWER, UPPER, LOOSE, LAW, MARK = "#1b263b", "#0072b2", "#009e73", "#cc79a7", "#8d99ae", "#d55e00"


def draw_degree(answer: DegreeCertificate, path: Path) -> None:
    """Draw minimal degree against log10(1/eps) at the bound of `answer`, with T1-T4 and the law; mark the answer."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    half, centred = centred_question(answer.bound, answer.eps, answer.kind, answer.interval)
    shift = to_float(centred.log()) / math.log(10) - _log10(answer.eps)  # decades between the two questions
    decades, degrees = _staircase(answer, half, shift)
    left, right = max(0.0, decades[0]), decades[-1]
    grid = [left + (right - left) * i / SAMPLES for i in range(1, SAMPLES + 1)]
    forms = [_forms(half, decade, shift, answer.kind) for decade in grid]
    figure = Figure(figsize=(8.4, 5.0), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    _draw_forms(axes, grid, forms, answer.kind)
    axes.step(decades, degrees, where="pre", color=INK, linewidth=2.4, label="least degree (levelled error)", zorder=4)
    here = -_log10(answer.eps)
    axes.plot([here], [answer.degree], "o", color=MARK, markersize=8, zorder=6)
    axes.annotate(
        f"certified: degree {answer.degree}\nat eps = {_short(answer.eps)}",
        (here, answer.degree),
        xytext=(10, -34),
        textcoords="offset points",
        color=MARK,
        fontsize=10,
    )
    place = {"sym": "[-B, B]", "pos": "[0, B]", "neg": "[-B, 0]"}[answer.interval]
    error = {"rel": "relative", "abs": "absolute"}[answer.kind]
    axes.set_title(f"Polynomials for e$^x$ on {place}, B = {answer.bound}, {error} error", fontsize=12)
    axes.set_xlabel("digits of accuracy, log$_{10}$(1/eps)")
    axes.set_ylabel("degree")
    axes.set_xlim(left, right)
    top, low = max(degrees), min(g for g, decade in zip(degrees, decades, strict=True) if decade > 0.02 * right)
    highest = max((form.lambert_upper or 0 for form in forms if form is not None), default=0)
    axes.set_ylim(max(0, low - 0.15 * top), min(2 * top, max(1.16 * top, 1.04 * highest)))
    axes.grid(True, color="#e9ecef", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=9, frameon=True, framealpha=0.95, edgecolor="none", loc="upper left")
    figure.savefig(path)


def _staircase(answer: DegreeCertificate, half: Fraction, shift: float) -> tuple[list[float], list[int]]:
    """Decades and degrees: degree g is enough up to the accuracy of its levelled error."""
    last = answer.degree + max(4, answer.degree // 5)
    first = max(0, last - STEPS_SHOWN)
    decades, degrees = [], []
    for degree in range(first, last + 1):
        problem = Exchange(degree, half, answer.kind, 64 + int(4 * (-_log10(answer.eps) + 2)) + int(2 * half))
        for _ in range(2):
            problem.step()
        decades.append(-to_float(problem.level.log()) / math.log(10) + shift)
        degrees.append(degree)
    start = next((i for i, decade in enumerate(decades) if decade > 0), 0)  # eps < 1
    start = max(0, start - 1)
    return decades[start:], degrees[start:]


def _forms(half: Fraction, decade: float, shift: float, kind: Kind) -> ClosedFormDegrees | None:
    accuracy = (-(arb(decade - shift)) * arb(10).log()).exp()
    if kind == "rel" and not accuracy < 1:
        return None
    return closed_form_degrees(half, accuracy, kind)


def _draw_forms(axes: Any, grid: list[float], forms: list[ClosedFormDegrees | None], kind: Kind) -> None:
    name = "T2" if kind == "rel" else "T1"
    rows = (
        ("lambert_upper", "T4, closed form (Lambert W)", LOOSE, "-", 1.4),
        ("exponential_upper", "T3, one rational parameter", UPPER, "--", 1.3),
        ("bessel_upper", f"{name} upper (Bessel tail)", UPPER, "-", 1.3),
        ("bessel_lower", f"{name} lower (Bessel)", LOWER, "-", 1.3),
        ("law", "asymptotic law", LAW, ":", 1.8),
    )
    for field, label, colour, style, width in rows:
        known = [(x, getattr(f, field)) for x, f in zip(grid, forms, strict=True) if f is not None]
        shown = [(x, y) for x, y in known if y is not None]
        if shown:
            drawstyle = "default" if field == "law" else "steps-mid"
            axes.plot(*zip(*shown, strict=True), style, drawstyle=drawstyle, color=colour, linewidth=width, label=label)


def _log10(eps: Fraction) -> float:
    return (math.log(eps.numerator) - math.log(eps.denominator)) / math.log(10)


def _short(eps: Fraction) -> str:
    return f"10$^{{{_log10(eps):.4g}}}$"
