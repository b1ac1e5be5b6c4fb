"""A campaign on the screen: one row per claim, then what missed its goal and why."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from varproof.base.errors import printable
from varproof.campaign.report.commands import replay_command
from varproof.cli.output import table

if TYPE_CHECKING:
    from varproof.campaign.report import Report
    from varproof.campaign.report.diff import Change, Difference
    from varproof.campaign.report.model import ClaimReport

MOST_REASONS = 20
HEADS = ("claim", "verdict", "cases", "cells", "largest ratio", "killed", "violates below")
CODES = {0: "goals met", 1: "confirmed violation", 3: "incomplete", 4: "goals missed", 5: "chunks lost or code raised"}


def show_report(console: Console, report: Report, store: Path) -> None:
    """The table of claims, the goals that were missed, and one line that sums up."""
    rows = [_row(claim) for claim in report.claims]
    console.print(table("", HEADS, rows, right=HEADS[2:]))
    for reason in report.missed[:MOST_REASONS]:
        console.print(f"- {printable(reason)}", soft_wrap=True)
    if len(report.missed) > MOST_REASONS:
        console.print(f"... and {len(report.missed) - MOST_REASONS} more; --json lists all", soft_wrap=True)
    for claim in report.claims:
        for form in claim.forms:
            if form.replay:
                console.print(f"replay: {printable(replay_command(report, form))}", soft_wrap=True)
    killed = sum(claim.killed for claim in report.claims)
    variants = sum(len(claim.variants) for claim in report.claims)
    counts = report.counts
    console.print(
        f"{counts['done']} of {counts['planned']} chunks, {sum(one.valid for c in report.claims for one in c.forms)} "
        f"valid cases; {killed} of {variants} wrong variants killed; {CODES.get(report.exit_code, report.exit_code)}",
        soft_wrap=True,
    )
    if report.exit_code == 3:
        console.print(
            f"go on with: varproof campaign resume --store {printable(shlex.quote(str(store)))}", soft_wrap=True
        )


def _row(claim: ClaimReport) -> tuple[object, ...]:
    valid = sum(form.valid for form in claim.forms)
    filled = sum(form.coverage.filled for form in claim.forms)
    cells = sum(len(form.coverage.counts) for form in claim.forms)
    ratios = [form.largest for form in claim.forms if form.largest is not None and form.expects != "fail"]
    below = [form.below for form in claim.forms if form.below is not None]
    return (
        claim.id,
        claim.outcome,
        valid,
        f"{filled} of {cells}",
        f"{max(ratios):.6g}" if ratios else "",
        f"{claim.killed} of {len(claim.variants)}",
        f"{max(below):.2%}" if below else "",
    )


def show_difference(console: Console, difference: Difference) -> None:
    """What changed, one line each."""
    if not difference:
        console.print("nothing changed")
        return
    for word, names in (
        ("added", difference.added),
        ("removed", difference.removed),
        ("edited", difference.edited),
    ):
        for name in names:
            console.print(f"{word}: {name}", soft_wrap=True)
    _changes(console, "verdict", difference.verdicts)
    _changes(console, "largest ratio", difference.ratios)
    for word, cells in (("covered now", difference.covered), ("no longer covered", difference.uncovered)):
        for claim, form, cell in cells:
            console.print(f"{word}: {claim}, {form}, {cell}", soft_wrap=True)


def _changes(console: Console, what: str, changes: Sequence[Change]) -> None:
    for one in changes:
        console.print(f"{what}: {one.claim}, {one.form}: {_text(one.before)} -> {_text(one.after)}", soft_wrap=True)


def _text(value: object) -> str:
    return "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
