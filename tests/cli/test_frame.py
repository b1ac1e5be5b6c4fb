"""The frame of the command line: exit codes, the one error form, lazy imports, consoles and progress."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from rich.console import Console

from varproof import __version__
from varproof.base.errors import CertificateError, InputError
from varproof.cli import main as main_module
from varproof.cli import output
from varproof.cli import progress as progress_module
from varproof.cli.commands import COMMANDS, Command
from varproof.cli.main import main

Capture = pytest.CaptureFixture[str]
Fake = Callable[[Callable[..., int | None]], None]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Install a function as `varproof fake` and as `varproof bench fake`."""

    def install(function: Callable[..., int | None]) -> None:
        monkeypatch.setattr(sys.modules[__name__], "_fake", function, raising=False)
        listed = (*COMMANDS, *(Command(path, f"{__name__}:_fake", "Fake.") for path in ("fake", "bench fake")))
        monkeypatch.setattr(main_module, "COMMANDS", listed)

    return install


def raising(error: BaseException) -> Callable[[], int | None]:
    def run() -> int | None:
        """Fake."""
        raise error

    return run


def error_of(capture: Capture) -> dict[str, Any]:
    shown = capture.readouterr()
    assert "Traceback" not in shown.err
    answer: dict[str, Any] = json.loads(shown.out)["error"]
    assert answer["message"] in shown.err
    return answer


def test_version(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"varproof {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["--help"]])
def test_help_lists_every_command(argv: list[str], capsys: Capture) -> None:
    assert main(argv) == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert command.words[0] in shown
        if len(command.words) == 1:
            assert command.summary in shown


@pytest.mark.parametrize("words", [("fake",), ("bench", "fake")])
@pytest.mark.parametrize("code", [None, 0, 1, 3, 4])
def test_exit_code_is_what_the_command_returns(fake: Fake, words: tuple[str, ...], code: int | None) -> None:
    def run() -> int | None:
        """Fake."""
        return code

    fake(run)
    assert main(list(words)) == (code or 0)


@pytest.mark.parametrize("words", [("fake",), ("bench", "fake")])
def test_typer_exit_is_kept(fake: Fake, words: tuple[str, ...]) -> None:
    fake(raising(typer.Exit(4)))
    assert main(list(words)) == 4


def test_group_alone_shows_its_commands(fake: Fake, capsys: Capture) -> None:
    fake(raising(AssertionError("not to be run")))
    assert main(["bench"]) == 0
    assert "fake" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("bad", got="x", allowed="y", hint="z"), 2),
        (CertificateError("no", got="x", allowed="y", hint="z"), 3),
    ],
)
def test_our_errors(fake: Fake, capsys: Capture, error: Exception, code: int) -> None:
    fake(raising(error))
    assert main(["fake"]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split()[0] for line in shown.err.splitlines()] == ["error:", "got:", "allowed:", "hint:"]


def test_our_error_as_json(fake: Fake, capsys: Capture) -> None:
    def run(as_json: output.JsonFlag = False) -> int | None:
        """Fake."""
        raise InputError("bad", got="x", allowed="y", hint="z")

    fake(run)
    assert main(["fake", "--json"]) == 2
    assert error_of(capsys) == {"message": "bad", "got": "x", "allowed": "y", "hint": "z"}


@pytest.mark.parametrize(
    ("argv", "got", "hint"),
    [
        (["exmaple"], "exmaple", "did you mean example?"),
        (["zzz"], "zzz", "varproof --help lists the commands"),
        (["example", "--forse"], "--forse", "did you mean --force?"),
        (["example", "--zzzzzz"], "--zzzzzz", "varproof example --help shows the options"),
        (["example", "a", "b"], "example a b --json", "varproof example --help shows the options"),
        (["bench", "fkae"], "fkae", "did you mean fake?"),
    ],
)
def test_usage_errors(fake: Fake, argv: list[str], got: str, hint: str, capsys: Capture) -> None:
    fake(lambda: None)
    assert main([*argv, "--json"]) == 2
    answer = error_of(capsys)
    assert (answer["got"], answer["hint"]) == (got, hint)
    assert answer["allowed"]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def test_bad_choice_missing_value_and_bad_number(fake: Fake, capsys: Capture) -> None:
    def run(
        number: int,
        colour: Annotated[Colour, typer.Option("--colour")] = Colour.RED,
        share: Annotated[float, typer.Option("--share", help="A number.")] = 0.5,
        as_json: output.JsonFlag = False,
    ) -> int | None:
        """Fake."""
        return 0

    fake(run)
    assert main(["fake", "--json"]) == 2
    answer = error_of(capsys)
    assert (answer["got"], "number" in answer["message"]) == ("fake --json", True)
    assert main(["fake", "1", "--colour", "green", "--json"]) == 2
    answer = error_of(capsys)
    assert answer["got"] == "green"
    assert answer["allowed"] == "red, blue"
    assert main(["fake", "1", "--json", "--colour"]) == 2
    assert "--colour" in error_of(capsys)["message"]
    assert main(["fake", "many", "--json"]) == 2
    assert error_of(capsys)["got"] == "fake many --json"
    assert main(["fake", "1", "--share", "half", "--json"]) == 2
    answer = error_of(capsys)
    assert (answer["got"], answer["allowed"]) == ("half", "A number.")
    assert main(["fake", "1", "--colour", "blue"]) == 0


def test_interrupt(fake: Fake, capsys: Capture) -> None:
    fake(raising(KeyboardInterrupt()))
    assert main(["fake"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_unexpected_error_is_one_line(fake: Fake, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(raising(ZeroDivisionError("by\nzero")))
    assert main(["fake"]) == 70
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "ZeroDivisionError" in shown
    assert "VARPROOF_DEBUG=1" in shown
    monkeypatch.setenv("VARPROOF_DEBUG", "1")
    assert main(["fake"]) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOENT, 2), (errno.EISDIR, 2), (errno.EACCES, 2), (errno.ENOSPC, 5)],
)
def test_file_errors(fake: Fake, capsys: Capture, number: int, code: int) -> None:
    fake(raising(OSError(number, os.strerror(number), "some/file")))
    assert main(["fake"]) == code
    shown = capsys.readouterr().err
    assert "some/file" in shown
    assert "Traceback" not in shown


def test_os_error_without_a_file_is_internal(fake: Fake, capsys: Capture) -> None:
    fake(raising(OSError(errno.ENOTCONN, "no connection")))
    assert main(["fake"]) == 70
    assert "OSError" in capsys.readouterr().err


def run_python(code: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, **options)


@pytest.mark.parametrize("argv", ["['--version']", "['--help']", "['example']"])
def test_light_commands_load_nothing_heavy(argv: str) -> None:
    heavy = "{'sympy', 'scipy', 'matplotlib', 'flint', 'networkx', 'hypothesis'}"
    done = run_python(
        f"import sys; from varproof.cli.main import main; main({argv});"
        f" sys.exit(', '.join(sorted({heavy} & set(sys.modules))) or 0)"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_closed_pipe_is_quiet() -> None:
    code = "import sys; from varproof.cli.main import main; sys.exit(main(['--help']))"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


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


def test_example_lists_writes_and_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["example"]) == 0
    assert "claim" in capsys.readouterr().out
    assert main(["example", "claim"]) == 0
    written = tmp_path / "first_claim.py"
    written.write_text("mine")
    assert main(["example", "claim"]) == 2
    assert written.read_text() == "mine"
    assert main(["example", "claim", "--force"]) == 0
    assert "CLAIM = Claim(" in written.read_text()
    assert main(["example", "clam"]) == 2
    assert "did you mean claim?" in capsys.readouterr().err
    assert main(["example", "claim", "--out", str(tmp_path)]) == 2


def test_the_example_claim_is_true_and_its_variant_false() -> None:
    from varproof.base.verdict import Verdict
    from varproof.examples.first_claim import CLAIM

    assert CLAIM.check(CLAIM.case()).verdict is Verdict.PROVED
    for variant in CLAIM.falsified:
        assert CLAIM.check(CLAIM.case(variant)).verdict is Verdict.REFUTED
