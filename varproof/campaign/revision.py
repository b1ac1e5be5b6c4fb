"""The revision of a claim: a digest of what a chunk's result depends on besides its id and the campaign's seed."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np

import varproof
from varproof.claims.attack_registry import attack_module
from varproof.claims.model import Claim
from varproof.claims.registry import CLAIMS

LIBRARIES = ("hypothesis", "python-flint")


def revision_of(claim: Claim, module_path: Path | None = None) -> str:
    """The digest of a claim's statement, constants, wrong variants, sources and of the versions that matter.

    Sources are the claim's module and its attack's; for a user's claim the file `module_path`, and the files beside
    it that it imports. Editing one claim's files changes the revision of that claim (of all claims of the file, for a
    user's). Changes elsewhere in varproof count with its version only.

    >>> from varproof.claims.registry import load_claim
    >>> revision_of(load_claim("rank_count")) == revision_of(load_claim("threshold_lemma"))
    False
    """
    hashed = blake2b(digest_size=16)
    hashed.update(json.dumps([_statement(claim), _versions()], sort_keys=True).encode())
    for file in sources_of(claim, module_path):
        hashed.update(blake2b(file.read_bytes(), digest_size=16).digest())
    return hashed.hexdigest()


def _statement(claim: Claim) -> list[object]:
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


def _versions() -> dict[str, str]:
    own = {"varproof": varproof.__version__, "numpy": np.__version__}
    return own | {name: importlib.metadata.version(name) for name in LIBRARIES}


def sources_of(claim: Claim, module_path: Path | None = None) -> tuple[Path, ...]:
    """The files whose text is part of a claim's revision.

    >>> from varproof.claims.registry import load_claim
    >>> [file.name for file in sources_of(load_claim("S1"))]
    ['exact_cost_quartic.py', 'exact_cost_quartic.py']
    """
    if module_path is not None:
        return tuple(_with_neighbours(module_path))
    module = dict(CLAIMS).get(claim.id)
    names = () if module is None else (f"varproof.claims.{module}", attack_module(claim.id))
    specs = [importlib.util.find_spec(name) for name in names if name is not None]
    return tuple(Path(spec.origin) for spec in specs if spec is not None and spec.origin is not None)


def _with_neighbours(module_path: Path) -> list[Path]:
    """A user's module and the files in its folder that it imports, also through each other, in the order of names."""
    found, waiting = {module_path}, [module_path]
    while waiting:
        for name in _imported(waiting.pop()):
            parts = name.split(".")
            for depth in range(1, len(parts) + 1):
                base = module_path.parent.joinpath(*parts[:depth])
                for file in (base.with_suffix(".py"), base / "__init__.py"):
                    if file.is_file() and file not in found:
                        found.add(file)
                        waiting.append(file)
    return sorted(found)


def _imported(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = f"{node.module}." if node.module else ""
            yield from (f"{base}{alias.name}" for alias in node.names)
