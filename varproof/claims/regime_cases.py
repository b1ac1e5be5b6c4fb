"""Decisions of the regime command as comparisons of a claim: what a problem is expected to be, and what it is."""

from __future__ import annotations

from fractions import Fraction

from varproof.claims.tally import Tally
from varproof.regimes.decide import decide
from varproof.regimes.problem import parse_problem


def expect(tally: Tally, verdict: str, exponent: int | Fraction | None = None, /, **given: str) -> None:
    """Record whether the problem that `given` states (see `parse_problem`) has this verdict and proved upper exponent.

    >>> tally = Tally()
    >>> expect(tally, "easy", 2, d="Theta(log(n))", entry_bound="o(sqrt(log(n)))", delta="1/poly(n)")
    >>> tally.visited, tally.counterexamples
    (1, [])
    """
    answer = decide(parse_problem(**given))
    found = None if answer.upper is None else answer.upper.exponent.value
    right = answer.verdict == verdict and (exponent is None or found == exponent)
    tally.holds(right, **given, expected=verdict, got=answer.verdict, exponent=found)
