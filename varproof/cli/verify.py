"""`varproof verify`: run the ledger of claims and say whether every verdict is the expected one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from varproof.base.certificate import Certificate, writable_target
from varproof.base.errors import InputError, printable
from varproof.claims.ledger import ClaimRecord, plain, run_ledger
from varproof.claims.model import Claim
from varproof.claims.registry import load_claims
from varproof.claims.settings import override, parse_settings
from varproof.cli.campaign_options import Module
from varproof.cli.output import JsonFlag, Seed, emit_json, results
from varproof.cli.progress import progress
from varproof.cli.verify_view import show_claims, show_records


def verify(
    claims: Annotated[list[str] | None, typer.Argument(metavar="CLAIM", help="Claim ids; all by default.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Replace one axis of the claims' grids; values exact, comma list."
        ),
    ] = None,
    list_only: Annotated[
        bool, typer.Option("--list", metavar="", help="List claims, their axes and expected verdicts.")
    ] = False,
    out: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="Write one JSON file per claim, with its evidence.")
    ] = None,
    module: Module = None,
    seed: Seed = 0,
    as_json: JsonFlag = False,
) -> int:
    """Run the ledger of claims: verdicts, reasons, wrong variants.

    Lemmas come first, the subject's own statements S1 to S7 last. With
    --claims the claims of your file are run instead.

    Exit code 0 when every verdict is the expected one and every wrong variant
    was refuted, 1 otherwise. A refuted statement with a proved correction is
    expected; an expected UNKNOWN is counted apart.

    Example:
        varproof verify threshold_lemma S3
        varproof verify softmax_perturbation --set root=7,3/2
    """
    selected = _selected(claims or (), module)
    cells = parse_settings(settings or (), selected)
    for claim in selected:
        override(claim, cells)  # refused before anything is written or listed
    directory = _directory(out, selected)
    if list_only:
        return _list(selected, as_json)
    with progress("claims", len(selected)) as advance:
        records = run_ledger((), settings or (), seed=seed, after_each=advance, claims=selected)
    ok = all(record.ok for record in records)
    written = [] if directory is None else save(records, directory)
    if as_json:
        emit_json("verify", {"claims": [record.to_json() for record in records], "ok": ok})
    else:
        show_records(results(), records)
        if written:
            results().print(f"wrote {len(written)} files to {printable(directory)}", soft_wrap=True)
    return 0 if ok else 1


def _selected(wanted: Sequence[str], module: Path | None) -> tuple[Claim, ...]:
    if module is None:
        return load_claims(wanted)
    from varproof.campaign.claim_modules import claims_for

    return claims_for(wanted, module)


def save(records: Sequence[ClaimRecord], directory: Path) -> list[Path]:
    """Write `ID.json` for every record and `ID.NAME.json` for every certificate in its evidence; returns the paths."""
    directory.mkdir(exist_ok=True)
    written = []
    for record in records:
        data = {"format": "varproof/claim/1", **record.to_json()}
        files = {f"{record.claim.id}.json": data}
        for finding in (record.finding, record.corrected):
            certificates = finding.evidence.get("certificates", {}) if finding is not None else {}
            for name, payload in certificates.items():
                files[f"{record.claim.id}.{re.sub(r'[^A-Za-z0-9_.=-]+', '_', str(name))}.json"] = plain(payload)
        for file_name, payload in files.items():
            Certificate(payload).save(directory / file_name)
            written.append(directory / file_name)
    return written


def _directory(text: str | None, claims: Sequence[Claim]) -> Path | None:
    """The directory to write to; a target that cannot become one is refused before any claim runs."""
    if text is None:
        return None
    if not text:  # it would mean the current directory
        raise InputError("--out needs a directory", got="''", allowed="a directory, existing or new")
    directory = Path(text)
    if directory.is_dir():
        for claim in claims:
            writable_target(directory / f"{claim.id}.json")
    elif directory.exists() or directory.is_symlink():  # a link to nothing cannot become a directory
        raise InputError("--out needs a directory", got=directory, allowed="a directory, existing or new")
    else:
        writable_target(directory)
    return directory


def _list(claims: Sequence[Claim], as_json: bool) -> int:
    if as_json:
        emit_json("verify", {"claims": [_described(claim) for claim in claims], "ok": None})
    else:
        show_claims(results(), claims)
    return 0


def _described(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "statement": claim.statement,
        "kind": claim.kind,
        "hypotheses": dict(claim.hypotheses),
        "sources": list(claim.sources),
        "expected": claim.expected.value,
        "expected_because": claim.because,
        "axes": {axis: plain(values) for axis, values in claim.cells.items()},
        "variants": [variant.name for variant in claim.falsified],
    }
