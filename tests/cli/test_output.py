"""Output: exact JSON, tables that lose nothing, targets checked early, progress that does not chatter."""

from __future__ import annotations

import io
import json
import os
from enum import Enum
from fractions import Fraction
from pathlib import Path

import pytest
from rich.console import Console

from varproof.base.errors import InputError
from varproof.cli import output
from varproof.cli import progress as progress_module
from varproof.cli.main import main

Capture = pytest.CaptureFixture[str]


class Colour(Enum):
    RED = "red"


def test_json_refuses_nan_and_keeps_fractions_exact(capsys: Capture) -> None:
    with pytest.raises(ValueError, match="JSON"):
        output.emit_json("fake", {"x": float("nan")})
    output.emit_json("bench fake", {"x": Fraction(1, 3), "colour": Colour.RED})
    answer = json.loads(capsys.readouterr().out)
    assert (answer["format"], answer["x"], answer["colour"]) == ("varproof/bench-fake/1", "1/3", "red")
    with pytest.raises(TypeError):
        output.emit_json("fake", {"x": object()})


def test_table_is_never_cut(capsys: Capture) -> None:
    words = [f"word{i}" for i in range(60)]
    output.results().print(output.table("", ("a", "b"), [("x" * 300, " ".join(words))]))
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) == 120
    assert shown.count("x") == 300
    assert all(word in shown for word in words)
    assert "\x1b" not in shown


def test_targets_are_checked_before_the_work(tmp_path: Path) -> None:
    output.check_target(None)
    output.check_target(tmp_path / "a.png", suffixes=output.PLOT_SUFFIXES)
    for path in (tmp_path, tmp_path / "a.xyz", tmp_path / "none" / "a.png"):
        with pytest.raises(InputError):
            output.check_target(path, suffixes=(*output.PLOT_SUFFIXES, ""))


def test_progress_speaks_every_thirty_seconds_when_not_on_a_terminal() -> None:
    stream, now = io.StringIO(), [0.0]
    console = Console(file=stream, width=80)
    with progress_module.progress("cells", 100, console=console, clock=lambda: now[0]) as advance:
        for _ in range(100):
            now[0] += 1
            advance()
    assert stream.getvalue().splitlines() == [f"cells: {k} of 100 after {k} s" for k in (30, 60, 90)]


@pytest.mark.parametrize(("seconds", "shown"), [(1.0, False), (3.0, True)])
def test_progress_bar_waits_two_seconds(seconds: float, shown: bool) -> None:
    stream, now = io.StringIO(), [0.0]
    console = Console(file=stream, width=80, force_terminal=True)
    with progress_module.progress("cells", 2, console=console, clock=lambda: now[0]) as advance:
        now[0] = seconds
        advance()
    assert ("cells" in stream.getvalue()) is shown


DEGREE = ("degree", "--bound", "1", "--eps", "1e-2")


def test_a_pipe_is_refused_by_every_option_that_writes(tmp_path: Path, capsys: Capture) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    for argv in (
        [*DEGREE, "--cert", str(pipe)],
        [*DEGREE, "--plot", str(pipe)],
        ["example", "claim", "--force", "--out", str(pipe)],
        ["verify", "threshold_lemma", "--out", str(pipe)],
    ):
        assert main(argv) == 2
        assert str(pipe) in capsys.readouterr().err
    assert pipe.is_fifo()


def test_verify_refuses_a_protected_file_before_the_claims_run(tmp_path: Path, capsys: Capture) -> None:
    os.mkfifo(tmp_path / "threshold_lemma.json")
    assert main(["verify", "threshold_lemma", "--out", str(tmp_path)]) == 2
    assert "threshold_lemma.json" in capsys.readouterr().err
    (tmp_path / "link").symlink_to("nowhere")
    for out in ("", str(tmp_path / "link")):
        assert main(["verify", "threshold_lemma", "--out", out]) == 2
    assert "--out needs a directory" in capsys.readouterr().err


def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main([*DEGREE, "--cert", "c.json"]) == 2
    assert main(["verify", "threshold_lemma", "--out", "new"]) == 2
    assert "c.json" in capsys.readouterr().err


def test_a_picture_needs_a_name_before_its_ending(tmp_path: Path, capsys: Capture) -> None:
    assert main([*DEGREE, "--plot", str(tmp_path / ".png")]) == 2
    assert "no name" in capsys.readouterr().err


def test_list_checks_the_settings(capsys: Capture) -> None:
    assert main(["verify", "softmax_perturbation", "--list", "--set", "rooot=2"]) == 2
    assert "did you mean root?" in capsys.readouterr().err
    assert main(["verify", "softmax_perturbation", "--list", "--set", "root=2"]) == 0
