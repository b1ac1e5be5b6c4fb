"""Shared by the tests of the campaign commands: lemmas that can be broken, answers held against their schemas."""

from __future__ import annotations

import json
import shlex
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from varproof.cli.campaign_run import THREADS
from varproof.cli.main import main

FAST = "--executor inline --cases 20"


class Bench:
    """A folder of its own, commands that run in it, and files of claims."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def lemma(self, *edits: tuple[str, str], name: str = "my_lemma") -> Path:
        """The file that `varproof claim new` writes, after some replacements; each must change something."""
        text = (resources.files("varproof.examples") / "my_lemma.py").read_text(encoding="utf-8")
        for old, new in (('id="my_lemma"', f'id="{name}"'), *edits):
            assert old in text, old
            text = text.replace(old, new)
        file = self.folder / f"{name}.py"
        file.write_text(text)
        return file

    def said(self, line: str, code: int) -> tuple[str, str]:
        """What a command writes to stdout and stderr."""
        self._capsys.readouterr()
        found = main(["campaign", *shlex.split(line)])
        out, err = self._capsys.readouterr()
        assert found == code, (line, found, out, err)
        return out, err

    def asked(self, line: str, code: int = 0) -> dict[str, Any]:
        """The JSON of a command, which its schema accepts."""
        out, _ = self.said(f"{line} --json", code)
        answer: dict[str, Any] = json.loads(out)
        name = f"campaign-{line.split()[0]}.json"
        rules = json.loads((resources.files("varproof.cli.schemas") / name).read_text(encoding="utf-8"))
        jsonschema.validate(answer, rules, cls=jsonschema.Draft202012Validator)
        return answer

    def refused(self, line: str) -> dict[str, str]:
        """The fields of a refusal in JSON, which says the same on the screen."""
        out, _ = self.said(f"{line} --json", 2)
        answer = json.loads(out)
        rules = json.loads((resources.files("varproof.cli.schemas") / "error.json").read_text(encoding="utf-8"))
        jsonschema.validate(answer, rules, cls=jsonschema.Draft202012Validator)
        error: dict[str, str] = answer["error"]
        _, err = self.said(line, 2)
        assert error["message"] in " ".join(err.split()), err
        return error


@pytest.fixture
def bench(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bench:
    monkeypatch.chdir(tmp_path)
    for name in THREADS:  # commands set them, and the next one, for their process
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(tmp_path_factory.mktemp("hypothesis")))
    return Bench(tmp_path, capsys)
