"""Claims of a user: a Python file that defines CLAIM or CLAIMS, run by commands and by workers alike."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import sys
import traceback
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from varproof.base.errors import InputError, printable, shorten
from varproof.claims.model import Claim, Kind, Variant
from varproof.claims.registry import claim_ids, load_claims

ALLOWED = "a Python file with CLAIM = Claim(...) or CLAIMS = (Claim(...), ...)"
HINT = "varproof claim new NAME writes one to start from"
FORBIDDEN = "|\n\r\0"  # in ids: they would break the ids of chunks


def load_claim_module(path: str | Path) -> tuple[Claim, ...]:
    """The claims of a user's file, which is run: CLAIM, or all of CLAIMS in their order.

    Raises `InputError` for a file that is missing or does not run (naming the file and its line), defines no claim,
    and for ids that the ledger or another claim of the file has already.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "mine.py").write_text("from varproof.examples.first_claim import CLAIM")
    ...     [claim.id for claim in load_claim_module(Path(folder, "mine.py"))]
    ['first_claim']
    """
    path = Path(path)
    module = _run(path)
    found = _listed(module, path)
    seen: set[str] = set()
    for claim in found:
        if not isinstance(claim.id, str) or not claim.id.strip() or set(claim.id) & set(FORBIDDEN):
            raise InputError("a claim needs an id", got=repr(claim.id), allowed="text without | and line breaks")
        if claim.id in claim_ids():
            raise InputError(
                "the ledger has a claim of this id already",
                got=f"{claim.id} in {printable(path)}",
                allowed="an id of its own",
                hint=f"call it my_{claim.id}",
            )
        if claim.id in seen:
            raise InputError(
                "two claims of one file have the same id",
                got=f"{claim.id} in {printable(path)}",
                allowed="an id of its own for each",
            )
        seen.add(claim.id)
        _check_forms(claim)
    return found


def claims_for(wanted: Sequence[str] = (), module: str | Path | None = None) -> tuple[Claim, ...]:
    """The claims of a campaign: those named, of the user's file and of the ledger; without names all of one of them.

    With a file and no names these are the claims of the file, with neither the whole ledger. The file's come first.
    Raises `InputError` for an unknown id and for what `load_claim_module` refuses.

    >>> [claim.id for claim in claims_for(["threshold_lemma"])]
    ['threshold_lemma']
    """
    own = load_claim_module(module) if module is not None else ()
    if own and not wanted:
        return own
    ids = {claim.id for claim in own}
    for name in wanted:
        if ids and name not in ids and name not in claim_ids():
            near = difflib.get_close_matches(name, [*ids, *claim_ids()], n=1, cutoff=0.5)
            raise InputError(
                "unknown claim",
                got=name,
                allowed=f"of the file: {', '.join(claim.id for claim in own)}; of the ledger: {', '.join(claim_ids())}",
                hint=f"did you mean {near[0]}?" if near else "",
            )
    others = [name for name in wanted if name not in ids]
    ledger = load_claims(others) if others or not own else ()
    return (*(claim for claim in own if claim.id in wanted), *ledger)


def _run(path: Path) -> ModuleType:
    """The file as a module under a name of its own, so that pickles and dataclasses find it and nothing is shadowed."""
    try:
        if not path.is_file():
            raise InputError("no such file", got=printable(path), allowed=ALLOWED, hint=HINT)
        real = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("the file cannot be read", got=printable(path), allowed=ALLOWED, hint=str(error)) from None
    name = f"varproof_claims_{blake2b(str(real).encode('utf-8', 'surrogateescape'), digest_size=8).hexdigest()}"
    spec = importlib.util.spec_from_file_location(name, real)
    if spec is None or spec.loader is None:
        raise InputError("not a Python file", got=printable(path), allowed=ALLOWED, hint="the name must end in .py")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    folder = str(real.parent)
    if folder not in sys.path:  # at the end: modules beside the file are found, and shadow nothing
        sys.path.append(folder)
    try:
        # compiled afresh: a cached compilation misses an edit of the same second and size
        # what the file prints is no result: --json stays one object
        with contextlib.redirect_stdout(sys.stderr):
            exec(compile(real.read_bytes(), str(real), "exec", dont_inherit=True), module.__dict__)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        where = f"{printable(path)}:{_line(error, str(real))}"
        said = getattr(error, "message", "") or str(error)
        came = getattr(error, "got", None)
        if came is not None:
            said += f", got {shorten(came)}"
        raise InputError(
            f"the file of claims does not run: {type(error).__name__}: {printable(said)[:300]}",
            got=where,
            allowed=getattr(error, "allowed", "") or ALLOWED,
            hint=getattr(error, "hint", ""),
        ) from None
    return module


def _line(error: BaseException, file: str) -> int:
    """The last line of the file that was running, or the line that cannot be parsed."""
    if isinstance(error, SyntaxError) and error.filename == file and error.lineno is not None:
        return max(error.lineno, 1)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return next((line for line in reversed(lines) if line is not None), 1)


def _check_forms(claim: Claim) -> None:
    """Raises `InputError` for a kind that does not exist, and for wrong variants that no case could reach."""
    if claim.kind not in get_args(Kind):
        raise InputError(f"kind of the claim {claim.id}", got=claim.kind, allowed=", ".join(get_args(Kind)))
    seen: set[str] = set()
    for variant in claim.falsified:
        if not isinstance(variant, Variant):
            raise InputError(f"falsified of {claim.id}", got=type(variant).__name__, allowed="a tuple of Variant(...)")
        where = f"variant {variant.name!r} of {claim.id}"
        if variant.name in seen:
            raise InputError(f"two variants of {claim.id} have the same name", got=variant.name, allowed="unlike names")
        seen.add(variant.name)
        for what, names, known in (
            ("constant", variant.constants, claim.constants),
            ("hypothesis", variant.dropped, claim.hypotheses),
        ):
            if unknown := sorted(set(names) - set(known)):
                raise InputError(f"{where}: no such {what}", got=unknown[0], allowed=", ".join(known) or "none")


def _listed(module: ModuleType, path: Path) -> tuple[Claim, ...]:
    single: Any = getattr(module, "CLAIM", None)
    several: Any = getattr(module, "CLAIMS", None)
    if single is None and several is None:
        raise InputError("the file defines no claim", got=printable(path), allowed=ALLOWED, hint=HINT)
    found = tuple(several) if isinstance(several, list | tuple) else (several,) if several is not None else ()
    if single is not None and not any(claim is single for claim in found):
        found = (single, *found)
    for claim in found:
        if not isinstance(claim, Claim):
            raise InputError(
                "CLAIM and CLAIMS hold claims",
                got=f"{type(claim).__name__} in {printable(path)}",
                allowed=ALLOWED,
            )
    if not found:
        raise InputError("the file defines no claim", got=f"CLAIMS is empty in {printable(path)}", allowed=ALLOWED)
    return found
