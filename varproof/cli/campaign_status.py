"""`varproof campaign status`: how far a campaign is, also while it runs."""

from __future__ import annotations

from pathlib import Path

from varproof.cli.campaign_options import StoreFile
from varproof.cli.output import JsonFlag, emit_json, results


def status(store: StoreFile = Path("campaign.db"), as_json: JsonFlag = False) -> int:
    """Show how far a campaign is.

    Reads the store only, also while a campaign writes to it. The digest is
    over names, statuses and results of all planned chunks: equal digests mean
    equal campaigns.

    Example:
        varproof campaign run rank_count --cases 20 --store c.db
        varproof campaign status --store c.db
    """
    from varproof.campaign.store import Store

    with Store.open(store) as opened:
        counts, settings, digest = opened.counts(), opened.settings, opened.digest()
    answer = {
        "planned": counts.planned,
        "done": counts.done,
        "lost": counts.lost,
        "pending": counts.pending,
        "violations": counts.failed,
        "digest": digest,
        "settings": settings.to_json(),
    }
    if as_json:
        emit_json("campaign status", answer)
        return 0
    out = results()
    out.print(f"{counts.done} of {counts.planned} chunks done, {counts.lost} lost, {counts.pending} to run")
    out.print(f"chunks of any form with a confirmed violation: {counts.failed}")
    out.print(f"digest {digest}   cases {settings.cases}, seed {settings.seed}, executor {settings.executor}")
    return 0
