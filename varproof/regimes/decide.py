"""Easy, hard, undecided or inconsistent as n grows: the best proved bounds of the theorem base and the argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from varproof.base.errors import VarproofError
from varproof.growth.bounded import total_budget
from varproof.regimes.checking import check
from varproof.regimes.consistency import contradictions
from varproof.regimes.exponents import DIGITS
from varproof.regimes.problem import Problem
from varproof.regimes.registry import THEOREMS
from varproof.regimes.steps import Step
from varproof.regimes.theorem import Exponent, Hypothesis, Side, Theorem

SECONDS = 10.0  # for all limits of one question; the usual ones take well below one
NO_EXPONENT = "it grows beyond every power of n, depends on open constants, or its limit is not decided"
Verdict = Literal["easy", "hard", "undecided", "inconsistent"]


@dataclass(frozen=True)
class Bound:
    """A theorem whose hypotheses hold for a problem, with the exponent it gives and the checked hypotheses."""

    theorem: Theorem
    exponent: Exponent
    steps: tuple[Step, ...]
    scope: str


@dataclass(frozen=True)
class Attempt:
    """A theorem about this schedule and scale that does not apply: some hypothesis failed or stayed open."""

    theorem: Theorem
    steps: tuple[Step, ...]

    @property
    def missing(self) -> tuple[Step, ...]:
        """The hypotheses that do not hold, or are not decided."""
        return tuple(step for step in self.steps if not step.holds)


@dataclass(frozen=True)
class Regime:
    """The decision: `upper` and `lower` are the best proved bounds, `exact` the exact algorithm's, `size` the output's.

    For an inconsistent problem the bounds are None and `conflicts` holds the steps that exclude each other.
    """

    problem: Problem
    verdict: Verdict
    upper: Bound | None = None
    lower: Bound | None = None
    exact: Bound | None = None
    size: Bound | None = None
    conflicts: tuple[Step, ...] = ()
    attempts: tuple[Attempt, ...] = ()


class ContradictionError(VarproofError):
    """A proved upper bound lies below a proved lower bound: one of the two theorems is wrong as it stands here."""


@total_budget(SECONDS)
def decide(problem: Problem, theorems: Sequence[Theorem] = THEOREMS) -> Regime:
    """The regime of `problem` by the theorem base, for input classes as `Problem` describes them.

    - `inconsistent`: the hypotheses exclude each other (`varproof.regimes.consistency`);
    - `easy`: the proved upper exponent is the output's, or d = O(1) and it is below the exact one;
    - `hard`: a lower bound under a named hypothesis reaches the exponent of the exact algorithm;
    - `undecided`: neither.

    All limits of a question together take ten seconds at most; what is then still open counts as open. Raises
    `ContradictionError` when the best upper bound is below the best lower bound, and `CertificateError` when
    two routes disagree about a limit.

    >>> from varproof.regimes.problem import parse_problem
    >>> answer = decide(parse_problem(d="Theta(log(n))", entry_bound="o(sqrt(log(n)))", delta="1/poly(n)"))
    >>> answer.verdict, answer.upper.exponent.text, answer.upper.theorem.id
    ('easy', '2', 'polynomial_log_dimension')
    """
    conflicts = contradictions(problem)
    if conflicts:
        return Regime(problem, "inconsistent", conflicts=conflicts)
    bounds, attempts = _bounds(problem, theorems)
    upper, lower = _best(bounds, "upper"), _best(bounds, "lower")
    exact, size = _named(bounds, "exact_algorithm"), _named(bounds, "output_size")
    if upper is not None and lower is not None and _overlap(upper.exponent, lower.exponent):
        raise ContradictionError(
            "two theorems contradict each other: an upper bound lies below a lower bound",
            got=f"{upper.theorem.id}: {upper.exponent.text}; {lower.theorem.id}: {lower.exponent.text}",
            allowed="upper bound >= lower bound",
            hint="one of the two is wrong for these parameters; please report them",
        )
    return Regime(problem, _verdict(problem, upper, lower, exact, size), upper, lower, exact, size, (), tuple(attempts))


def _overlap(upper: Exponent, lower: Exponent) -> bool:
    """Whether an upper exponent lies below a lower one; `below x` overlaps with x itself."""
    return upper.value < lower.value or (upper.strict and upper.value == lower.value)


def _bounds(problem: Problem, theorems: Sequence[Theorem]) -> tuple[list[Bound], list[Attempt]]:
    """The theorems that apply and those that fail; upper bounds are tried until the size of the output is reached."""
    bounds: list[Bound] = []
    attempts: list[Attempt] = []
    for theorem in sorted(theorems, key=lambda entry: entry.side == "upper"):  # stable: lower bounds first
        best, size = _best(bounds, "upper"), _named(bounds, "output_size")
        settled = best is not None and size is not None and best.exponent.value <= size.exponent.value
        if not theorem.about(problem) or (theorem.side == "upper" and settled and theorem.id != "exact_algorithm"):
            continue
        found = apply(theorem, problem)
        if isinstance(found, Bound):
            bounds.append(found)
        else:
            attempts.append(found)
    return bounds, attempts


def apply(theorem: Theorem, problem: Problem) -> Bound | Attempt:
    """The bound that the theorem gives, or the attempt that failed: some hypothesis, or no finite exponent follows.

    Every hypothesis is checked, so that a failed attempt names all that is missing; only the limits of `n^o(1)`, which
    take long, are left out once another hypothesis has failed.
    """
    steps: list[Step] = []
    for hypothesis in theorem.hypotheses:
        if hypothesis.relation != "n^o(1)" or all(step.holds for step in steps):
            steps.append(check(hypothesis, problem))
    if not all(step.holds for step in steps):
        return Attempt(theorem, tuple(steps))
    exponent = theorem.exponent(problem)
    if exponent is None:
        steps.append(
            Step("a finite exponent", "the exponent", "unknown", False, NO_EXPONENT, needed="a finite exponent")
        )
        return Attempt(theorem, tuple(steps))
    return Bound(theorem, exponent, tuple(steps), theorem.scope[problem.schedule.family])


def _verdict(
    problem: Problem, upper: Bound | None, lower: Bound | None, exact: Bound | None, size: Bound | None
) -> Verdict:
    if upper is not None and size is not None:
        # an irrational size is rounded down and its upper bound up, at twelve digits: equal ones differ by that
        slack = Fraction(4, DIGITS) if size.exponent.rounded else 0
        if upper.exponent.value - size.exponent.value <= slack:
            return "easy"
    constant = check(Hypothesis("d", "O", "1"), problem).holds
    if constant and upper is not None and exact is not None and _rank(upper) < _rank(exact):
        return "easy"
    if lower is not None and exact is not None and lower.exponent.value >= exact.exponent.value:
        return "hard"
    return "undecided"


def _rank(bound: Bound) -> tuple[Fraction, bool]:
    """Sorts upper bounds: a smaller exponent first, and `below x` before x."""
    return bound.exponent.value, not bound.exponent.strict


def _best(bounds: Sequence[Bound], side: Side) -> Bound | None:
    """The smallest upper or the largest lower bound; the first in the registry among equals."""
    here = [bound for bound in bounds if bound.theorem.side == side]
    if side == "upper":
        return min(here, key=_rank, default=None)
    return max(here, key=lambda bound: bound.exponent.value, default=None)


def _named(bounds: Sequence[Bound], theorem_id: str) -> Bound | None:
    return next((bound for bound in bounds if bound.theorem.id == theorem_id), None)
