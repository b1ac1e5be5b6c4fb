"""Charts of a form as inline SVG: small, in the page's own colours, each with a title and a description."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from varproof.campaign.report.model import Slope
from varproof.campaign.report.numbers import count_text, ratio_text
from varproof.campaign.result import BARS
from varproof.campaign.totals import ROUNDING

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 40  # margins around the plot
BASE = HEIGHT - BOTTOM
STEP = (WIDTH - LEFT - RIGHT) / (BARS + 4)  # of a bar; there is room for four beyond the bound
LIMIT = LEFT + BARS * STEP
CEILING = 1e12  # larger ratios are drawn there
DEPTH = 1e-4  # of the largest ratio; smaller ones are drawn at the lower edge


def histogram(name: str, counts: Sequence[int], largest: float | None = None) -> Markup:
    """Cases by ratio, one bar each 1/40 of the bound, those above it beyond the line at 1; heights logarithmic.

    The bar beyond the line has the colour of an alarm unless `largest` exceeds 1 by rounding only. The frame that all
    histograms share is `frame`, which must be on the page.
    """
    total, above = sum(counts), counts[BARS]
    tallest = math.log10(1 + max(counts)) or 1.0

    def top(count: int) -> str:
        return f"v-{(BASE - TOP) * math.log10(1 + count) / tallest:.0f}"

    inside = "".join(f"M{LEFT + (i + 0.5) * STEP:.1f} {BASE}{top(counts[i])}" for i in range(BARS) if counts[i])
    parts = []
    for power in range(1, int(tallest) + 1):
        y = BASE - (BASE - TOP) * math.log10(1 + 10**power) / tallest
        if y >= TOP - 1:
            parts.append(_rule(y, WIDTH - RIGHT, count_text(10**power)))
    parts.append(f'<path class="mark" d="{inside}"/>' if inside else "")
    if above:
        alarm = largest is None or largest > 1 + ROUNDING
        parts.append(f'<path class="{"over" if alarm else "near"}" d="M{LIMIT + 2 * STEP:.1f} {BASE}{top(above)}"/>')
    parts.append('<use href="#hf"/>')
    said = f"{total:,} valid cases, {above:,} of them above 1. Most lie between {_mode(counts)}."
    return _svg(name, "Ratio of measured to bound", said, "".join(parts))


def frame() -> Markup:
    """What all histograms share, once for the page: axis, labels, and the bound at 1."""
    labels = "".join(_text(LEFT + x * BARS * STEP, BASE + 14, f"{x:g}", "m") for x in (0, 0.25, 0.5, 0.75, 1))
    return Markup(
        f'<svg class="away" aria-hidden="true"><defs><g id="hf"><path class="limit" d="M{LIMIT:.1f} {TOP - 6}V{BASE}"/>'
        f'<path class="axis" d="M{LEFT} {BASE}H{WIDTH - RIGHT}"/>{labels}'
        + _text(LIMIT + 2.6 * STEP, BASE + 14, ">1", "m")
        + _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "measured / bound (counts on a log scale)", "m")
        + "</g></defs></svg>"
    )


def growth(name: str, by_size: Sequence[tuple[int, float]], slope: Slope | None) -> Markup:
    """The largest ratio for each n, both logarithmic, with the bound at 1 and the fitted line."""
    known = [(size, min(ratio, CEILING)) for size, ratio in by_size if size > 0 and ratio > 0]
    if not known:
        return Markup("")
    floor = DEPTH * max(ratio for _, ratio in known)
    points = [(size, max(ratio, floor)) for size, ratio in known]
    low_x, high_x = _range([math.log10(size) for size, _ in points], 0.05)
    low_y, high_y = _range([math.log10(ratio) for _, ratio in points] + [0.0], 0.12)
    base, end = BASE, WIDTH - RIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        left = LEFT + (end - LEFT) * (x - low_x) / (high_x - low_x)
        return left, base - (base - TOP) * (y - low_y) / (high_y - low_y)

    limit = at(low_x, 0.0)[1]
    parts = [f'<path class="axis" d="M{LEFT} {TOP}V{base}H{end}"/><path class="limit" d="M{LEFT} {limit:.1f}H{end}"/>']
    for tick in _ticks(low_y, high_y):
        y = at(low_x, math.log10(tick))[1]
        parts.append(_rule(y, end, f"{tick:g}"))
    for tick in _ticks(low_x, high_x):
        parts.append(_text(at(math.log10(tick), low_y)[0], base + 14, count_text(int(tick)), "m"))
    if slope is not None:
        first, last = math.log10(points[0][0]), math.log10(points[-1][0])
        ends = [_clipped(x, slope.intercept / math.log(10) + slope.slope * x, low_y, high_y) for x in (first, last)]
        (x1, y1), (x2, y2) = (at(*one) for one in ends)
        parts.append(f'<path class="fit" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>')
    places = [at(math.log10(size), math.log10(ratio)) for size, ratio in _thinned(points)]
    parts.append('<path class="dots" d="' + "".join(f"M{x:.0f} {y:.0f}h0" for x, y in places) + '"/>')
    cut = any(ratio < floor for _, ratio in known)
    parts.append(_text((LEFT + end) / 2, HEIGHT - 6, f"n (ratios below {floor:.0e} at the edge)" if cut else "n", "m"))
    largest = max(points, key=lambda one: one[1])
    said = (
        f"{len(points)} sizes from n = {points[0][0]} to {points[-1][0]}; the largest ratio, "
        f"{ratio_text(largest[1])}, is at n = {largest[0]}. The line at 1 is the bound."
    )
    return _svg(name, "Largest ratio against n", said, "".join(parts))


def _svg(name: str, title: str, said: str, inside: str) -> Markup:
    tag = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{escape(name)}t {escape(name)}d">'
    return Markup(
        f'{tag}<title id="{escape(name)}t">{escape(title)}</title><desc id="{escape(name)}d">{escape(said)}</desc>'
        f"{inside}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    """`anchor` is "m" for a text centred at x, "e" for one that ends there."""
    return f'<text class="{anchor}" x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'


def _rule(y: float, end: int, label: str) -> str:
    """A line across the plot with its label at the left."""
    return f'<path class="rule" d="M{LEFT} {y:.1f}H{end}"/>' + _text(LEFT - 5, y + 4, label, "e")


def _range(values: Sequence[float], share: float) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = max((high - low) * share, 0.05)
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers 1, 2, 5 times powers of ten between two decimal logarithms, at most six of them."""
    tenths = tuple(float(step) for step in range(1, 10))
    for steps in (tuple(step / 10 for step in range(10, 100)), tenths, (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        found = [
            step * 10.0**power
            for power in range(math.floor(low), math.ceil(high) + 1)
            for step in steps
            if low <= math.log10(step) + power <= high
        ]
        if len(found) <= 6:
            return found
    return found[:: math.ceil(len(found) / 6)]


def _clipped(x: float, y: float, low: float, high: float) -> tuple[float, float]:
    return x, min(max(y, low), high)


def _thinned(points: Sequence[tuple[int, float]], most: int = 80) -> list[tuple[int, float]]:
    """At most `most` points, evenly over log n, the highest of each stretch."""
    if len(points) <= most:
        return list(points)
    low, high = math.log(points[0][0]), math.log(points[-1][0])
    best: dict[int, tuple[int, float]] = {}
    for size, ratio in points:
        place = int((most - 1) * (math.log(size) - low) / (high - low))
        if place not in best or ratio > best[place][1]:
            best[place] = (size, ratio)
    return [best[place] for place in sorted(best)]


def _mode(counts: Sequence[int]) -> str:
    place = max(range(len(counts)), key=lambda i: counts[i])
    return "1 and more" if place == BARS else f"{place / BARS:g} and {(place + 1) / BARS:g}"
