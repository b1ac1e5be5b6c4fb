"""The exchange algorithm (Remez) for exp in multiple precision: finds points, proves nothing.

A certificate is built from the reference points alone and checked by code that does not trust this module, so all
arithmetic here is on midpoints of Arb balls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from flint import arb, arb_poly, ctx

from varproof.approx.start_points import Kind, start_points
from varproof.base.balls import ball, to_float
from varproof.base.errors import CertificateError

LOG2_E = 1.4427


@dataclass
class Exchange:
    """One best-approximation problem on -1 <= t <= 1 for e^{h t}, polynomials of degree <= `degree`."""

    degree: int
    half: Fraction
    kind: Kind
    log2_error: int  # about log2 of 1 / (the error to be resolved)

    points: list[arb] = field(init=False)
    polynomial: arb_poly = field(init=False)
    level: arb = field(init=False)
    steps: int = field(init=False, default=0)
    change: float = field(init=False, default=1.0)  # relative change of the level in the last step

    def __post_init__(self) -> None:
        # the interpolation polynomial in powers of t loses about degree bits, e^{-h}..e^{h} three times its range
        self.precision = 128 + self.log2_error + 2 * self.degree + int(3 * LOG2_E * float(self.half))
        self.points = [arb(t) for t in start_points(self.degree, float(self.half), self.kind)]
        self.polynomial = arb_poly([0])
        self.level = arb(0)

    def step(self) -> None:
        """Level the error on the reference, then move the interior points to the extremes of the new error."""
        with ctx.workprec(self.precision):
            before = self.level
            self.polynomial = self._levelled()
            self.change = abs(to_float(before / self.level - 1))
            self.steps += 1
            self.points[1:-1] = self.critical_points()

    def _levelled(self) -> arb_poly:
        """The polynomial whose error takes the values +-level (times e^{ht} for "rel") on the reference in turn."""
        h = ball(self.half)
        values = [(h * t).exp() for t in self.points]
        nodes = arb_poly.from_roots(self.points).derivative().evaluate(self.points, algorithm="iter")
        weights = values if self.kind == "rel" else [arb(1)] * len(values)
        total = sum((w / abs(node) for w, node in zip(weights, nodes, strict=True)), arb(0))
        self.level = (sum((v / node for v, node in zip(values, nodes, strict=True)), arb(0)) / total).mid()
        last = len(values) - 1
        targets = [
            v - (-1) ** (last - j) * self.level * w for j, (v, w) in enumerate(zip(values, weights, strict=True))
        ]
        polynomial = arb_poly.interpolate(self.points[1:], targets[1:], algorithm="newton")
        return arb_poly([c.mid() for c in polynomial.coeffs()] or [0])

    def critical_points(self) -> list[arb]:
        """The interior extremes of the error of `polynomial`, by Newton's method from the current reference."""
        interior = [t.mid() for t in self.points[1:-1]]
        if not interior:
            return []
        for _ in range(2):
            moves = zip(interior, self._slope(interior), self._bend(interior), strict=True)
            interior = [(t - (a / b).mid()).mid() for t, a, b in moves]
            if not _in_order(interior):
                return self._critical_by_search()
        return interior

    def _critical_by_search(self) -> list[arb]:
        """Newton left its basin: the levelled error still has one extreme between its sign changes; bracket them."""
        for grid_size in (8, 32, 128):
            count = grid_size * (self.degree + 2)
            grid = [arb(math.cos(math.pi * j / count)).mid() for j in range(count, -1, -1)]
            signs = [bool(v > 0) for v in self._slope(grid)]
            brackets = [
                (left, right) for left, right, a, b in zip(grid, grid[1:], signs, signs[1:], strict=False) if a != b
            ]
            if len(brackets) == self.degree:
                return self._bisect(brackets)
        raise CertificateError(
            "the exchange algorithm lost its points",
            got=f"degree {self.degree}, half-length {self.half}, kind {self.kind}",
            hint="please report this input; a slightly different eps will usually work",
        )

    def _bisect(self, brackets: list[tuple[arb, arb]]) -> list[arb]:
        lows, highs = [low for low, _ in brackets], [high for _, high in brackets]
        left = [bool(v > 0) for v in self._slope(lows)]
        for _ in range(30):  # then Newton of the next step finishes the digits
            middles = [((a + b) / 2).mid() for a, b in zip(lows, highs, strict=True)]
            same = [bool(v > 0) == s for v, s in zip(self._slope(middles), left, strict=True)]
            lows = [m if keep else a for m, a, keep in zip(middles, lows, same, strict=True)]
            highs = [b if keep else m for m, b, keep in zip(middles, highs, same, strict=True)]
        return lows

    def _slope(self, points: list[arb]) -> list[arb]:
        """The derivative of the error, up to a positive factor, at `points`."""
        h, first = ball(self.half), self.polynomial.derivative()
        slopes = list(first.evaluate(points, algorithm="iter"))
        if self.kind == "rel":
            return [a - h * v for a, v in zip(slopes, self.polynomial.evaluate(points, algorithm="iter"), strict=True)]
        return [a - h * (h * t).exp() for a, t in zip(slopes, points, strict=True)]

    def _bend(self, points: list[arb]) -> list[arb]:
        """The derivative of `_slope` at `points`."""
        h, first = ball(self.half), self.polynomial.derivative()
        bends = list(first.derivative().evaluate(points, algorithm="iter"))
        if self.kind == "rel":
            return [a - h * v for a, v in zip(bends, first.evaluate(points, algorithm="iter"), strict=True)]
        return [a - h * h * (h * t).exp() for a, t in zip(bends, points, strict=True)]


def _in_order(points: list[arb]) -> bool:
    inside = bool(points[0] > -1) and bool(points[-1] < 1)
    return inside and all(a < b for a, b in pairwise(points))
