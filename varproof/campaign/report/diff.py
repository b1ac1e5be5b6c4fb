"""What changed between two campaigns: claims, verdicts, largest ratios, covered cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from varproof.campaign.report.model import ClaimReport, Coverage, FormReport, Report
from varproof.campaign.report.plain import plain

NOISE = 1e-9  # ratios closer than this are the same


@dataclass(frozen=True)
class Change:
    """One form of a claim, one property, before and after."""

    claim: str
    form: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """From an old report to a new one; forms that only one of them has are in `verdicts` with None."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    edited: tuple[str, ...]
    verdicts: tuple[Change, ...]
    ratios: tuple[Change, ...]
    covered: tuple[tuple[str, str, str], ...]  # (claim, form, cell) with valid cases now, none before
    uncovered: tuple[tuple[str, str, str], ...]

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.edited, self.verdicts, self.ratios, self.covered, self.uncovered))

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "edited": list(self.edited),
            "verdicts": [_change(one) for one in self.verdicts],
            "ratios": [_change(one) for one in self.ratios],
            "covered": [list(one) for one in self.covered],
            "uncovered": [list(one) for one in self.uncovered],
        }


def diff(old: Report, new: Report) -> Difference:
    """What a reader of `old` must know about `new`; claims in the order of `new`."""
    before = {claim.id: claim for claim in old.claims}
    after = {claim.id: claim for claim in new.claims}
    both = [(before[name], claim) for name, claim in after.items() if name in before]
    cells = [change for pair in both for change in _cells(*pair)]
    return Difference(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        edited=tuple(claim.id for previous, claim in both if previous.digest != claim.digest),
        verdicts=tuple(change for pair in both for change in _verdicts(*pair)),
        ratios=tuple(change for pair in both for change in _ratios(*pair)),
        covered=tuple(cell for cell, now in cells if now),
        uncovered=tuple(cell for cell, now in cells if not now),
    )


def _forms(claim: ClaimReport) -> dict[str, FormReport]:
    return {form.name: form for form in (*claim.forms, *claim.variants)}


def _verdicts(old: ClaimReport, new: ClaimReport) -> Iterator[Change]:
    if old.outcome != new.outcome:
        yield Change(new.id, "", old.outcome, new.outcome)
    before, after = _forms(old), _forms(new)
    for name in dict.fromkeys([*after, *before]):
        pair = [forms[name].outcome if name in forms else None for forms in (before, after)]
        if pair[0] != pair[1]:
            yield Change(new.id, name, *pair)


def _ratios(old: ClaimReport, new: ClaimReport) -> Iterator[Change]:
    before = {form.name: form.largest for form in old.forms}
    for form in new.forms:
        if form.name in before and not _same(before[form.name], form.largest):
            yield Change(new.id, form.name, before[form.name], form.largest)


def _same(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is new
    return old == new or math.isclose(old, new, rel_tol=NOISE)


def _cells(old: ClaimReport, new: ClaimReport) -> Iterator[tuple[tuple[str, str, str], bool]]:
    before = {form.name: _counts(form.coverage) for form in old.forms}
    for form in new.forms:
        counts, previous = _counts(form.coverage), before.get(form.name, {})
        for cell in dict.fromkeys([*counts, *previous]):
            now = counts.get(cell, 0) > 0
            if now != (previous.get(cell, 0) > 0):
                yield (new.id, form.name, cell), now


def _counts(coverage: Coverage) -> dict[str, int]:
    names = [name for name, _ in coverage.axes]
    cells = product(*(labels for _, labels in coverage.axes)) if coverage.axes else ()
    texts = [",".join(f"{name}={label}" for name, label in zip(names, cell, strict=True)) for cell in cells]
    return dict(zip(texts, coverage.counts, strict=True))


def _change(change: Change) -> dict[str, Any]:
    return {"claim": change.claim, "form": change.form, "before": plain(change.before), "after": plain(change.after)}
