"""The frame of the command line: exit codes, the one error form, lazy imports, consoles and progress."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

import pytest
import typer

from varproof import __version__
from varproof.base.errors import CertificateError, InputError
from varproof.cli import main as main_module
from varproof.cli import output
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
