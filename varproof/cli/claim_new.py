"""`varproof claim new`: write a file with a claim of one's own, ready to be attacked by a campaign."""

from __future__ import annotations

import keyword
import shlex
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from varproof.base.certificate import replacing
from varproof.base.errors import InputError, printable
from varproof.claims.registry import claim_ids
from varproof.cli.output import JsonFlag, check_target, emit_json, results

TEMPLATE = "my_lemma"
LONGEST = 60


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Id of the claim, as in my_lemma; the file is NAME.py.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write (default: NAME.py, here).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace a file that exists.")] = False,
    as_json: JsonFlag = False,
) -> int:
    """Write a claim of your own: statement, check, attack, wrong variants.

    The file holds a small true lemma under your name, complete: replace it
    part by part. varproof campaign run --claims NAME.py attacks it.
    A file that exists is kept unless --force is given.

    Example:
        varproof claim new my_bound
    """
    _check_name(name)
    target = out if out is not None else Path(f"{name}.py")
    check_target(target, suffixes=(".py",))
    if target.exists() and not force:
        raise InputError("the file exists already", got=target, hint="choose another name with --out, or add --force")
    template = (resources.files("varproof.examples") / f"{TEMPLATE}.py").read_text(encoding="utf-8")
    with replacing(target) as scratch:
        scratch.write_text(template.replace(f'id="{TEMPLATE}"', f'id="{name}"'), encoding="utf-8")
    command = f"varproof campaign run --claims {printable(shlex.quote(str(target)))}"
    if as_json:
        emit_json("claim new", {"claim": name, "written": target, "next": command})
    else:
        results().print(f"wrote {printable(target)}; attack it: {command}", soft_wrap=True)
    return 0


def _check_name(name: str) -> None:
    allowed = f"letters, digits and _, at most {LONGEST}, beginning with a letter"
    plain = name.isascii() and name.isidentifier() and not name.startswith("_") and not keyword.iskeyword(name)
    if not plain or len(name) > LONGEST:
        stem = name.removesuffix(".py")
        hint = f"the name without .py: varproof claim new {stem}" if stem != name and stem.isidentifier() else ""
        raise InputError("not a name for a claim", got=name, allowed=allowed, hint=hint)
    if name in claim_ids():
        raise InputError(
            "the ledger has a claim of this name", got=name, allowed="a name of its own", hint=f"try my_{name}"
        )
