"""The instance in a file: DIMACS, JSON of any problem, NPZ of attention or VAR attention."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reductions.problems.attention_files import read_attention
from reductions.problems.dimacs import read_dimacs
from reductions.problems.var_files import load as read_var_attention
from reductions.registry import problem_named
from varproof.base.errors import InputError

SUFFIXES = {
    ".cnf": "DIMACS",
    ".dimacs": "DIMACS",
    ".json": "JSON of a problem",
    ".npz": "NPZ of attention or VAR attention",
}
MAX_BYTES = 2**28


@dataclass(frozen=True)
class Loaded:
    """The instance, and what the reader had to tolerate to get it."""

    instance: Any
    tolerated: tuple[str, ...] = ()


def load(path: str | Path, *, strict: bool = False) -> Loaded:
    """The instance in `path`, by its ending. `strict` refuses DIMACS that departs from the format.

    Raises `InputError` for other endings, files beyond 256 MiB, and everything the readers refuse.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            "unknown kind of instance file", got=path, allowed=", ".join(f"{s} ({t})" for s, t in SUFFIXES.items())
        )
    if file.stat().st_size > MAX_BYTES:
        raise InputError("the file is too large", got=f"{file.stat().st_size} bytes", allowed=f"at most {MAX_BYTES}")
    if SUFFIXES[suffix] == "DIMACS":
        read = read_dimacs(file, strict=strict)
        return Loaded(read.formula, tuple(map(str, read.tolerated)))
    if suffix == ".npz":
        return Loaded(read_var_attention(file) if _is_var(file) else read_attention(file))
    return Loaded(_from_json(file))


def _is_var(file: Path) -> bool:
    """Whether an NPZ file holds VAR attention, which has an entry `meta`; broken files are left to the reader."""
    try:
        with zipfile.ZipFile(file) as archive:
            return "meta.npy" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _from_json(file: Path) -> Any:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError("cannot read this JSON file", got=file, hint=str(error)) from None
    name = data.get("problem") if isinstance(data, dict) else None
    if not isinstance(name, str):
        hint = "files written by --out have it"
        raise InputError("not an instance of a problem", got=file, allowed='an object with a key "problem"', hint=hint)
    return problem_named(name).from_json(data)
