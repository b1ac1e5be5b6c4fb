"""Whether the hypotheses of a problem exclude each other: the number of scales against the schedule, d against 1."""

from __future__ import annotations

from varproof.regimes.problem import Problem
from varproof.regimes.steps import Step, against, decided


def contradictions(problem: Problem) -> tuple[Step, ...]:
    """The statements that no sequence of parameters satisfies; empty when none was found.

    >>> from varproof.regimes.problem import parse_problem
    >>> p = parse_problem(d="log(n)", entry_bound="1", delta="n**-3", schedule="ratio:2", scales="O(1)")
    >>> [step.hypothesis for step in contradictions(p)]
    ['K = O(1)']
    """
    steps = (_scales(problem), _head_dim(problem))
    return tuple(step for step in steps if step is not None and step.holds is False)


def _scales(problem: Problem) -> Step | None:
    """K as claimed against K = log_a n + 1, or K = n for the linear schedule."""
    claimed = problem.scales
    if claimed is None:
        return None
    actual = problem.schedule.scales
    found = decided(actual / claimed.bound)
    holds: bool | None = None
    if found.value is not None:
        zero, infinite = bool(found.value.is_zero), found.value.is_infinite is True
        position = against(found.value, 1)
        holds = {
            "any": True,
            "=": None if position is None else position == 0,
            "Theta": not zero and not infinite,
            "O": not infinite,
            "o": zero,
            "Omega": not zero,
            "omega": infinite,
        }[claimed.relation]
    return Step(
        f"K = {claimed}",
        "K",
        f"{actual}",
        holds,
        f"the schedule {problem.schedule.name} has {actual} scales",
        str(actual / claimed.bound),
        None if found.value is None else str(found.value),
        found.routes,
        found.leading,
        "" if holds else f"K = Theta({actual}), or a schedule without a fixed ratio",
    )


def _head_dim(problem: Problem) -> Step | None:
    """d >= 1, so d must not tend to zero (nor to a constant below one)."""
    d = problem.d
    if d.relation not in ("=", "Theta", "O", "o"):
        return None
    found = decided(d.bound)
    if found.value is None:
        return None
    if d.relation == "=":
        position = against(found.value, 1)
        holds = position is None or position >= 0
    else:
        holds = not (found.value.is_finite if d.relation == "o" else found.value.is_zero)
    return Step(
        "d >= 1",
        "d",
        str(d),
        bool(holds),
        "",
        str(d.bound),
        str(found.value),
        found.routes,
        found.leading,
        "" if holds else "a head dimension that does not tend to zero",
    )
