"""Decisions of the regime command as comparisons of a claim: what a problem is expected to be, and what it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction

from varproof.claims.tally import Tally
from varproof.regimes.decide import Regime, decide
from varproof.regimes.problem import Problem, parse_problem
from varproof.regimes.registry import THEOREMS
from varproof.regimes.theorem import Theorem

SLOW = 2.0  # seconds, where a decision takes some hundredths: half of the shortest limit of time inside


def settled(problem: Problem, theorems: Sequence[Theorem] = THEOREMS) -> Regime:
    """The regime of a problem, where time has not decided.

    Raises `TimeoutError` for "undecided" after so long a time that a limit may have been given up: a machine that
    stalls must not refute a claim, and raises `ContradictionError` as `decide` does.
    """
    start = time.monotonic()
    answer = decide(problem, theorems)
    if answer.verdict == "undecided" and time.monotonic() - start > SLOW:
        raise TimeoutError("the machine was too slow to decide a regime")
    return answer


def expect(tally: Tally, verdict: str, exponent: int | Fraction | None = None, /, **given: str) -> None:
    """Record whether the problem that `given` states (see `parse_problem`) has this verdict and proved upper exponent.

    >>> tally = Tally()
    >>> expect(tally, "easy", 2, d="Theta(log(n))", entry_bound="o(sqrt(log(n)))", delta="1/poly(n)")
    >>> tally.visited, tally.counterexamples
    (1, [])
    """
    answer = settled(parse_problem(**given))
    found = None if answer.upper is None else answer.upper.exponent.value
    right = answer.verdict == verdict and (exponent is None or found == exponent)
    tally.holds(right, **given, expected=verdict, got=answer.verdict, exponent=found)
