"""Adds up rigorous comparisons over a grid and turns them into one finding with the worst cell as evidence."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import arb

from varproof.base.balls import Exact, ball, to_float
from varproof.base.verdict import Finding, Verdict

Number = Exact | arb


class Tally:
    """Comparisons of balls or exact numbers; a comparison counts only when it holds for every point of both balls.

    >>> tally = Tally()
    >>> tally.at_most(Fraction(1, 3), Fraction(1, 2), n=4)
    >>> tally.finding("an example").verdict
    <Verdict.PROVED: 'PROVED'>
    """

    def __init__(self) -> None:
        self.visited = 0
        self.counterexamples: list[dict[str, Any]] = []
        self.undecided: list[dict[str, Any]] = []
        self.evidence: dict[str, Any] = {}
        self._worst: tuple[float, float, float, dict[str, str]] | None = None

    def at_most(self, measured: Number, bound: Number, **cell: object) -> None:
        """Record `measured <= bound` at a cell; the worst cell is the one with the largest ratio."""
        yes, no = _at_most(measured, bound), _above(measured, bound)
        self._record(ball(measured), ball(bound), yes, no, cell)

    def at_least(self, measured: Number, bound: Number, **cell: object) -> None:
        """Record `measured >= bound` at a cell; the worst cell is the one with the smallest ratio."""
        yes, no = _at_most(bound, measured), _above(bound, measured)
        self._record(ball(measured), ball(bound), yes, no, cell, lower=True)

    def equal(self, measured: Exact, bound: Exact, **cell: object) -> None:
        """Record the equality of two exact numbers (balls can never prove one)."""
        left, right = Fraction(measured), Fraction(bound)
        self._record(ball(left), ball(right), left == right, left != right, cell, balance=abs(left - right))

    def holds(self, truth: bool, **cell: object) -> None:
        """Record an exact yes/no fact (a sign, an identity of polynomials)."""
        self.visited += 1
        if not truth:
            self.counterexamples.append(_shown(cell))

    def _record(
        self,
        measured: arb,
        bound: arb,
        yes: bool,
        no: bool,
        cell: dict[str, object],
        *,
        lower: bool = False,
        balance: Fraction | None = None,
    ) -> None:
        self.visited += 1
        shown = _shown(cell)
        if no:
            self.counterexamples.append({**shown, "measured": measured.str(20), "bound": bound.str(20)})
        elif not yes:
            self.undecided.append({**shown, "measured": measured.str(20), "bound": bound.str(20)})
        left, right = to_float(measured), to_float(bound)
        quotient = (left / right if right else 0.0) * (-1 if lower else 1)
        badness = quotient if balance is None else to_float(ball(balance))
        if self._worst is None or badness > self._worst[0]:
            self._worst = (badness, left, right, shown)

    def finding(self, because: str, *, ok: Verdict = Verdict.PROVED) -> Finding:
        """REFUTED with the counterexamples, UNKNOWN where balls overlap, otherwise `ok` (UNKNOWN if nothing ran).

        `because` says what stands behind `ok`: which page holds the proof, what was checked exactly or by balls.
        """
        worst = self._worst
        evidence: dict[str, Any] = {"cells": self.visited, **self.evidence}
        if worst is not None:
            evidence["worst_cell"] = worst[3]
        measured, bound = (worst[1], worst[2]) if worst is not None else (None, None)
        if self.counterexamples:
            evidence["counterexamples"] = self.counterexamples[:5]
            evidence["counterexamples_found"] = len(self.counterexamples)
            first = self.counterexamples[0]
            return Finding(Verdict.REFUTED, measured, bound, evidence, f"fails at {first}")
        if self.undecided or not self.visited:
            evidence["undecided"] = self.undecided[:5]
            reason = "the enclosures overlap at some cells" if self.undecided else "no cell was visited"
            return Finding(Verdict.UNKNOWN, measured, bound, evidence, reason)
        return Finding(ok, measured, bound, evidence, because)


def exact(value: Number) -> Fraction:
    """`value` as a fraction where it is exact by construction; a ball raises `TypeError`: an exact check needs no ball.

    >>> exact(3)
    Fraction(3, 1)
    """
    if isinstance(value, arb):
        raise TypeError(f"an exact number was promised, got the ball {value.str(6)}")
    return Fraction(value)


def _at_most(left: Number, right: Number) -> bool:
    """`left <= right` for certain; two exact numbers are compared exactly, so that attained bounds count."""
    if isinstance(left, arb) or isinstance(right, arb):
        return bool(ball(left) <= ball(right))
    return left <= right


def _above(left: Number, right: Number) -> bool:
    if isinstance(left, arb) or isinstance(right, arb):
        return bool(ball(left) > ball(right))
    return left > right


def _shown(cell: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in cell.items()}
