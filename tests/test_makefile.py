"""The Makefile: every target is complete, and what a machine lacks is one line that names the fix."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def plain_environment() -> dict[str, str]:
    """The environment without what an outer make hands down to an inner one."""
    handed = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "EXTRAS", "TORCH", "PYTHON", "JOBS")
    return {name: value for name, value in os.environ.items() if name not in handed}


@pytest.mark.parametrize("variable", [[], ["EXTRAS=all,test"], ["TORCH=2.13.0", "EXTRAS=docs"]])
@pytest.mark.parametrize("target", ["verify", "test", "test-slow", "lint", "docs", "clean"])
def test_make_knows_how_to_make(target: str, variable: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "-n", "-f", str(ROOT / "Makefile"), "VENV=" + str(tmp_path / "none"), *variable, target],
        capture_output=True, text=True, check=False, cwd=ROOT, env=plain_environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    wanted = {"verify": "varproof verify", "lint": "lint-imports", "docs": "mkdocs build --strict", "clean": "rm -rf"}
    assert wanted.get(target, "-m pytest") in done.stdout
    if target in ("test", "test-slow"):
        assert "pip" in done.stdout
        assert ("torch==2.13.0" in done.stdout) == ("TORCH=2.13.0" in variable)
    assert "--quiet" not in done.stdout, "a quiet mkdocs does not count warnings, so nothing is strict"
    if target == "verify":
        assert "-e ." in done.stdout


def run_make(tmp_path: Path, body: str) -> subprocess.CompletedProcess[str]:
    """`make verify` with a Python that behaves as the shell script `body` does."""
    fake = tmp_path / "fakepython"
    fake.write_text(f"#!/bin/sh\n{body}\n")
    fake.chmod(0o755)
    arguments = ["make", "-s", "-f", str(ROOT / "Makefile"), f"VENV={tmp_path / 'none'}", f"PYTHON={fake}", "verify"]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=ROOT, env=plain_environment())


@pytest.mark.parametrize(
    ("body", "word"),
    [('case "$2" in *version_info*) exit 1;; esac', "older"), ('case "$2" in *ensurepip*) exit 1;; esac', "venv")],
)
def test_what_is_missing_is_one_line_that_names_the_fix(tmp_path: Path, body: str, word: str) -> None:
    done = run_make(tmp_path, body)
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0
    assert len(said) == 1
    assert word in said[0]
    assert "make PYTHON=" in said[0] or "apt-get install python3-venv" in said[0]
    assert not (tmp_path / "none").exists()
