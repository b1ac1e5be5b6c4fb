"""Saved failures as files: JSON for people and programs, beside it a NumPy file with the arrays."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from varproof.base.certificate import replacing
from varproof.base.errors import InputError, printable
from varproof.campaign.instances import assembled, decode_instance, load_arrays, read_json, save_arrays
from varproof.campaign.replays.record import (
    DAMAGE,
    FORMAT,
    Replay,
    from_json,
    instance_digest,
    revision_digest,
    statement_of,
    to_json,
)
from varproof.campaign.subjects import Subject
from varproof.campaign.versions import versions
from varproof.claims.model import Claim


def save_replay(
    folder: str | Path,
    claim: Claim,
    subject: Subject,
    failure: Mapping[str, Any],
    *,
    seed: int | None = None,
    chunk: str = "",
) -> Path:
    """Write a failure of a chunk (`Result.failure`) and return the JSON file, `<claim>-<digest>.json`.

    The arrays lie beside it under the same name with the ending .npz. Both are complete or not there, the JSON last;
    the same failure again goes to the same files. The folder is made. `seed` and `chunk` may be parts of the failure.
    Raises `InputError` where the folder cannot be used, `OSError` when writing fails.
    """
    folder = Path(folder)
    instance = decode_instance(failure["instance"])
    digest = instance_digest(claim.id, subject.name, instance)
    made = Replay(
        claim=claim.id,
        subject=subject.name,
        instance=instance,
        statement=statement_of(subject),
        revision=revision_digest(subject),
        constants=dict(subject.case.constants),
        dropped=tuple(sorted(subject.case.dropped)),
        fields=tuple(subject.attack.space.fields),
        ratio=float(failure["ratio"]),
        size=int(failure["size"]),
        judgement=str(failure.get("judgement", "")),
        point=dict(failure.get("point") or {}),
        story=tuple(failure.get("story") or ()),
        versions={"python": platform.python_version(), **versions()},
        seed=seed if seed is not None else failure.get("seed"),
        chunk=chunk or str(failure.get("chunk", "")),
        digest=digest,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError("replays go to a folder", got=printable(folder), allowed="a new or existing folder") from None
    path = folder / f"{file_name(claim.id)}-{digest[:12]}.json"
    text = json.dumps(to_json(made), indent=1, allow_nan=False) + "\n"
    save_arrays(path.with_suffix(".npz"), instance.arrays)
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8")
    return path


def load_replay(path: str | Path) -> Replay:
    """The failure of a file that `save_replay` wrote.

    Raises `InputError` for a file that is missing or something else, and where arrays are missing or other ones.
    """
    path = Path(path)
    data = read_json(path)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        got = data.get("format", "no format") if isinstance(data, dict) else type(data).__name__
        raise InputError("not a replay of this version", got=got, allowed=FORMAT, hint=printable(path))
    instance = assembled(data.get("instance"), load_arrays(path.with_suffix(".npz")))
    try:
        made = from_json(data, instance)
    except DAMAGE as error:
        hint = f"{type(error).__name__}: {printable(error)[:200]}"
        raise InputError(
            "the replay is damaged", got=printable(path), allowed="a file as it was saved", hint=hint
        ) from None
    if made.digest != instance_digest(made.claim, made.subject, instance):
        raise InputError("the replay has other numbers than were saved", got=printable(path), hint="its digest differs")
    return made


def file_name(claim_id: str) -> str:
    """Ids of users may hold anything.

    >>> file_name("my/claim: 1")
    'my_claim__1'
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "_", claim_id).lstrip(".-")[:60] or "claim"
