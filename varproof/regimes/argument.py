"""The decision as the lines of a short proof: a statement and its reason on each line."""

from __future__ import annotations

from collections.abc import Sequence

from varproof.regimes.answer import chosen_bounds, needed
from varproof.regimes.decide import Bound, Regime
from varproof.regimes.steps import ROUTES, Step

GAMMA = {"d": "1/d", "sqrt": "1/sqrt(d)", "one": "1"}


def argument(regime: Regime) -> list[tuple[str, str]]:
    """(statement, why) from the given quantities to the verdict.

    >>> from varproof.regimes.decide import decide
    >>> from varproof.regimes.problem import parse_problem
    >>> lines = argument(decide(parse_problem(d="Theta(log(n))", entry_bound="o(sqrt(log(n)))", delta="1/poly(n)")))
    >>> lines[0][0], lines[-1][0]
    ('L = Theta(n^2) tokens, Theta(n^4) pairs', 'easy: time n^(2 + o(1))')
    """
    lines = _given(regime)
    if regime.verdict == "inconsistent":
        lines.extend((f"{step.hypothesis} is impossible", _why(step)) for step in regime.conflicts)
        return [*lines, ("inconsistent: nothing satisfies all of this", "every statement about it is vacuous")]
    for bound in chosen_bounds(regime):
        lines.extend(_bound(bound))
    for attempt in needed(regime):
        lines.append((f"{attempt.theorem.id} does not apply", _missing(attempt.missing)))
    return [*lines, _verdict(regime)]


def _given(regime: Regime) -> list[tuple[str, str]]:
    problem = regime.problem
    schedule = problem.schedule
    lines = [(f"L = Theta(n^{schedule.tokens}) tokens, Theta(n^{schedule.pairs}) pairs", f"schedule {schedule.name}")]
    if problem.scale == "cosine":
        lines.append((f"B = S = {problem.logit_bound}", "cosine scores are at most S"))
    else:
        lines.append(
            (f"B = gamma d R^2 = {problem.logit_bound}", f"gamma = {GAMMA[problem.scale]}, R = {problem.entry_bound}")
        )
    lines.append((f"Lambda = ln(1/delta) = {problem.log_inverse_error}", f"delta = {problem.delta}"))
    return lines


def _bound(bound: Bound) -> list[tuple[str, str]]:
    theorem, power = bound.theorem, bound.exponent.text
    lines = [(_statement(step), _why(step)) for step in bound.steps]
    if theorem.side == "upper":
        result = f"time n^({power} + o(1))"
    elif theorem.assumes:
        result = f"under {theorem.assumes[0]}: for no q > 0 time n^({power} - q)"
    else:
        result = f"not below n^{power}"
    return [*lines, (result, f"{theorem.id}: {theorem.statement} ({', '.join(theorem.sources)})")]


def _statement(step: Step) -> str:
    fact = f"{step.quantity} = {step.given}"
    if fact == step.hypothesis:
        return fact
    # a lower bound asks for some member: O(log n) is not Omega(log n), but it has members that are
    some = "Omega(" in step.hypothesis and step.given.startswith(("O(", "o("))
    return f"{fact} has members with {step.hypothesis}" if some else f"{fact}, so {step.hypothesis}"


def _why(step: Step) -> str:
    if step.ratio == "1" and step.because:  # then the limit of the ratio says nothing new
        return step.because
    return "; ".join(reason for reason in (_limit(step), step.because) if reason)


def _limit(step: Step) -> str:
    if step.limit is None or not step.ratio:
        return ""
    if step.ratio == "1":
        return "the two orders are the same function"
    if step.ratio == step.limit:
        return f"the ratio is {step.limit}"
    named = ", ".join(ROUTES.get(name, name) for name in step.routes)
    grows = "grows without bound" if step.limit == "oo" else f"tends to {step.limit}"
    return f"{step.ratio} {grows} ({named})"


def _missing(steps: Sequence[Step]) -> str:
    """What is needed, first where a limit stands in the way, then the constants that are fixed."""
    needs = [f"needed {step.needed}, but {step.because or _limit(step)}" for step in steps if not step.fixed_constant]
    fixed = [step for step in steps if step.fixed_constant]
    if fixed:
        names = ", ".join(step.quantity for step in fixed)
        these = ", ".join(step.given for step in fixed)
        needs.append(f"it chooses the constants of {names}; here they are fixed ({these}): write Theta(..) or C")
    return "; ".join(needs)


def _verdict(regime: Regime) -> tuple[str, str]:
    upper, lower = regime.upper, regime.lower
    if regime.verdict == "easy" and upper is not None:
        return f"easy: time n^({upper.exponent.text} + o(1))", f"scope: {upper.scope}"
    if regime.verdict == "hard" and lower is not None:
        return f"hard: exponent {lower.exponent.text}, that of the exact algorithm", f"scope: {lower.scope}"
    below = "" if lower is None else f", lower exponent {lower.exponent.text}"
    if upper is None:
        return f"undecided: no proved upper bound{below}", "bound d from above, for example by O(log(n))"
    gap = "no theorem of the base closes the gap at these parameters"
    return f"undecided: upper exponent {upper.exponent.text}{below}", gap
