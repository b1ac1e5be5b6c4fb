"""How the largest ratio grows with n: a straight line through logarithms, by least squares."""

from __future__ import annotations

import math
from collections.abc import Iterable

from varproof.campaign.report.model import Slope

LEAST = 3  # sizes; a line through two points fits anything


def slope_of(by_size: Iterable[tuple[int, float]]) -> Slope | None:
    """The fit over sizes and ratios that have a logarithm; None for fewer than three sizes.

    >>> found = slope_of([(1, 0.5), (4, 0.25), (16, 0.125)])
    >>> round(found.slope, 12), round(math.exp(found.intercept), 12), found.sizes
    (-0.5, 0.5, 3)
    """
    points = [
        (math.log(size), math.log(ratio)) for size, ratio in by_size if size > 0 and ratio > 0 and math.isfinite(ratio)
    ]
    count = len(points)
    if count < LEAST:
        return None
    mean_x = math.fsum(x for x, _ in points) / count
    mean_y = math.fsum(y for _, y in points) / count
    spread = math.fsum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return None
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    intercept = mean_y - slope * mean_x
    square = math.fsum((y - intercept - slope * x) ** 2 for x, y in points) / count
    return Slope(slope, intercept, count, math.sqrt(square))
