"""`varproof campaign plan`: what a campaign would do, and about how long it would take."""

from __future__ import annotations

from typing import Any

from varproof.cli.campaign_options import Cases, Claims, Module
from varproof.cli.output import JsonFlag, Seed, emit_json, results, table


def plan(
    claims: Claims = None,
    cases: Cases = None,
    seed: Seed = 0,
    module: Module = None,
    as_json: JsonFlag = False,
) -> int:
    """Say what a campaign would run, and about how long.

    One row per claim: cells of its coverage map, chunks, cases by arm, wrong
    variants, and the CPU seconds that its attack expects. Claims whose cases
    are expensive have a cap of their own.

    Example:
        varproof campaign plan
        varproof campaign plan threshold_lemma --cases 100
    """
    from varproof.campaign.claim_modules import claims_for
    from varproof.campaign.plan import DEFAULT_CASES
    from varproof.campaign.plan import plan as planned
    from varproof.campaign.subjects import subjects_of

    selected = claims_for(claims or (), module)
    made = planned(selected, cases=cases or DEFAULT_CASES, seed=seed)
    rows: list[dict[str, Any]] = []
    for claim in selected:
        attacks = {subject.name: subject.attack for subject in subjects_of(claim)}
        own = [chunk for chunk in made.chunks if chunk.claim == claim.id]
        by_arm: dict[str, int] = {}
        for chunk in own:
            by_arm[chunk.arm] = by_arm.get(chunk.arm, 0) + chunk.count
        attack = attacks["statement"]
        rows.append(
            {
                "claim": claim.id,
                "cells": len(attack.space.cells(attack.cells)),
                "chunks": len(own),
                "cases": by_arm,
                "variants": len(claim.falsified),
                "seconds": round(sum(chunk.count * attacks[chunk.subject].cost for chunk in own), 2),
            }
        )
    seconds = sum(row["seconds"] for row in rows)
    if as_json:
        emit_json("campaign plan", {"claims": rows, "chunks": len(made.chunks), "seconds": round(seconds, 1)})
        return 0
    columns = ("claim", "cells", "chunks", "exhaustive", "iid", "adversarial", "worst-ratio", "variants", "CPU s")
    lines = [
        (
            row["claim"],
            row["cells"],
            row["chunks"],
            *(row["cases"].get(arm, "") for arm in columns[3:7]),
            row["variants"],
            f"{row['seconds']:.0f}",
        )
        for row in rows
    ]
    out = results()
    out.print(table("", columns, lines, right=columns[1:]))
    variants = sum(row["variants"] for row in rows)
    out.print(
        f"{len(rows)} claims, {variants} wrong variants, {len(made.chunks)} chunks, about {seconds:.0f} CPU seconds",
        soft_wrap=True,
    )
    return 0
