"""`varproof campaign report` and `diff`: what a campaign found, and what changed since another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from varproof.cli.campaign_options import StoreFile
from varproof.cli.output import JsonFlag, check_distinct, check_target, emit_json, picture, results

if TYPE_CHECKING:
    from varproof.campaign.report import Report

HtmlFile = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one offline page.")]
JunitFile = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML, one case per form.")]
Against = Annotated[
    Path | None, typer.Option("--against", metavar="STORE", help="Also say what changed since this campaign.")
]


def report(
    store: StoreFile = Path("campaign.db"),
    html: HtmlFile = None,
    junit: JunitFile = None,
    against: Against = None,
    as_json: JsonFlag = False,
) -> int:
    """Report a campaign: verdicts, tightness, coverage, power.

    Reads the store only; it may still be running. The page is one file that
    needs no network. The exit code is 0 when the report was made.

    Example:
        varproof campaign run threshold_lemma --cases 100 --store c.db
        varproof campaign report --store c.db --html c.html --junit c.xml
    """
    check_target(html, suffixes=(".html", ".htm"))
    check_target(junit, suffixes=(".xml",))
    check_distinct(store, html, junit)
    from varproof.campaign.report import diff as differences
    from varproof.campaign.report import to_json, write_html, write_junit

    made = collected(store)
    difference = None if against is None else differences(collected(against), made)
    if html is not None:
        with picture(html) as scratch:
            write_html(made, scratch, difference)
    if junit is not None:
        with picture(junit) as scratch:
            write_junit(made, scratch)
    if as_json:
        changed = None if difference is None else difference.to_json()
        emit_json("campaign report", {**to_json(made), "difference": changed})
    else:
        from varproof.cli.campaign_view import show_difference, show_report

        show_report(results(), made, store)
        if difference is not None:
            show_difference(results(), difference)
    return 0


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The store of the earlier campaign.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The store of the later one.")],
    as_json: JsonFlag = False,
) -> int:
    """Say what changed between two campaigns.

    Claims that came, went or were edited, verdicts, largest ratios, cells that
    are covered now or no longer. Exit code 0 when nothing changed, 1 when
    something did.

    Example:
        varproof campaign run rank_count --cases 20 --store a.db
        varproof campaign diff a.db a.db
    """
    from varproof.campaign.report import diff as differences

    difference = differences(collected(old), collected(new))
    if as_json:
        emit_json("campaign diff", {**difference.to_json(), "same": not difference})
    else:
        from varproof.cli.campaign_view import show_difference

        show_difference(results(), difference)
    return 1 if difference else 0


def collected(path: Path) -> Report:
    """The report of a store, with the files of its saved failures."""
    from varproof.campaign.claim_modules import claims_for
    from varproof.campaign.report import collect
    from varproof.campaign.store import Store

    with Store.open(path) as opened:
        settings = opened.settings
        return collect(opened, claims_for(settings.claims, settings.claims_module), store=path)
