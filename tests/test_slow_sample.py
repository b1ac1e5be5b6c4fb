"""`--slow-sample`: a deterministic share of the selected tests, at least one, another share for another seed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


def collected(folder: Path, *options: str) -> tuple[int, list[str]]:
    """The exit code and the names that pytest selects among forty slow tests and one fast one."""
    shutil.copy(CONFTEST, folder)
    lines = ["import pytest", "def test_fast(): pass"]
    lines += [f"@pytest.mark.slow\ndef test_slow_{k}(): pass" for k in range(40)]
    (folder / "test_many.py").write_text("\n".join(lines))
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow: slow\n")
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, [line for line in done.stdout.splitlines() if "::" in line]


def test_share_is_rounded_up_and_seeded(tmp_path: Path) -> None:
    options = ("-m", "slow", "--slow-sample", "1/15", "--slow-seed")
    first, again, other = (collected(tmp_path, *options, seed) for seed in ("1", "1", "2"))
    assert first == again
    assert [code for code, _ in (first, other)] == [0, 0]
    assert len(first[1]) == len(other[1]) == 3
    assert first[1] != other[1]
    assert all("test_slow_" in name for name in first[1])


def test_at_least_one_and_none_of_none(tmp_path: Path) -> None:
    code, names = collected(tmp_path, "-m", "slow", "--slow-sample", "1/1000")
    assert (code, len(names)) == (0, 1)
    code, names = collected(tmp_path, "-m", "slow and not slow", "--slow-sample", "1/20")
    assert (code, names) == (5, [])


@pytest.mark.parametrize("share", ["0", "2", "-1/2", "many"])
def test_bad_share_is_refused(tmp_path: Path, share: str) -> None:
    assert collected(tmp_path, f"--slow-sample={share}")[0] == 4
