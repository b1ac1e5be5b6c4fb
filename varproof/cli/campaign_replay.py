"""`varproof campaign replay`: saved failures against today's claims."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from varproof.base.errors import InputError, printable
from varproof.cli.campaign_options import Module
from varproof.cli.output import JsonFlag, emit_json, results, table

Files = Annotated[list[Path] | None, typer.Argument(metavar="FILE", help="Replay files (.json), or folders of them.")]
OfStore = Annotated[
    Path | None, typer.Option("--store", metavar="FILE", help="All failures that this campaign has saved.")
]
ExportFile = Annotated[
    Path | None,
    typer.Option("--export", metavar="test_X.py", help="Write a pytest file that fails while the failure is one."),
]


def replay(
    files: Files = None,
    store: OfStore = None,
    export: ExportFile = None,
    module: Module = None,
    as_json: JsonFlag = False,
) -> int:
    """Judge saved failures again, exactly, by today's claims.

    STILL-FAILS, FIXED, STALE (the claim or its kind of case is gone) or
    ERROR. Exit code 1 when one still fails that should not, 3 when one is
    STALE or ERROR, 0 when all are as they should be.

    Example:
        varproof claim new my_lemma
        varproof campaign run --claims my_lemma.py --cases 50 --store c.db
        varproof campaign replay --store c.db
    """
    from varproof.campaign.claim_modules import claims_for
    from varproof.campaign.replays import Status, export_pytest, replay_files
    from varproof.campaign.replays import replay as judged
    from varproof.campaign.store import Store

    if (not files) == (store is None):
        raise InputError(
            "which failures?",
            got="nothing" if not files else "files and --store",
            allowed="varproof campaign replay FILE.. or varproof campaign replay --store FILE",
        )
    paths = [one for path in files or () for one in _expanded(path)]
    if store is not None:
        with Store.open(store) as opened:
            module = module or opened.settings.claims_module
            paths = list(replay_files(opened.replays))
    if export is not None and len(paths) != 1:
        raise InputError("--export writes one test", got=f"{len(paths)} replay files", allowed="one replay file")
    own = claims_for((), module) if module is not None else ()
    found = [judged(path, own) for path in paths]
    written = None if export is None else export_pytest(paths[0], export, module)
    # a saved failure of what the ledger calls wrong is there to fail
    still = any(one.status is Status.STILL_FAILS and not one.ok for one in found)
    code = 1 if still else 0 if all(one.ok for one in found) else 3
    if as_json:
        emit_json(
            "campaign replay",
            {
                "replays": [
                    {
                        "file": one.path,
                        "status": one.status.value,
                        "claim": one.claim,
                        "subject": one.subject,
                        "ratio": one.ratio if one.ratio == one.ratio else None,
                        "notes": list(one.notes),
                    }
                    for one in found
                ],
                "exported": written,
            },
        )
        return code
    out = results()
    if not found:
        out.print("no failure was saved")
    else:
        columns = ("file", "status", "claim", "form", "ratio", "notes")
        rows = [
            (
                printable(one.path.name),
                one.status.value,
                one.claim,
                one.subject,
                "" if one.ratio != one.ratio else f"{one.ratio:.6g}",
                "; ".join(one.notes),
            )
            for one in found
        ]
        out.print(table("", columns, rows, right=("ratio",)))
    if written is not None:
        out.print(f"wrote {printable(written)}: it fails as long as this failure is one", soft_wrap=True)
    return code


def _expanded(path: Path) -> tuple[Path, ...]:
    from varproof.campaign.replays import replay_files

    if not os.path.lexists(path):
        raise InputError("no such file", got=printable(path), allowed="a replay file (.json), or a folder of them")
    return replay_files(path) if path.is_dir() else (path,)
