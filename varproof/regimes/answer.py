"""The decision as plain JSON data, by the contract of `varproof regime --asymptotic --json`."""

from __future__ import annotations

from typing import Any

from varproof.growth.bounded import total_budget
from varproof.regimes.decide import Attempt, Bound, Regime
from varproof.regimes.steps import Step
from varproof.regimes.theorem import Theorem


@total_budget(2.0)
def to_json(regime: Regime) -> dict[str, Any]:
    """The fields of the answer.

    `exponent` is that of the fast or exact algorithm proved, a power of n (None where a constant is left open, then
    `exponent_text` has it), `lower_exponent` that of the best lower bound; `because` has one entry for each hypothesis
    behind the verdict, `needed` says what would decide an undecided problem.

    >>> from varproof.regimes.decide import decide
    >>> from varproof.regimes.problem import parse_problem
    >>> answer = to_json(decide(parse_problem(d="3", entry_bound="n", delta="n**-3")))
    >>> answer["verdict"], answer["exponent_text"], answer["lower_exponent"]
    ('easy', '10/3', 2.0)
    """
    problem = regime.problem
    upper, lower = regime.upper, regime.lower
    chosen = chosen_bounds(regime)
    return {
        "verdict": regime.verdict,
        "exponent": None if upper is None else upper.exponent.number,
        "exponent_text": None if upper is None else upper.exponent.text,
        "lower_exponent": None if lower is None else lower.exponent.number,
        "lower_exponent_text": None if lower is None else lower.exponent.text,
        "exact_exponent": None if regime.exact is None else regime.exact.exponent.number,
        "size_exponent": None if regime.size is None else regime.size.exponent.number,
        "scope": chosen[0].scope if chosen else "",
        "assumes": list(dict.fromkeys(name for bound in chosen for name in bound.theorem.assumes)),
        "upper_theorem": None if upper is None else _theorem(upper.theorem),
        "lower_theorem": None if lower is None else _theorem(lower.theorem),
        "because": [_entry(theorem, step) for theorem, step in reasons(regime)],
        "needed": [_entry(attempt.theorem, step) for attempt in needed(regime) for step in attempt.missing],
        "given": {
            "d": str(problem.d),
            "R": None if problem.entry_bound is None else str(problem.entry_bound),
            "delta": str(problem.delta),
            "scale": problem.scale if problem.temperature is None else f"cosine:{problem.temperature}",
            "schedule": problem.schedule.name,
            "scales": None if problem.scales is None else str(problem.scales),
        },
        "derived": {
            "logit_bound": str(problem.logit_bound),
            "log_inverse_delta": str(problem.log_inverse_error),
            "number_of_scales": str(problem.schedule.scales),
            "tokens_exponent": problem.schedule.tokens,
            "pairs_exponent": problem.schedule.pairs,
        },
        "sources": list(dict.fromkeys(source for bound in chosen for source in bound.theorem.sources)),
    }


def chosen_bounds(regime: Regime) -> tuple[Bound, ...]:
    """The bounds that carry the verdict, the deciding one first."""
    pair = (regime.lower, regime.upper) if regime.verdict == "hard" else (regime.upper, regime.lower)
    return tuple(bound for bound in pair if bound is not None)


def reasons(regime: Regime) -> list[tuple[Theorem | None, Step]]:
    """The checked hypotheses behind the verdict: of the deciding bounds, or the conflict."""
    if regime.verdict == "inconsistent":
        return [(None, step) for step in regime.conflicts]
    return [(bound.theorem, step) for bound in chosen_bounds(regime) for step in bound.steps]


def needed(regime: Regime) -> tuple[Attempt, ...]:
    """For an undecided problem the theorems that did not apply: those that would have settled it."""
    return regime.attempts if regime.verdict == "undecided" else ()


def _theorem(theorem: Theorem) -> dict[str, Any]:
    return {
        "id": theorem.id,
        "statement": theorem.statement,
        "assumes": list(theorem.assumes),
        "sources": list(theorem.sources),
        "page": theorem.page,
    }


def _entry(theorem: Theorem | None, step: Step) -> dict[str, Any]:
    return {"theorem": None if theorem is None else theorem.id, **step.to_json()}
