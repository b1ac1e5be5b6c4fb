"""A run in a folder: every instance in its own format, every answer, and a manifest to check and to resume from.

manifest.json  the path, the options, the oracle, and for every file its SHA-256 and what it is
source.json    the source instance
instances/     the instances, named by their place: 0-ov.json, 0.3-attention.npz ...
answers/       the answers of the last instances, by place
answer.json    the answer of the source
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reductions.core.answer import Answer
from reductions.run import stored_answers
from reductions.run.pipeline import Place
from varproof.base.certificate import replacing
from varproof.base.errors import InputError

FORMAT = "varproof/reduction-run/1"
MANIFEST = "manifest.json"


@dataclass
class Folder:
    """Writes a run into `directory` as it happens; answers found there that fit their instance are not asked again.

    `plan` is what identifies the run: source digest, path, options. Resuming with another plan raises `InputError`.
    """

    directory: Path
    plan: Mapping[str, Any]
    oracle: str
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    reused: int = 0

    def start(self, source: Any) -> None:
        """Make the folders and save the source. Raises `InputError` for a folder that holds something else."""
        if self.directory.exists() and not self.directory.is_dir():
            raise InputError("not a folder", got=self.directory, allowed="a new or empty folder, or a run to resume")
        if self.directory.exists() and any(self.directory.iterdir()) and not (self.directory / MANIFEST).exists():
            raise InputError(
                "the folder holds something else", got=self.directory, allowed="a new or empty folder, or a run"
            )
        (self.directory / "instances").mkdir(parents=True, exist_ok=True)
        (self.directory / "answers").mkdir(exist_ok=True)
        before = read_manifest(self.directory) if (self.directory / MANIFEST).exists() else None
        if before is not None and before["plan"] != stored_answers.plain(self.plan):
            raise InputError(
                "the folder holds another run",
                got=_difference(before["plan"], stored_answers.plain(self.plan)),
                allowed="the same source, path and options",
                hint="choose another folder with --out",
            )
        source_file = self.directory / "source.json"
        write_json(source_file, source.to_json())
        self._enter(source_file, {"problem": source.NAME})
        self._begin(before["files"] if before is not None else {})

    def save(self, place: Place, instance: Any) -> None:
        """One instance in its natural format, its files with their digests into the manifest."""
        name = ".".join(map(str, place)) or "source"
        for file in instance.save(self.directory / "instances", f"{name}-{instance.NAME}"):
            self._enter(file, {"problem": instance.NAME, "parameters": instance.parameters()})

    def known(self, place: Place, instance: Any) -> Answer | None:
        """The stored answer of this place, from the same oracle to byte for byte the same instance; else None.

        Outputs from a file are read anew: the file may have changed, and its arrays are in the order of the instances.
        """
        if self.oracle.startswith("file:"):
            return None
        answer = self.directory / "answers" / f"{_name(place)}.json"
        if not answer.exists():
            return None
        data = read_json(answer)
        if data.get("instance") != self._digest_of(place, instance) or data.get("oracle") != self.oracle:
            return None
        self._enter(answer, {"answers": _name(place)})
        self.reused += 1
        return stored_answers.from_json(data["answer"])

    def answered(self, place: Place, instance: Any, answer: Answer) -> None:
        """Store the answer of a last instance."""
        file = self.directory / "answers" / f"{_name(place)}.json"
        write_json(
            file,
            {
                "instance": self._digest_of(place, instance),
                "oracle": self.oracle,
                "answer": stored_answers.to_json(answer),
            },
        )
        self._enter(file, {"answers": _name(place)})

    def conclude(self, answer: Answer) -> None:
        """Store the answer of the source as answer.json, outputs included where it asks for numbers."""
        file = self.directory / "answer.json"
        write_json(file, stored_answers.to_json(answer))
        self._enter(file, {"answers": "source"})

    def finish(self, result: Mapping[str, Any]) -> None:
        """The manifest, with what came out (or that the run is not complete)."""
        self._write_manifest(result, self.files)

    def _write_manifest(self, result: Mapping[str, Any], files: Mapping[str, Any]) -> None:
        write_json(
            self.directory / MANIFEST,
            {
                "format": FORMAT,
                "plan": stored_answers.plain(self.plan),
                "oracle": self.oracle,
                "result": stored_answers.plain(result),
                "files": dict(sorted(files.items())),
            },
        )

    def _begin(self, before: Mapping[str, Mapping[str, Any]]) -> None:
        """A first manifest, so that a run that is killed can be resumed.

        Instances are made again byte for byte, so what an earlier run said of them stays; its answers may be replaced.
        """
        kept = {name: dict(entry) for name, entry in before.items() if name.startswith("instances/")}
        self._write_manifest({"complete": False}, {**kept, **self.files})

    def _enter(self, file: Path, what: Mapping[str, Any]) -> None:
        self.files[file.relative_to(self.directory).as_posix()] = {"sha256": digest(file), **what}

    def _digest_of(self, place: Place, instance: Any) -> str:
        """One digest for the files of the instance of this place, which were saved before."""
        stem = f"instances/{'.'.join(map(str, place)) or 'source'}-{instance.NAME}"
        found = sorted((n, entry["sha256"]) for n, entry in self.files.items() if n.startswith(f"{stem}."))
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a run. Raises `InputError` where there is none or it is no manifest."""
    file = directory / MANIFEST
    if not file.is_file():
        raise InputError("no run in this folder", got=directory, allowed=f"a folder with {MANIFEST} made by --out")
    data = read_json(file)
    wrong = _wrong(data)
    if wrong:
        raise InputError("not a manifest of a run", got=wrong, allowed=f"format {FORMAT}", hint=f"read from {file}")
    return data


def _wrong(data: Mapping[str, Any]) -> str:
    """What of a manifest is not as `Folder` writes it; empty when all is well. Files lie inside the folder."""
    if data.get("format") != FORMAT:
        return f"format {data.get('format')}"
    plan, files = data.get("plan"), data.get("files")
    if not isinstance(plan, dict) or not isinstance(files, dict) or not isinstance(data.get("oracle"), str):
        return "no plan, files or oracle"
    if not all(isinstance(plan.get(name), str) for name in ("to", "dtype")):
        return "a plan without to or dtype"
    path, options = plan.get("path"), plan.get("options")
    if not isinstance(path, list) or not all(isinstance(name, str) for name in path):
        return "a path that is no list of names"
    if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
        return "options that are no texts"
    for name, entry in files.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), str):
            return f"{name} without a SHA-256"
        if Path(name).is_absolute() or ".." in Path(name).parts:
            return f"{name}, outside the folder"
    return ""


def check_files(directory: Path) -> list[str]:
    """What is wrong with the files of a run: missing or changed since the manifest was written; empty if nothing."""
    wrong = []
    for name, entry in read_manifest(directory)["files"].items():
        file = directory / name
        if not file.is_file():
            wrong.append(f"{name} is missing")
        elif digest(file) != entry["sha256"]:
            wrong.append(f"{name} was changed")
    return wrong


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_json(path: Path, data: Any) -> None:
    """One JSON file, replaced at once."""
    with replacing(path) as scratch:
        scratch.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises `InputError` for anything else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InputError("cannot read this JSON file", got=path, hint=str(error)) from None
    if not isinstance(data, dict):
        raise InputError("not a JSON object", got=path)
    return data


def _name(place: Place) -> str:
    return ".".join(map(str, place)) or "source"


def _difference(before: Any, now: Any) -> str:
    names = [name for name in {*before, *now} if before.get(name) != now.get(name)]
    return "; ".join(f"{name}: {before.get(name)} there, {now.get(name)} now" for name in sorted(names))
