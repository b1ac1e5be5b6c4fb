"""What a campaign has to show before it may say that its goals are met: a verdict for each claim, and an exit code.

Nothing passes in silence: what was not looked at, not measured, or not settled counts as a goal that was missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from varproof.campaign.chunk import cell_text
from varproof.campaign.subjects import Subject
from varproof.campaign.totals import ROUNDING, Totals

LEAST_VALID = 20  # cases of all arms together, where there is an arm that is not exhaustive
LEAST_SHARE = Fraction(1, 20)  # of the cases of an iid or adversarial arm that must lie inside the hypotheses
KILLED = Fraction(95, 100)  # of all wrong variants of a campaign
PRECEDENCE = (1, 5, 4, 3, 0)  # a confirmed violation is said first, then what broke, then what is missing


class Outcome(Enum):
    """What a campaign says about a claim or one form of it; in the order of gravity."""

    VIOLATED = "VIOLATED"  # a form that must hold has a confirmed violation
    LOST = "LOST"  # a chunk was given up
    ERROR = "ERROR"  # a case raised an exception
    UNDECIDED = "UNDECIDED"  # ratios that are no numbers, or suspects that no exact second look settled
    UNDER_COVERED = "UNDER-COVERED"  # no chunk, an empty cell, or too few cases inside the hypotheses
    NOT_REFUTED = "NOT-REFUTED"  # the ledger says that the statement fails, and no case showed it
    LOOSE = "LOOSE"  # a tight claim whose bound was not reached
    INCOMPLETE = "INCOMPLETE"  # chunks have not run yet
    LOW_POWER = "LOW-POWER"  # a wrong variant survived, or there is none
    SURVIVED = "SURVIVED"  # a wrong variant that no case killed
    NO_GOAL = "NO-GOAL"  # the ledger expects neither
    REFUTED = "AS-EXPECTED-REFUTED"
    KILLED = "KILLED"  # a wrong variant that was found out
    HOLDS = "HOLDS"


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
class FormGoal:
    """The outcome of one subject with its reasons, one sentence each."""

    subject: Subject
    outcome: Outcome
    reasons: tuple[str, ...] = ()


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
    missed = [f"{one.claim}: {one.outcome.value}. {reason}" for one in claims for reason in _missed(one)]
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
    return ClaimGoal(claim, _gravest(outcomes), tuple(reasons), goals, killed, len(variants))


def form_goal(subject: Subject, totals: Totals) -> FormGoal:
    """What one form shows: every reason that speaks against it, or why it counts as met."""
    against = list(_against(subject, totals))
    if against:
        outcome = _gravest(one for one, _ in against)
        return FormGoal(subject, outcome, tuple(reason for _, reason in against))
    return FormGoal(subject, *_met(subject, totals))


def _met(subject: Subject, totals: Totals) -> tuple[Outcome, tuple[str, ...]]:
    if subject.variant is not None:
        return Outcome.KILLED, (f"killed by {totals.killed}",)
    if subject.expects == "fail":
        return Outcome.REFUTED, ("a violation is confirmed, as the ledger expects",)
    if subject.expects == "either":
        found = "a violation is confirmed" if totals.violated else "no violation was found"
        return Outcome.NO_GOAL, (f"{found}; the ledger expects neither",)
    return Outcome.HOLDS, ()


def _against(subject: Subject, totals: Totals) -> Iterable[tuple[Outcome, str]]:
    if subject.expects == "hold" and totals.violated:
        yield Outcome.VIOLATED, "a violation is confirmed by exact arithmetic"
    for lost in totals.lost:
        yield Outcome.LOST, f"the chunk {lost.chunk} was lost: {lost.reason}"
    if totals.count("raised"):
        yield Outcome.ERROR, f"{totals.count('raised')} cases raised an exception{_what(totals)}"
    if totals.open:
        yield Outcome.INCOMPLETE, f"{totals.open} of {totals.count('chunks')} chunks have not run"
    if subject.variant is not None:
        if not totals.killed and not totals.open:
            yield Outcome.SURVIVED, "no case violates it" if totals.arms else "it was never attacked"
    elif subject.expects == "fail":
        if not totals.violated and not totals.open:
            yield Outcome.NOT_REFUTED, "the ledger says that it fails, and no violation was confirmed"
    elif subject.expects == "hold":
        yield from _unsettled(totals)
        if not totals.open:  # what has not run yet may still bring what is missing
            yield from _uncovered(subject, totals)
            yield from _loose(subject, totals)


def _unsettled(totals: Totals) -> Iterable[tuple[Outcome, str]]:
    if totals.count("nan"):
        yield Outcome.UNDECIDED, f"{totals.count('nan')} cases gave no ratio"
    if totals.count("unsettled"):
        yield (
            Outcome.UNDECIDED,
            f"up to {totals.count('unsettled')} cases above the bound by more than {ROUNDING:g} are not settled",
        )


def _uncovered(subject: Subject, totals: Totals) -> Iterable[tuple[Outcome, str]]:
    wanted = [arm for arm in subject.attack.arms if arm != "exhaustive" or subject.attack.small is not None]
    if not totals.arms or not wanted:
        yield Outcome.UNDER_COVERED, "no chunk was run"
        return
    for arm in wanted:
        found = totals.arms.get(arm)
        if found is None or not found.chunks:
            yield Outcome.UNDER_COVERED, f"no chunk of the {arm} arm was run"
        elif not found.valid:
            yield Outcome.UNDER_COVERED, f"none of the {found.cases} cases of the {arm} arm is inside the hypotheses"
        elif arm in ("iid", "adversarial") and found.valid < LEAST_SHARE * found.cases:
            yield (
                Outcome.UNDER_COVERED,
                f"only {found.valid} of {found.cases} cases of the {arm} arm are inside the hypotheses",
            )
    if set(totals.arms) != {"exhaustive"} and 0 < totals.count("valid") < LEAST_VALID:
        yield Outcome.UNDER_COVERED, f"{totals.count('valid')} valid cases in all, at least {LEAST_VALID} are needed"
    empty = empty_cells(subject, totals)
    if empty:
        said = "; ".join(cell.replace(",", ", ") for cell in empty[:3]) + ("; ..." if len(empty) > 3 else "")
        total = len(subject.attack.space.cells(subject.attack.cells))
        yield Outcome.UNDER_COVERED, f"{len(empty)} of {total} cells have no valid case: {said}"


def empty_cells(subject: Subject, totals: Totals) -> list[str]:
    """The cells of the coverage map without a valid case, as text."""
    attack = subject.attack
    if not attack.cells:
        return []
    names = [cell_text(cell) for cell in attack.space.cells(attack.cells)]
    return [name for name in names if not totals.cells.get(name)]


def _loose(subject: Subject, totals: Totals) -> Iterable[tuple[Outcome, str]]:
    attains, largest = subject.attack.attains, totals.largest
    if subject.claim.kind == "tight" and attains is not None and (largest is None or largest < attains):
        reached = "no ratio" if largest is None else f"{largest:.6g}"
        yield Outcome.LOOSE, f"the bound is called tight, the largest ratio is {reached}, below {float(attains):.6g}"


def _what(totals: Totals) -> str:
    error = totals.error
    if not error:
        return ""
    return f", the first {error.get('type', 'an exception')}: {error.get('message', '')}"


def _gravest(outcomes: Iterable[Outcome]) -> Outcome:
    order = list(Outcome)
    return min(outcomes, key=order.index)


def _powerless(goal: ClaimGoal) -> bool:
    """No variant of the claim is killed although all were attacked."""
    waiting = any(form.outcome in (Outcome.INCOMPLETE, Outcome.LOST, Outcome.ERROR) for form in goal.forms)
    return goal.killed == 0 and not waiting


def _missed(goal: ClaimGoal) -> tuple[str, ...]:
    if goal.outcome is Outcome.INCOMPLETE and len(goal.reasons) > 1:  # the others say the same of other forms
        return (f"{goal.reasons[0]}; {len(goal.reasons) - 1} more like it",)
    missed = goal.outcome in CODES or _powerless(goal)
    return goal.reasons if missed else ()
