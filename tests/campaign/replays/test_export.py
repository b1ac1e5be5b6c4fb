"""Saved failures as tests: run by a real pytest while the claim is wrong, after it is mended, and in another place."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from varproof.base.errors import InputError
from varproof.campaign.claim_modules import load_claim_module
from varproof.campaign.replays import Status, export_pytest, load_replay, replay, save_replay
from varproof.campaign.subjects import subject_named
from varproof.claims.model import Claim
from varproof.cli.main import main

Save = Callable[..., Path]
RIGHT, WRONG = 'constants={"factor": Fraction(1)}', 'constants={"factor": Fraction(9, 10)}'


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    options = ["-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib", "--rootdir", str(folder)]
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: Callable[..., dict[str, object]]) -> Path:
    """A user's folder: a false lemma, its saved failure, and an exported test in tests/."""
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["claim", "new", "my_bound"]) == 0
    module = folder / "my_bound.py"
    module.write_text(module.read_text().replace(RIGHT, WRONG))
    (claim,) = load_claim_module(module)
    saved = save_replay(tmp_path / "found", claim, subject_named(claim, "statement"), failures())
    assert export_pytest(saved, Path("tests/test_my_bound.py"), Path("my_bound.py")) == Path("tests/test_my_bound.py")
    return folder


def test_it_fails_while_the_claim_is_wrong_and_passes_once_it_is_mended(project: Path) -> None:
    found = run_pytest(project)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "1 failed" in found.stdout
    assert "AssertionError: STILL-FAILS: my_bound-" in found.stdout
    assert "ratio 1.11111" in found.stdout
    module = project / "my_bound.py"
    module.write_text(module.read_text().replace(WRONG, RIGHT))
    found = run_pytest(project)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "1 passed" in found.stdout
    module.write_text(module.read_text().replace("id=", "id='gone' or "))  # a test of nothing must not pass
    found = run_pytest(project)
    assert (found.returncode, "STALE" in found.stdout) == (1, True)


def test_it_works_in_another_place_and_names_none(project: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "found")
    moved = tmp_path / "moved" / "deeper"
    shutil.move(project, moved)
    for path in sorted((moved / "tests").iterdir()):
        assert str(tmp_path).encode() not in path.read_bytes()
    assert run_pytest(moved).returncode == 1
    (moved / "my_bound.py").write_text((moved / "my_bound.py").read_text().replace(WRONG, RIGHT))
    assert run_pytest(moved).returncode == 0


def test_the_copy_is_the_same_failure(project: Path, tmp_path: Path) -> None:
    (original,) = (tmp_path / "found").glob("*.json")
    copied = project / "tests" / original.name
    assert load_replay(copied).digest == load_replay(original).digest
    assert sorted(path.suffix for path in (project / "tests").iterdir()) == [".json", ".npz", ".py"]


def test_a_replay_that_lies_there_already_is_not_copied(save: Save, wrong: Claim) -> None:
    path = save(wrong)
    before = path.stat().st_ino
    path.with_name("claims.py").write_text("")
    export_pytest(path, path.with_name("test_it.py"), path.with_name("claims.py"))
    assert path.stat().st_ino == before
    assert replay(path, [wrong]).status is Status.STILL_FAILS


def test_a_failure_that_the_ledger_expects_must_go_on(save: Save, tmp_path: Path) -> None:
    import numpy as np

    from varproof.campaign.instances import encode_instance
    from varproof.claims.attack import Instance
    from varproof.claims.registry import load_claim

    made = Instance({"weights": np.array([1.0, 2.0]), "factors": np.array([4.0, 1.0])}, {"rho": 4.0})
    failure = {"size": 2, "ratio": 1.05, "instance": encode_instance(made)}
    for name, code in (("factor 1.9", 0), ("statement", 0)):
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        path = save(load_claim("softmax_perturbation"), failure, name)
        export_pytest(path, folder / "test_it.py")
        assert run_pytest(folder).returncode == code
    mild = Instance({"weights": np.array([1.0, 2.0]), "factors": np.array([1.0, 1.0])}, {"rho": 4.0})
    path = save(load_claim("softmax_perturbation"), {**failure, "instance": encode_instance(mild)}, "factor 1.9")
    export_pytest(path, tmp_path / "test_it.py")
    assert "FIXED" in run_pytest(tmp_path).stdout  # the case refutes the variant no longer


@pytest.mark.parametrize("claim_id", ["a\"b'", 'x"""y', "\\", "{claim}", "new\u2028line", "1", "../up", "ünï"])
def test_any_id_gives_a_file_that_python_reads(save: Save, wrong: Claim, tmp_path: Path, claim_id: str) -> None:
    odd = tmp_path / "odd 'folder' \"x\""
    odd.mkdir()
    (odd / "claims.py").write_text("")
    path = save(
        replace(wrong, id=claim_id, falsified=(replace(wrong.falsified[0], name='a """ \\ b'),)), name='a """ \\ b'
    )
    target = export_pytest(path, tmp_path / "test_it.py", odd / "claims.py")
    tree = ast.parse(target.read_text(), filename=str(target))
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert function.name.startswith("test_")
    texts = [node.value for node in ast.walk(function) if isinstance(node, ast.Constant) and node.value]
    assert texts == [path.name, "odd 'folder' \"x\"/claims.py"]


def test_the_file_is_tidy(project: Path) -> None:
    text = (project / "tests" / "test_my_bound.py").read_text()
    assert max(map(len, text.splitlines())) <= 120
    assert 'claims=HERE / "../my_bound.py"' in text


def test_what_cannot_be_is_refused(save: Save, wrong: Claim, tmp_path: Path) -> None:
    path = save(wrong)
    (tmp_path / "test_old.py").write_text("mine")
    (tmp_path / "test_folder.py").mkdir()
    (tmp_path / "claims.py").write_text("")
    for target, message in (
        ("lemma.py", "not the name of a test file"),
        ("test_it.txt", "not the name of a test file"),
        ("", "not the name of a test file"),
        ("test_old.py", "exists already"),
        ("test_folder.py", "exists already"),
        ("missing/test_it.py", "does not exist"),
    ):
        with pytest.raises(InputError, match=message):
            export_pytest(path, tmp_path / target, tmp_path / "claims.py")
    with pytest.raises(InputError, match="not in the ledger"):
        export_pytest(path, tmp_path / "test_it.py")
    with pytest.raises(InputError, match="no such file"):
        export_pytest(path, tmp_path / "test_it.py", tmp_path / "missing.py")
    with pytest.raises(InputError, match="no such file"):
        export_pytest(tmp_path / "missing.json", tmp_path / "test_it.py")
    path.write_text("{}")
    with pytest.raises(InputError, match="not a replay"):
        export_pytest(path, tmp_path / "test_it.py")
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "claims.py",
        "saved",
        "test_folder.py",
        "test_old.py",
    ]
    assert (tmp_path / "test_old.py").read_text() == "mine"


def test_force_replaces_a_test(save: Save, wrong: Claim, tmp_path: Path) -> None:
    for name in ("test_old.py", "claims.py"):
        (tmp_path / name).write_text("mine")
    export_pytest(save(wrong), tmp_path / "test_old.py", tmp_path / "claims.py", force=True)
    assert "check_replay" in (tmp_path / "test_old.py").read_text()
