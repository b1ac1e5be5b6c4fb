"""Where the failure of a report lies as a replay file, beside the store it came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from varproof.base.errors import InputError
from varproof.campaign.instances import decode_instance
from varproof.campaign.replays.files import file_name
from varproof.campaign.replays.record import instance_digest


def saved_failure(store: str | Path, claim: str, subject: str, failure: Mapping[str, Any] | None) -> str:
    """The replay file of exactly this failure in the folder FILE.replays; empty where there is none.

    >>> saved_failure("no such store", "c", "statement", None)
    ''
    """
    if failure is None or not failure.get("instance") or not str(store):
        return ""
    try:
        digest = instance_digest(claim, subject, decode_instance(failure["instance"]))
    except InputError:
        return ""
    path = Path(f"{store}.replays") / f"{file_name(claim)}-{digest[:12]}.json"
    return str(path) if path.is_file() else ""
