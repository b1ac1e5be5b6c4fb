"""A report as one HTML file that needs nothing else: no network, no script to be readable, no font."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from varproof.base.certificate import replacing
from varproof.campaign.report import charts, numbers
from varproof.campaign.report.changes import changes_of
from varproof.campaign.report.commands import commands_of
from varproof.campaign.report.diff import Difference
from varproof.campaign.report.model import ClaimReport, Coverage, FormReport, Report
from varproof.campaign.totals import ROUNDING

# the tone of an outcome's badge; the style sheet puts a sign before each, so that colour is not the only carrier
TONES = {
    "VIOLATED": "bad",
    "LOST": "bad",
    "ERROR": "bad",
    "INCOMPLETE": "open",
    "NO-GOAL": "open",
    "HOLDS": "good",
    "KILLED": "good",
    "AS-EXPECTED-REFUTED": "good",
}
HEADLINES = {
    0: ("good", "All goals are met"),
    1: ("bad", "A violation is confirmed"),
    3: ("open", "The campaign is not finished"),
    4: ("warn", "Goals are missed"),
    5: ("bad", "Something broke"),
}
LEVELS = 5  # shades of a coverage map
MOST_REASONS = 40  # listed in the summary; each claim lists its own


class Grid(NamedTuple):
    """One table of a coverage map: rows by columns of (count, shade), under the labels of the axes beyond two."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]


def write_html(report: Report, path: Path | str, difference: Difference | None = None) -> None:
    """Write the page; the file is replaced only once it is complete."""
    text = html(report, difference)
    with replacing(Path(path)) as scratch:
        scratch.write_text(text, encoding="utf-8", errors="replace")  # ids and paths may hold what is no text


def html(report: Report, difference: Difference | None = None) -> str:
    """The page as text."""
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            difference=difference,
            headline=HEADLINES[report.exit_code],
            most_reasons=MOST_REASONS,
            tiles=list(_tiles(report)),
            settings={name: value for name, value in report.settings.items() if _plain(value)},
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("varproof.campaign.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        count=lambda value: f"{value:,}",
        ratio=numbers.ratio_text,
        percent=numbers.percent_text,
        number=numbers.value_text,
        case_lines=numbers.case_lines,
        tone=lambda outcome: TONES.get(outcome, "warn"),
        grids=grids,
        anchor=anchor,
    )
    environment.globals.update(
        histogram=charts.histogram,
        frame=charts.frame,
        growth=charts.growth,
        rounding=ROUNDING,
        commands=commands_of,
        largest=_largest,
        ablation=_ablation,
        changes=changes_of,
    )
    return environment


def anchor(claim: str) -> str:
    """A claim's id as the target of a link; ids of users may hold anything.

    >>> anchor("S1"), anchor("my claim")
    ('c-S1', 'c-my-claim-9d48')
    """
    if re.fullmatch(r"[A-Za-z0-9_.-]+", claim):
        return f"c-{claim}"
    return f"c-{re.sub(r'[^A-Za-z0-9_.-]+', '-', claim)}-{blake2b(claim.encode(), digest_size=2).hexdigest()}"


def grids(coverage: Coverage) -> list[Grid]:
    """One axis as a column of bars, two as a grid, more as one grid for each combination of the others.

    >>> grids(Coverage((("n", ("1", "2")),), (8, 0)))[0].rows
    (('1', ((8, 5),)), ('2', ((0, 0),)))
    """
    if not coverage.axes:
        return []
    labels = [axis for _, axis in coverage.axes]
    counts = dict(zip(product(*labels), coverage.counts, strict=True))
    most = max(coverage.counts, default=0)
    names = [name for name, _ in coverage.axes[2:]]
    columns = labels[1] if len(labels) > 1 else ()
    made = []
    for rest in product(*labels[2:]):
        rows = []
        for row in labels[0]:
            cells = [counts[(row, column, *rest)] for column in columns] if columns else [counts[(row,)]]
            rows.append((row, tuple((count, _shade(count, most)) for count in cells)))
        said = ", ".join(f"{name} = {label}" for name, label in zip(names, rest, strict=True))
        made.append(Grid(said, columns, tuple(rows)))
    return made


def _shade(count: int, most: int) -> int:
    return 0 if count <= 0 else max(1, math.ceil(LEVELS * math.sqrt(count / most)))


def _tiles(report: Report) -> Iterator[tuple[str, str, str]]:
    """What the summary counts: a number, what it is, and a remark."""
    forms = [form for claim in report.claims for form in claim.forms]
    everything = [form for claim in report.claims for form in (*claim.forms, *claim.variants)]
    met = sum(claim.outcome in ("HOLDS", "AS-EXPECTED-REFUTED", "NO-GOAL") for claim in report.claims)
    yield f"{met} of {len(report.claims)}", "claims as expected", ""
    chunks = sum(arm.chunks for form in everything for arm in form.arms)
    waiting = sum(arm.open for form in everything for arm in form.arms)
    lost = sum(arm.lost for form in everything for arm in form.arms)
    valid, cases = sum(form.valid for form in forms), sum(form.cases for form in forms)
    yield f"{valid:,}", "valid cases", f"of {cases:,} tried, wrong variants apart"
    yield f"{chunks - waiting - lost:,}", "chunks done", f"of {chunks:,}" + (f", {lost} lost" if lost else "")
    filled = sum(form.coverage.filled for form in forms)
    cells = sum(len(form.coverage.counts) for form in forms)
    yield f"{filled:,}", "cells covered", f"of {cells:,}"
    killed = sum(claim.killed for claim in report.claims)
    variants = sum(len(claim.variants) for claim in report.claims)
    yield f"{killed} of {variants}", "wrong variants killed", "95 % is the goal"


def _largest(claim: ClaimReport) -> float | None:
    """The largest ratio of the statement."""
    return claim.forms[0].largest if claim.forms else None


def _ablation(claim: ClaimReport) -> list[FormReport]:
    """The variants that drop a hypothesis and change nothing else of the statement."""
    return [one for one in claim.variants if one.dropped]


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and value != ""
