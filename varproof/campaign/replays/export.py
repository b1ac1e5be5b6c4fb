"""Saved failures as ordinary tests, to be kept in a project's own test suite."""

from __future__ import annotations

import os
import re
from pathlib import Path

from varproof.base.certificate import replacing
from varproof.base.errors import InputError, printable
from varproof.campaign.replays.files import file_name, load_replay
from varproof.claims.registry import claim_ids

TEST = '''"""A failure of {claim}, form {subject}: saved, and judged again whenever the tests run."""

from pathlib import Path

from varproof.campaign.testing import check_replay

HERE = Path(__file__).parent


def test_{function}() -> None:
    check_replay(HERE / {file}{claims})
'''


def export_pytest(
    path: str | Path, target: str | Path, claims_module: str | Path | None = None, *, force: bool = False
) -> Path:
    """Write `target`, a test file that fails as long as the saved failure of `path` is one, and return it.

    The replay is copied beside it. `claims_module` is the user's file of claims, which the test finds by its place
    relative to its own. Where the ledger expects the failure, the test fails once the case no longer fails. Raises
    `InputError` for a replay that cannot be read, a claim that is neither in the ledger nor has its file named, a name
    that pytest does not collect, and a test that exists (unless `force`).
    """
    path, target = Path(path), Path(target)
    saved = load_replay(path)
    if not re.fullmatch(r"(test_.*|.*_test)\.py", target.name):
        raise InputError("not the name of a test file", got=printable(target), allowed="test_NAME.py")
    if target.exists() and not force:
        raise InputError("the file exists already", got=printable(target), hint="choose another name")
    if not target.parent.is_dir():
        raise InputError("the directory of this file does not exist", got=printable(target), hint="create it first")
    claims = ""
    if claims_module is None and saved.claim not in claim_ids():
        raise InputError(
            "the claim of this replay is not in the ledger",
            got=saved.claim,
            allowed="a claim of the ledger, or the file that defines it",
            hint="name it with --claims FILE.py",
        )
    if claims_module is not None:
        claims_module = Path(claims_module)
        if not claims_module.is_file():
            raise InputError("no such file", got=printable(claims_module), allowed="the file of the claims")
        place = Path(os.path.relpath(claims_module.resolve(), target.parent.resolve())).as_posix()
        claims = f", claims=HERE / {_quoted(place)}"
    copied = target.with_name(path.name)
    if copied.resolve() != path.resolve():
        for ending in (".npz", ".json"):  # the JSON file last: it is what says that the pair is complete
            with replacing(copied.with_suffix(ending)) as scratch:
                scratch.write_bytes(path.with_suffix(ending).read_bytes())
    text = TEST.format(
        claim=file_name(saved.claim),
        subject=re.sub(r"[^\w .,-]", "_", saved.subject),
        function=re.sub(r"\W", "_", f"{file_name(saved.claim)}_{saved.digest[:12]}", flags=re.ASCII),
        file=_quoted(path.name),
        claims=claims,
    )
    with replacing(target) as scratch:
        scratch.write_text(text, encoding="utf-8")
    return target


def _quoted(text: str) -> str:
    """Python source of a text, in double quotes where that needs no escape.

    >>> _quoted("a.json")
    '"a.json"'
    """
    return f'"{text}"' if re.fullmatch(r"[\w ./-]+", text) else ascii(text)
