"""The package as a whole: a light import, what the wheel contains, one version number, no traces of a machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import varproof

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("sympy", "scipy", "matplotlib")


def python(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=cwd)


@pytest.mark.parametrize("module", ["varproof", "varproof.cli.main", "reductions"])
def test_import_is_light(module: str) -> None:
    done = python("-c", f"import sys, {module}; print(*sorted(set({HEAVY}) & set(sys.modules)))")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_python_dash_m(tmp_path: Path) -> None:
    done = python("-m", "varproof", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"varproof {varproof.__version__}\n")
    assert python("-m", "varproof", "nonsense", cwd=tmp_path).returncode == 2


def built_wheel(folder: Path) -> Path:
    """Build the wheel with the backend alone, without an isolated environment."""
    code = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    done = python("-c", code, str(folder))
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_wheel_holds_the_package_data(tmp_path: Path) -> None:
    wheel = built_wheel(tmp_path)
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"varproof/py.typed", "reductions/py.typed"} <= names
    tracked = [Path(name) for name in tracked_files() if name.startswith(("varproof/", "reductions/"))]
    missing = sorted(path.as_posix() for path in tracked if path.as_posix() not in names)
    assert missing == []
    assert any(name.startswith("varproof/cli/schemas/") and name.endswith(".json") for name in names)
    assert not any(name.startswith(("tests/", "docs/")) for name in names)
    entry = zipfile.ZipFile(wheel).read(f"varproof-{varproof.__version__}.dist-info/entry_points.txt").decode()
    assert "varproof = varproof.cli.main:main" in entry


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["version"]["path"] == "varproof/__init__.py"
    headings = re.findall(r"^## \[([0-9][^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert cited is not None
    assert (headings[0], cited[1]) == (varproof.__version__, varproof.__version__)


def tracked_files() -> list[str]:
    """What belongs to the project: what git tracks, or every file outside hidden and built folders in an archive."""
    if (ROOT / ".git").exists():
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT
        )
        return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    found: list[str] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in ("__pycache__", "site")]
        found += [(Path(folder) / name).relative_to(ROOT).as_posix() for name in files]
    return found


def forbidden() -> re.Pattern[str]:
    """Absolute paths of a developer's machine and addresses of package registries, spelled in pieces."""
    folders = ("home", "root", "work", "Users", "opt", "private/tmp", "mnt")
    paths = rf"(?<![\w.\-/~*{{}}$])/(?:{'|'.join(folders)})" + r"/[\w.\-]+"
    hosts = ["py" + "pi.org", "python" + "hosted.org", "files.python" + "hosted", "download." + "pytorch.org"]
    hosts += ["conda." + "anaconda.org", "cdn." + "jsdelivr.net", "unpkg" + ".com", "index" + "-url"]
    return re.compile("|".join([paths, *map(re.escape, hosts)]))


def traces(text: str) -> list[str]:
    return forbidden().findall(text)


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    found = {}
    for name in tracked_files():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
        if hits := traces(text):
            found[name] = hits
    assert found == {}


@pytest.mark.parametrize(
    "text",
    ["see /" + "home/ann/x.py", "'/" + "work/main'", "https://py" + "pi.org/simple", "--extra-index" + "-url x"],
)
def test_traces_are_found(text: str) -> None:
    assert traces(text)


def test_ordinary_text_leaves_no_trace() -> None:
    assert traces("docs/" + "work/notes.md, a/" + "root/b, pip install varproof, /etc/os-release, n/opt/m") == []
