"""What one form of a claim has shown: its outcome, and every reason that speaks against it.

Nothing passes in silence: what was not looked at, not measured, or not settled counts as a goal that was missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from varproof.campaign.chunk import cell_text
from varproof.campaign.subjects import Subject
from varproof.campaign.totals import ROUNDING, Totals

LEAST_VALID = 20  # cases of all arms together, where there is an arm that is not exhaustive
LEAST_SHARE = Fraction(1, 20)  # of the cases of an iid or adversarial arm that must lie inside the hypotheses


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


@dataclass(frozen=True)
class FormGoal:
    """The outcome of one subject with its reasons, one sentence each."""

    subject: Subject
    outcome: Outcome
    reasons: tuple[str, ...] = ()


def form_goal(subject: Subject, totals: Totals) -> FormGoal:
    """What one form shows: every reason that speaks against it, or why it counts as met."""
    against = list(_against(subject, totals))
    if against:
        outcome = gravest(one for one, _ in against)
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
        if totals.count("raised") == totals.count("cases") and not totals.open:
            return  # all of them did: what else is missing follows from it
    if totals.open:
        yield Outcome.INCOMPLETE, f"{totals.open} of {totals.count('chunks')} chunks have not run"
    if subject.variant is not None:
        if not totals.killed and not totals.open:
            yield Outcome.SURVIVED, "no case violates it" if totals.arms else "it was never attacked"
    elif subject.expects == "fail":
        if not totals.violated and not totals.open:
            yield Outcome.NOT_REFUTED, "the ledger says that it fails, and no violation was confirmed"
    elif subject.expects == "either":
        if not totals.open and not totals.count("valid"):
            yield Outcome.UNDER_COVERED, "no case was looked at"
    elif subject.expects == "hold":
        yield from _unsettled(totals)
        if not totals.open:  # what has not run yet may still bring what is missing
            yield from _uncovered(subject, totals)
            yield from _loose(subject, totals)


def _unsettled(totals: Totals) -> Iterable[tuple[Outcome, str]]:
    if totals.count("nan"):
        yield Outcome.UNDECIDED, f"{totals.count('nan')} cases gave no ratio"
    if totals.count("unsettled") and not totals.violated:
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
            asked = "was measured" if found.raised else "is inside the hypotheses"
            yield Outcome.UNDER_COVERED, f"none of the {found.cases} cases of the {arm} arm {asked}"
        elif arm in ("iid", "adversarial") and found.valid < LEAST_SHARE * found.cases:
            yield (
                Outcome.UNDER_COVERED,
                f"only {found.valid} of {found.cases} cases of the {arm} arm are inside the hypotheses",
            )
    if set(totals.arms) != {"exhaustive"} and 0 < totals.count("valid") < LEAST_VALID:
        yield Outcome.UNDER_COVERED, f"{totals.count('valid')} valid cases in all, at least {LEAST_VALID} are needed"
    if not subject.attack.cells and set(totals.arms) != {"exhaustive"}:
        yield Outcome.UNDER_COVERED, "the attack names no cells, so nothing says what was covered"
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
    line = f" ({error['line']})" if error.get("line") else ""
    return f", the first {error.get('type', 'an exception')}: {error.get('message', '')}{line}"


def gravest(outcomes: Iterable[Outcome]) -> Outcome:
    """The first of some outcomes in the order of gravity.

    >>> gravest([Outcome.HOLDS, Outcome.LOST, Outcome.LOOSE]).value
    'LOST'
    """
    order = list(Outcome)
    return min(outcomes, key=order.index)
