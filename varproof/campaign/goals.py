"""What a campaign has to show before it may say that its goals are met: a verdict for each claim, and an exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from varproof.campaign.form_goals import FormGoal, Outcome, form_goal, gravest
from varproof.campaign.subjects import Subject
from varproof.campaign.totals import Totals

KILLED = Fraction(95, 100)  # of all wrong variants of a campaign
PRECEDENCE = (1, 5, 4, 3, 0)  # a confirmed violation is said first, then what broke, then what is missing
CODES = {
    Outcome.VIOLATED: 1,
    Outcome.LOST: 5,
    Outcome.ERROR: 5,
    Outcome.UNDECIDED: 4,
    Outcome.UNDER_COVERED: 4,
    Outcome.NOT_REFUTED: 4,
    Outcome.LOOSE: 4,
    Outcome.INCOMPLETE: 3,
}


@dataclass(frozen=True)
class ClaimGoal:
    """The outcome of a claim: the gravest of its forms, LOW-POWER where a wrong variant survived."""

    claim: str
    outcome: Outcome
    reasons: tuple[str, ...]
    forms: tuple[FormGoal, ...]
    killed: int
    variants: int


@dataclass(frozen=True)
class Goals:
    """All claims, the exit code of `campaign run`, and why it is not 0."""

    claims: tuple[ClaimGoal, ...]
    exit_code: int
    missed: tuple[str, ...]
    killed: int
    variants: int


def goals_of(found: Mapping[str, Sequence[tuple[Subject, Totals]]]) -> Goals:
    """The verdicts of a campaign, from the totals of every subject of every claim (empty totals: nothing was run).

    The exit code is the gravest of 1 violated, 5 lost or raised, 4 under-covered, undecided, loose or low power,
    3 incomplete, in this order of precedence. Fewer than 95 % of all wrong variants killed, or none of a claim's, is 4.
    Survivors of a campaign that kills 95 % are shown but do not change the code.
    """
    claims = tuple(_claim_goal(claim, forms) for claim, forms in found.items())
    waiting = [one.claim for one in claims if one.outcome is Outcome.INCOMPLETE]
    missed = [
        f"{one.claim}: {one.outcome.value}. {reason}"
        for one in claims
        if len(waiting) == 1 or one.claim not in waiting
        for reason in _missed(one)
    ]
    if len(waiting) > 1:
        missed.append(f"{len(waiting)} of {len(claims)} claims are incomplete: some of their chunks have not run.")
    codes = {CODES.get(form.outcome, 0) for one in claims for form in one.forms}
    killed, variants = sum(one.killed for one in claims), sum(one.variants for one in claims)
    survivors = [(one.claim, form) for one in claims for form in one.forms if form.outcome is Outcome.SURVIVED]
    if not claims:
        missed.append("No claim was attacked.")
        codes.add(4)
    if any(_powerless(one) for one in claims):
        codes.add(4)
    if len(survivors) > (1 - KILLED) * variants:
        codes.add(4)
        names = ", ".join(f"{claim} / {form.subject.name}" for claim, form in survivors)
        missed.append(f"{killed} of {variants} wrong variants were killed, {float(KILLED):.0%} is the goal: {names}")
    exit_code = next(code for code in PRECEDENCE if code in codes | {0})
    return Goals(claims, exit_code, tuple(missed), killed, variants)


def _claim_goal(claim: str, forms: Sequence[tuple[Subject, Totals]]) -> ClaimGoal:
    goals = tuple(form_goal(subject, totals) for subject, totals in forms)
    true_forms = [one for one in goals if one.subject.variant is None]
    variants = [one for one in goals if one.subject.variant is not None]
    survivors = [one.subject.name for one in variants if one.outcome is Outcome.SURVIVED]
    killed = sum(one.outcome is Outcome.KILLED for one in variants)
    reasons = [f"{one.subject.name}: {reason}" for one in true_forms for reason in one.reasons]
    reasons += [
        f"variant {one.subject.name}: {reason}"
        for one in variants
        if one.outcome not in (Outcome.KILLED, Outcome.SURVIVED)
        for reason in one.reasons
    ]
    outcomes = [one.outcome for one in goals if one.outcome not in (Outcome.KILLED, Outcome.SURVIVED)]
    if survivors:
        outcomes.append(Outcome.LOW_POWER)
        reasons.append(f"{len(survivors)} of {len(variants)} wrong variants survived: {', '.join(survivors)}")
    if not variants:
        outcomes.append(Outcome.LOW_POWER)
        reasons.append("the claim has no wrong variants, so nothing shows that an error would be noticed")
    if not goals:
        outcomes.append(Outcome.UNDER_COVERED)
    return ClaimGoal(claim, gravest(outcomes), tuple(reasons), goals, killed, len(variants))


def _powerless(goal: ClaimGoal) -> bool:
    """No variant of the claim is killed although all were attacked."""
    waiting = any(form.outcome in (Outcome.INCOMPLETE, Outcome.LOST, Outcome.ERROR) for form in goal.forms)
    return goal.killed == 0 and not waiting


def _missed(goal: ClaimGoal) -> tuple[str, ...]:
    if goal.outcome is Outcome.INCOMPLETE and len(goal.reasons) > 1:  # the others say the same of other forms
        return (f"{goal.reasons[0]}; {len(goal.reasons) - 1} more like it",)
    missed = goal.outcome in CODES or _powerless(goal)
    return goal.reasons if missed else ()
