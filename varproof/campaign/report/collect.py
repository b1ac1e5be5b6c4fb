"""From the chunks of a store to a report: add up by form of a claim, judge the goals, keep what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from varproof.campaign.chunk import Chunk, cell_text
from varproof.campaign.form_goals import FormGoal
from varproof.campaign.goals import ClaimGoal, Goals, goals_of
from varproof.campaign.report.confidence import confidence
from varproof.campaign.report.model import ArmReport, ClaimReport, Coverage, FormReport, Report
from varproof.campaign.report.saved import saved_failure
from varproof.campaign.report.slope import slope_of
from varproof.campaign.result import Result
from varproof.campaign.revision import statement_digest
from varproof.campaign.subjects import CORRECTED, Subject, subjects_of
from varproof.campaign.totals import ArmTotals, Totals
from varproof.campaign.versions import versions
from varproof.claims.attack import ARMS
from varproof.claims.model import Claim

Row = tuple[Chunk, str, Result | None, str, Mapping[str, Any] | None]
Replays = Mapping[tuple[str, str], str]  # (claim, subject) -> file of the saved failure
ORDER = (*ARMS, "power")


class Source(Protocol):
    """What a report needs of a store."""

    @property
    def settings(self) -> Any:
        """Cases, seed, claims and the like: a mapping, or what has a `to_json` that gives one."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Chunks by status."""
        ...

    def digest(self) -> str:
        """Of ids, statuses and results."""
        ...

    def results(self) -> Iterable[Row]:
        """Every chunk of the plan with its status, result or None, reason and case of a lost one."""
        ...


def totals_of(rows: Iterable[Row]) -> dict[tuple[str, str], Totals]:
    """The sums by claim and subject."""
    found: dict[tuple[str, str], Totals] = {}
    for chunk, status, result, reason, case in rows:
        found.setdefault((chunk.claim, chunk.subject), Totals()).add(chunk, status, result, reason, case)
    return found


def judged(source: Source, claims: Sequence[Claim]) -> tuple[Goals, dict[tuple[str, str], Totals]]:
    """The goals of a campaign, for its exit code; raises `InputError` for a claim without an attack."""
    totals = totals_of(source.results())
    forms = {
        claim.id: [(one, totals.get((claim.id, one.name), Totals())) for one in subjects_of(claim)] for claim in claims
    }
    return goals_of(forms), totals


def collect(
    source: Source, claims: Sequence[Claim], *, store: str | Path = "", replays: Replays | None = None
) -> Report:
    """The report on `claims`.

    `store` is the store's file as the reader knows it, for the commands that are shown; saved failures are looked for
    in the folder beside it, unless `replays` names them.
    """
    goals, totals = judged(source, claims)
    by_id = {claim.id: claim for claim in claims}
    named = _replays(str(store), totals) if replays is None else replays
    made = tuple(_claim(by_id[goal.claim], goal, totals, named) for goal in goals.claims)
    return Report(
        goals.exit_code,
        goals.missed,
        _settings(source.settings),
        dict(source.counts()),
        source.digest(),
        versions(),
        str(store),
        made,
    )


def _replays(store: str, totals: Mapping[tuple[str, str], Totals]) -> dict[tuple[str, str], str]:
    return {(claim, form): saved_failure(store, claim, form, found.failure) for (claim, form), found in totals.items()}


def _settings(settings: Any) -> dict[str, Any]:
    return dict(settings if isinstance(settings, Mapping) else settings.to_json())


def _claim(claim: Claim, goal: ClaimGoal, totals: Mapping[tuple[str, str], Totals], replays: Replays) -> ClaimReport:
    forms = [
        _form(one, totals.get((claim.id, one.subject.name), Totals()), replays.get((claim.id, one.subject.name), ""))
        for one in goal.forms
    ]
    true_forms = tuple(form for form, one in zip(forms, goal.forms, strict=True) if one.subject.variant is None)
    return ClaimReport(
        claim.id,
        claim.kind,
        claim.statement,
        claim.expected.value,
        dict(claim.hypotheses),
        claim.sources,
        goal.outcome.value,
        goal.reasons,
        true_forms,
        tuple(form for form, one in zip(forms, goal.forms, strict=True) if one.subject.variant is not None),
        statement_digest(claim),
    )


def _form(goal: FormGoal, totals: Totals, replay: str) -> FormReport:
    subject, attack = goal.subject, goal.subject.attack
    by_size = tuple(sorted(totals.by_size.items()))
    tight = subject.claim.kind == "tight" and attack.attains is not None
    return FormReport(
        name=subject.name,
        text=_text(subject),
        expects=subject.expects,
        outcome=goal.outcome.value,
        reasons=goal.reasons,
        arms=tuple(_arm(name, arm) for name, arm in sorted(totals.arms.items(), key=lambda one: _rank(one[0]))),
        coverage=_coverage(subject, totals),
        histogram=tuple(totals.histogram),
        by_size=by_size,
        slope=slope_of(by_size),
        below=confidence(totals.arms.get("iid")),
        attains=float(attack.attains) if tight and attack.attains is not None else None,
        largest=totals.largest,
        worst=totals.worst,
        failure=totals.failure,
        error=totals.error,
        lost=tuple({"chunk": one.chunk, "reason": one.reason, "case": one.case} for one in totals.lost),
        replay=replay,
        killed=totals.killed,
        constants={name: str(value) for name, value in subject.case.constants.items()},
        dropped=tuple(sorted(subject.case.dropped)),
    )


def _arm(name: str, arm: ArmTotals) -> ArmReport:
    return ArmReport(
        name,
        arm.chunks,
        arm.open,
        len(arm.lost),
        arm.cases,
        arm.valid,
        arm.rejected,
        arm.raised,
        arm.nan,
        arm.suspects,
        arm.unsettled,
        dict(arm.judged),
        arm.largest,
    )


def _coverage(subject: Subject, totals: Totals) -> Coverage:
    attack = subject.attack
    if not attack.cells or subject.variant is not None:
        return Coverage()
    axes = tuple((name, tuple(attack.space.bins(name))) for name in attack.cells)
    counts = tuple(totals.cells.get(cell_text(cell), 0) for cell in attack.space.cells(attack.cells))
    return Coverage(axes, counts)


def _text(subject: Subject) -> str:
    if subject.variant is not None:
        return subject.variant.because
    if subject.name == CORRECTED and subject.claim.corrected is not None:
        return subject.claim.corrected.statement
    return subject.claim.statement


def _rank(arm: str) -> tuple[int, str]:
    return (ORDER.index(arm) if arm in ORDER else len(ORDER), arm)
