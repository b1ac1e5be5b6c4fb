"""Checks one hypothesis of a theorem against a problem: which limit decides it, and by which routes."""

from __future__ import annotations

from typing import NamedTuple

import sympy

from varproof.base.expression import parse_expression
from varproof.growth.limits import Limit
from varproof.growth.magnitudes import Magnitude
from varproof.growth.monomial import SYMBOL
from varproof.regimes.problem import UPPER_KINDS, Problem
from varproof.regimes.steps import Step, against, decided
from varproof.regimes.theorem import Hypothesis


def check(hypothesis: Hypothesis, problem: Problem) -> Step:
    """Whether the problem meets the hypothesis, with the limit that decides it.

    >>> from varproof.regimes.problem import parse_problem
    >>> p = parse_problem(d="Theta(log(n))", entry_bound="o(sqrt(log(n)))", delta="1/poly(n)")
    >>> step = check(Hypothesis("B", "o", "log(n)"), p)
    >>> step.holds, step.given, step.ratio, step.limit
    (True, 'o(log(n))', '1', '1')
    """
    magnitude = problem.quantity(hypothesis.quantity, hardest=hypothesis.relation == "Omega")
    if magnitude.exponential:
        return _exponential(hypothesis, magnitude)
    match hypothesis.relation:
        case "below" | "at least":
            return _against_number(hypothesis, magnitude)
        case "n^o(1)":
            return _subpolynomial(hypothesis, magnitude)
    bound = parse_expression(hypothesis.bound, names=("n",))
    found = decided(magnitude.bound / bound)
    judged = _judge(hypothesis, magnitude, found)
    # for o, Omega and omega the class itself carries the relation, which comparing the bounds would not show
    by_order = hypothesis.relation in ("o", "O", "Omega") and magnitude.relation in ("=", "~", "Theta", "O")
    return Step(
        str(hypothesis),
        hypothesis.quantity,
        str(magnitude),
        judged.holds,
        judged.because,
        str(magnitude.bound / bound),
        None if found.value is None else str(found.value),
        found.routes,
        found.leading,
        judged.needed,
        judged.fixed_constant,
        (hypothesis.relation, magnitude.bound, bound) if by_order else None,  # type: ignore[arg-type]  # just tested
    )


class _Judged(NamedTuple):
    holds: bool | None
    because: str = ""
    needed: str = ""
    fixed_constant: bool = False


def _judge(hypothesis: Hypothesis, given: Magnitude, found: Limit) -> _Judged:
    """Whether `given = relation(bound)`, from the limit of the ratio of the two bounds."""
    name = hypothesis.quantity
    if hypothesis.relation == "explicit":
        explicit = given.relation in ("=", "~")
        return _Judged(True) if explicit else _Judged(False, "a class", f"an explicit {name}")
    if given.relation == "any":
        return _Judged(False, f"the classes given leave the order of {name} open", f"classes that bound {name}")
    if found.value is None:
        return _Judged(None, f"the limit is not decided: {found.because}", "a simpler expression")
    zero, infinite = bool(found.value.is_zero), found.value.is_infinite is True
    if hypothesis.relation == "Omega":
        return _judge_lower(hypothesis, given, zero=zero, infinite=infinite)
    if given.relation not in UPPER_KINDS:
        return _Judged(False, f"{given} has no upper bound", str(hypothesis))
    carried = given.relation == "o" and not infinite
    holds = (zero or carried) if hypothesis.relation == "o" else not infinite
    because = f"every member is o({given.bound})" if holds and carried and not zero else ""
    return _Judged(holds, because, "" if holds else str(hypothesis))


def _judge_lower(hypothesis: Hypothesis, given: Magnitude, *, zero: bool, infinite: bool) -> _Judged:
    """A lower bound for some member: every constant of a class may be chosen, an explicit function has its own."""
    name, bound = hypothesis.quantity, hypothesis.bound
    if given.relation in ("Omega", "omega"):
        return _Judged(True, f"the class has members above every multiple of {bound}")
    if zero or (given.relation == "o" and not infinite):
        return _Judged(False, "", str(hypothesis))
    if infinite:
        return _Judged(True, f"above every multiple of {bound}")
    if given.relation in ("Theta", "O"):
        return _Judged(True, "the constant is open, so the theorem may choose it")
    if hypothesis.quantifier == "some":
        return _Judged(True, "any positive constant will do")
    return _Judged(
        False,
        f"the theorem chooses the constant of {name}, and {given} has one of its own",
        f"{name} = Theta({bound}), its constant left open (Theta(..) or C), or {name} = omega({bound})",
        fixed_constant=True,
    )


def _exponential(hypothesis: Hypothesis, given: Magnitude) -> Step:
    """delta = exp(-x), which is below every number for some member, or exp(x) > 1, x > 0; nothing else is asked."""
    vanishing = given.exponential < 0
    holds = hypothesis.relation == "below" and vanishing
    if hypothesis.relation == "at least" and not vanishing:
        holds = bool(parse_expression(hypothesis.bound, names=()) <= 1)
    because = "some member tends to 0" if vanishing else "every member exceeds 1"
    needed = "" if holds else str(hypothesis)
    return Step(str(hypothesis), hypothesis.quantity, str(given), holds, because, needed=needed)


def _against_number(hypothesis: Hypothesis, given: Magnitude) -> Step:
    """`below`: some member is below the number for large n; `at least`: every member is at least the number."""
    found = decided(given.bound)
    number = parse_expression(hypothesis.bound, names=())
    holds: bool | None = None
    if given.relation == "any":
        holds = False  # nothing is known, so nothing is claimed
    elif found.value is not None:
        zero, infinite = bool(found.value.is_zero), found.value.is_infinite is True
        position = against(found.value, number)
        if hypothesis.relation == "below":
            holds = {
                "=": None if position is None else position < 0,
                "~": None if position is None else position < 0,
                "Theta": not infinite,
                "Omega": not infinite,
                "omega": zero,
            }.get(given.relation, True)  # O and o contain everything smaller
        else:
            constant = not given.bound.free_symbols
            holds = {
                "=": None if position is None else position > 0 or (position == 0 and constant),
                "~": None if position is None else position > 0,
                "Theta": infinite,
                "Omega": infinite,
                "omega": not zero,
            }.get(given.relation, False)
    return Step(
        str(hypothesis),
        hypothesis.quantity,
        str(given),
        holds,
        _approach(given, found),
        "",
        None if found.value is None else str(found.value),
        found.routes,
        found.leading,
        "" if holds else str(hypothesis),
    )


def _approach(given: Magnitude, found: Limit) -> str:
    if given.relation == "any":
        return "nothing is known about it"
    if found.value is None:
        return f"the limit is not decided: {found.because}"
    return f"{given.bound} tends to {found.value}" if given.bound.free_symbols else f"it is {given}"


def _subpolynomial(hypothesis: Hypothesis, given: Magnitude) -> Step:
    """x = n^o(1), or log x = n^o(1): log(1 + x)/log n tends to 0 (once more the logarithm for log x)."""
    name, text = hypothesis.quantity, str(hypothesis)
    if given.relation not in UPPER_KINDS:
        return Step(text, name, str(given), False, f"{given} has no upper bound", needed=f"an upper bound on {name}")
    inner = sympy.log(1 + given.bound) if hypothesis.of_log else given.bound
    ratio = sympy.log(1 + inner) / sympy.log(SYMBOL)
    found = decided(ratio)
    holds = None if found.value is None else bool(found.value.is_zero)
    because = f"the limit is not decided: {found.because}" if holds is None else ""
    limit_text = None if found.value is None else str(found.value)
    needed = "" if holds else text
    return Step(text, name, str(given), holds, because, str(ratio), limit_text, found.routes, found.leading, needed)
