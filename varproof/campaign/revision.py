"""The revision of a claim: a digest of what a chunk's result depends on besides its id and the campaign's seed."""

from __future__ import annotations

import ast
import importlib.util
import json
from functools import cache
from hashlib import blake2b
from pathlib import Path

import varproof
from varproof.campaign.versions import versions
from varproof.claims.attack_registry import attack_module
from varproof.claims.model import Claim
from varproof.claims.registry import CLAIMS


def revision_of(claim: Claim, module_path: Path | None = None) -> str:
    """The digest of a claim's statement, constants, wrong variants, sources and of the versions that matter.

    Sources are the claim's module, its attack's, and what these import from `varproof.claims`; for a user's claim the
    file `module_path`, and the files beside it that it imports. Editing one claim's files changes the revision of that
    claim (of all claims of the file, for a user's), editing what claims share that of all that use it. Changes
    elsewhere in varproof count with its version only.

    >>> from varproof.claims.registry import load_claim
    >>> revision_of(load_claim("rank_count")) == revision_of(load_claim("threshold_lemma"))
    False
    """
    hashed = blake2b(digest_size=16)
    hashed.update(json.dumps([_said(claim), versions()], sort_keys=True).encode())
    texts = [blake2b(file.read_bytes(), digest_size=16).digest() for file in sources_of(claim, module_path)]
    for text in sorted(texts):  # the places of the files do not count
        hashed.update(text)
    return hashed.hexdigest()


def statement_digest(claim: Claim) -> str:
    """A digest of what a claim says, whatever code stands behind it: for people who compare two campaigns."""
    return blake2b(json.dumps(_said(claim), sort_keys=True).encode(), digest_size=8).hexdigest()


def _said(claim: Claim) -> list[object]:
    variants = [
        [one.name, {name: str(value) for name, value in one.constants.items()}, sorted(one.dropped)]
        for one in claim.falsified
    ]
    return [
        claim.id,
        claim.statement,
        claim.kind,
        dict(claim.hypotheses),
        {name: str(value) for name, value in claim.constants.items()},
        {name: [str(value) for value in values] for name, values in claim.cells.items()},
        claim.expected.value,
        variants,
        claim.corrected.statement if claim.corrected else "",
    ]


def sources_of(claim: Claim, module_path: Path | None = None) -> tuple[Path, ...]:
    """The files whose text is part of a claim's revision.

    >>> from varproof.claims.registry import load_claim
    >>> [file.name for file in sources_of(load_claim("rank_count")) if file.parent.name == "attacks"]
    ['rank_count.py']
    """
    module = dict(CLAIMS).get(claim.id)
    if module is None:
        return () if module_path is None else tuple(_with_imports([module_path], module_path.parent, ""))
    names = (f"varproof.claims.{module}", attack_module(claim.id))
    specs = [importlib.util.find_spec(name) for name in names if name is not None]
    files = [Path(spec.origin) for spec in specs if spec is not None and spec.origin is not None]
    return tuple(_with_imports(files, Path(varproof.__file__).parent.parent, "varproof.claims."))


def _with_imports(files: list[Path], folder: Path, prefix: str) -> list[Path]:
    """Some files and those they import, also through each other, whose names in `folder` begin with `prefix`."""
    found, waiting = set(files), list(files)
    while waiting:
        for name in _imported(waiting.pop()):
            if not name.startswith(prefix):
                continue
            parts = name.split(".")
            for depth in range(prefix.count(".") + 1, len(parts) + 1):
                base = folder.joinpath(*parts[:depth])
                for file in (base.with_suffix(".py"), base / "__init__.py"):
                    if file not in found and file.is_file():
                        found.add(file)
                        waiting.append(file)
    return sorted(found)


@cache
def _text_imports(text: bytes) -> tuple[str, ...]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ()
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = f"{node.module}." if node.module else ""
            names += [f"{base}{alias.name}" for alias in node.names]
    return tuple(names)


def _imported(file: Path) -> tuple[str, ...]:
    """The names that a file imports; parsed once as long as its text stays the same."""
    return _text_imports(file.read_bytes())
