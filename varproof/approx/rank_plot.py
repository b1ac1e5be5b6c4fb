"""The picture of `varproof rank --plot`: effective exponents, and the degree that pays, against log N. Display only."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from varproof.approx.break_even import break_even_tokens
from varproof.approx.cost import exact_flops, polynomial_flops
from varproof.approx.rank import MAX_DIGITS, digits, monomial_rank

EXACT, POLYNOMIAL, RANK, MARK = "#4c566a", "#0072b2", "#56b4e9", "#d55e00"
POINTS = 160


def draw_rank(head_dim: int, degree: int, path: Path, *, tokens: int | None = None) -> None:
    """Write the two-panel picture for head dimension d and degree g to `path` (format by its suffix).

    Left: ln(cost)/ln N of both methods and ln(rank)/ln N, with the break-even. Right: for every N the largest degree
    that pays at this head dimension and at half and double of it. Raises `InputError` as `monomial_rank` does.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    crossing = math.log10(break_even_tokens(head_dim, degree))
    right_end = max(6.0, 1.35 * crossing, 1.1 * math.log10(tokens or 2))
    figure = Figure(figsize=(10.5, 4.2), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    figure.suptitle(f"Polynomial method at head dimension d = {head_dim}, degree g = {degree}", fontsize=12)
    _exponents(left, head_dim, degree, crossing, right_end)
    _paying_degrees(right, head_dim, degree, crossing, right_end)
    if tokens is not None:
        place = (math.log10(tokens), 0.02)
        style = {"xytext": (4, 0), "textcoords": "offset points", "fontsize": 8, "color": MARK}
        left.annotate(f"N = {_power_label(tokens)}", place, xycoords=("data", "axes fraction"), **style)
    for axes in (left, right):
        if tokens is not None:
            axes.axvline(math.log10(tokens), color=MARK, linewidth=1.0, linestyle=":")
        axes.set_xlim(1, right_end)
        axes.set_xlabel("log$_{10}$ N (tokens)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, color="#e5e9f0", linewidth=0.8)
        axes.set_axisbelow(True)
    figure.savefig(path)


def _exponents(axes: Any, head_dim: int, degree: int, crossing: float, right_end: float) -> None:
    rank = monomial_rank(head_dim, degree)
    sizes = sorted({_power_of_ten(1 + (right_end - 1) * i / POINTS) for i in range(POINTS + 1)})
    grid = [math.log10(n) for n in sizes]
    axes.plot(
        grid, [_exponent(exact_flops(n, head_dim), n) for n in sizes], color=EXACT, linewidth=2, label="exact attention"
    )
    axes.plot(
        grid,
        [_exponent(polynomial_flops(n, head_dim, degree), n) for n in sizes],
        color=POLYNOMIAL,
        linewidth=2,
        label="polynomial method",
    )
    axes.plot(
        grid, [_exponent(rank, n) for n in sizes], color=RANK, linewidth=1.4, linestyle="--", label="rank C(d+g, g)"
    )
    at_crossing = _exponent(exact_flops(_power_of_ten(crossing), head_dim), _power_of_ten(crossing))
    axes.plot([crossing], [at_crossing], "o", color=MARK, markersize=7, zorder=5, label="break-even")
    axes.set_ylim(0, min(6.0, max(3.2, at_crossing * 1.25)))
    axes.set_ylabel("effective exponent  ln(count) / ln N")
    axes.set_title("Work as a power of N, at this N", fontsize=10)
    axes.legend(fontsize=8, frameon=True, framealpha=0.9, edgecolor="none", loc="best")


def _paying_degrees(axes: Any, head_dim: int, degree: int, crossing: float, right_end: float) -> None:
    top = max(8, 2 * degree)
    stride = max(1, top // 200)
    styles = ((head_dim, POLYNOMIAL, 2.2), (2 * head_dim, EXACT, 1.1), (max(1, head_dim // 2), RANK, 1.1))
    shown: set[int] = set()
    for dim, colour, width in styles:
        if dim in shown:
            continue
        shown.add(dim)
        xs, ys = [1.0], [0]
        for g in range(1, top + stride + 1, stride):
            if xs[-1] > right_end or digits(dim, g) > MAX_DIGITS:
                break
            xs, ys = [*xs, math.log10(break_even_tokens(dim, g))], [*ys, g]
        axes.step(xs, ys, where="post", color=colour, linewidth=width, label=f"d = {dim}")
    axes.plot([crossing], [degree], "o", color=MARK, markersize=7, zorder=5, label=f"break-even of g = {degree}")
    axes.set_ylim(0, top)  # curves run out of the picture: nothing levels off
    axes.set_ylabel("largest degree that pays")
    axes.set_title("Below the curve the polynomial method does less work", fontsize=10)
    axes.legend(fontsize=8, frameon=True, framealpha=0.9, edgecolor="none", loc="best")


def _exponent(count: int, tokens: int) -> float:
    return math.log(count) / math.log(tokens)


def _power_of_ten(exponent: float) -> int:
    """An integer near 10^exponent, also where a float cannot hold it."""
    whole = max(0, int(exponent) - 15)
    leading: float = 10.0 ** (exponent - whole)
    return round(leading) * int(10**whole)


def _power_label(tokens: int) -> str:
    return f"{tokens:,}" if tokens < 10**9 else f"$10^{{{math.log10(tokens):.4g}}}$"
