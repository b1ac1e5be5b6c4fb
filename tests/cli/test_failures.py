"""Where nothing can be written: a full disk, a closed stream; and messages that stay readable."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import pytest

from varproof.approx import certify, check
from varproof.base.errors import InputError, printable
from varproof.cli.main import main

Capture = pytest.CaptureFixture[str]


class FullDisk(io.StringIO):
    """A stdout whose disk is full; `late` fails only when the buffer is flushed."""

    def __init__(self, number: int, *, late: bool) -> None:
        super().__init__()
        self.number, self.late = number, late

    def write(self, text: str) -> int:
        if not self.late:
            raise OSError(self.number, os.strerror(self.number))
        return len(text)

    def flush(self) -> None:
        raise OSError(self.number, os.strerror(self.number))

    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EFBIG])
@pytest.mark.parametrize("argv", [["example", "--json"], ["example"], ["--version"]])
def test_an_answer_that_cannot_be_written(
    argv: list[str], number: int, late: bool, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdout", FullDisk(number, late=late))
    assert main(argv) == 5
    assert capsys.readouterr().err == f"error: cannot write the answer: {os.strerror(number)}\n"


def test_a_closed_stdout_and_a_closed_stderr(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        assert main(["example", "--json"]) == 5
    shown = capsys.readouterr().err
    assert shown == "error: stdout is closed, there is nowhere to write the answer\n"
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["example", "nothing", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["got"] == "nothing"


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit")
def test_a_file_size_limit_gives_one_line_and_no_half_file(tmp_path: Path) -> None:
    script = f'ulimit -f 0; "{sys.executable}" -m varproof example --json > out.txt'
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (5, f"error: cannot write the answer: {os.strerror(errno.EFBIG)}\n")
    script = f'ulimit -f 0; "{sys.executable}" -m varproof example claim --out mine.py'
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "got:     mine.py" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def error_of(argv: list[str], capsys: Capture) -> dict[str, str]:
    assert main([*argv, "--json"]) == 2
    answer: dict[str, str] = json.loads(capsys.readouterr().out)["error"]
    return answer


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["degree", "--json", "--bound"], "requires an argument", "varproof degree --help shows the options"),
        (["bench", "approx", "--json", "--cell"], "requires an argument", "varproof bench approx --help shows"),
        (["--json", "degree"], "before the command", "put it after the command: varproof degree --json"),
        (["--seed", "3", "verify"], "before the command", "put it after the command: varproof verify --seed"),
        (["--zzz"], "unknown option", "an option comes after its command"),
        (["rank", "--d", "1.5", "--degree", "2"], "'--d': an integer is needed", "varproof rank --help"),
        (["verify", "--seed", "-1"], "'--seed': at least 0 is needed", "varproof verify --help"),
        (["bench", "approx", "--timeout", "x"], "'--timeout': a number is needed", "varproof bench approx --help"),
        (["example", "--force"], "which example?", "varproof example claim"),
        (["example", "--out", "x.py"], "which example?", "varproof example claim"),
    ],
)
def test_usage_messages(argv: list[str], message: str, hint: str, capsys: Capture) -> None:
    if argv[-1] in ("--bound", "--cell"):
        assert main(argv) == 2
        answer = json.loads(capsys.readouterr().out)["error"]
    else:
        answer = error_of(argv, capsys)
    assert message in answer["message"]
    assert hint in answer["hint"]


@pytest.mark.parametrize(
    ("line", "option", "value"),
    [
        ("regime --d --R 1 --delta 1", "--d", "--R"),
        ("regime --d 3 --R --delta 1", "--R", "--delta"),
        ("regime --d 3 --R 1 --delta --schedule 256", "--delta", "--schedule"),
        ("regime --n --values 3 --d 3 --R 1 --delta 1", "--n", "--values"),
        ("regime --d 3 --R 1 --schedule 256 --delta", "--delta", "--json"),
        ("regime --d 3 --R 1 --delta 1 --schedule 256 --plot", "--plot", "--json"),
        ("regime --asymptotic --d n --R 1 --delta 1 --scales", "--scales", "--json"),
        ("degree --bound --eps 1e-3", "--bound", "--eps"),
        ("rank --d --degree 3", "--d", "--degree"),
    ],
)
def test_an_option_that_took_the_next_one_for_its_value(line: str, option: str, value: str, capsys: Capture) -> None:
    error = error_of(line.split(), capsys)
    assert error["message"] == f"{option} got the value {value}; is its value missing?"
    assert error["got"] == f"{option} {value}"


def test_other_surplus_arguments_are_not_blamed_on_an_option(capsys: Capture) -> None:
    for line in ("regime --d 3 --R 1 --delta 1 more", "regime --d 3 --R -1 --delta 1 --json more"):
        assert "unexpected extra argument" in error_of(line.split(), capsys)["message"]
    assert main(["regime", "--d", "3", "--R", "1", "--delta", "1", "--", "--d", "--R"]) == 2
    assert "unexpected extra argument(s)" in capsys.readouterr().err
    number = ["regime", "--d", "3", "--R", "--1", "--delta", "1", "--schedule", "256"]
    assert error_of(number, capsys)["message"] == "R is not a rational number"


@pytest.mark.parametrize("argv", [["-h"], ["bench", "-h"], ["verify", "-h"], ["verify", "--help"]])
def test_short_help(argv: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(argv) == 0
    shown = capsys.readouterr().out
    assert "Usage: varproof" in shown
    assert "[[" not in shown
    assert "<bool>" not in shown
    if argv[0] == "verify":
        assert "[CLAIM]..." in shown
        assert "Exit code 0 when every verdict is the expected one and every wrong variant was" in shown


def test_two_outputs_in_one_file(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "link.png").symlink_to("c.png")
    for other in ("c.png", "link.png"):
        argv = ["degree", "--bound", "1", "--eps", "1e-2", "--cert", str(tmp_path / "c.png")]
        assert "same file" in error_of([*argv, "--plot", str(tmp_path / other)], capsys)["message"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names there are text")
def test_file_names_with_control_characters_are_escaped(tmp_path: Path, capsys: Capture) -> None:
    odd = tmp_path / os.fsdecode(b"a\x1b[31m\n\xff.json")
    assert main(["degree", "--bound", "1", "--eps", "1e-2", "--cert", str(odd)]) == 0
    shown = capsys.readouterr().err
    assert shown.endswith("a\\x1b[31m\\n\\udcff.json\n")
    assert main(["check", str(odd), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"].endswith("a\x1b[31m\n\\xff.json")
    odd.unlink()
    assert main(["check", str(odd)]) == 2
    assert "\x1b" not in capsys.readouterr().err
    assert str(InputError("m", got="a\nb")) == "m\n  got:     a\\nb"
    assert printable("é √ 1") == "é √ 1"


@pytest.mark.parametrize("text", ["[1]", "{}", '{"format": "varproof/claim/1", "id": "S1"}'])
def test_another_json_file_is_told_by_its_format(text: str, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "claim.json"
    path.write_text(text, encoding="utf-8")
    for engine in ("integers", "flint"):
        message = error_of(["check", str(path), "--engine", engine], capsys)["message"]
        assert message.endswith('not a JSON object with "format": "varproof/degree-certificate/1"')


def test_check_takes_a_payload_and_refuses_what_is_nothing(tmp_path: Path) -> None:
    payload = certify("1", "1e-2").certificate.payload
    assert check(payload).accepted
    assert check(MappingProxyType(dict(payload)), engine="flint").accepted
    for nothing in (None, 7, [payload], b"c.json"):
        with pytest.raises(InputError, match="not a certificate, a mapping or a path"):
            check(nothing)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(InputError, match="not a JSON object") as caught:
        check({})
    assert caught.value.got == "a certificate object"


def test_a_claim_that_differs_in_case_alone_is_the_only_suggestion(capsys: Capture) -> None:
    assert error_of(["verify", "s3"], capsys)["hint"] == "did you mean S3?"


@pytest.mark.parametrize(
    ("bound", "eps", "shown"),
    [("1e-300", "1/2", "B = 1e-300"), ("1", "0.999999999999", "<= 9.99999e-1"), ("1", "1/3", "<= 1/3")],
)
def test_titles_stay_short_and_never_round_eps_up(bound: str, eps: str, shown: str, capsys: Capture) -> None:
    assert main(["degree", "--bound", bound, "--eps", eps]) == 0
    assert shown in capsys.readouterr().out.splitlines()[0]


def test_memory_that_runs_out_is_no_internal_error(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 74.5 GiB for an array with shape (100000, 100000)")

    monkeypatch.setattr("varproof.var.models.formal.formal_random", exhausted)
    assert main(["var", "run", "--schedule", "1,2", "--width", "4", "--json"]) == 5
    shown = capsys.readouterr()
    message = "not enough memory for what was asked: ask for less, or free some memory"
    assert shown.err == f"error: {message}\n"
    assert json.loads(shown.out)["error"]["message"] == message


@pytest.mark.parametrize("command", ["run", "errors --delta .1"])
def test_a_model_that_does_not_fit_is_refused_at_once(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("varproof.var.models.resources.available_memory", lambda: 2**40)
    line = f"var {command} --schedule doubling --n 1048576 --width 64 --heads 4"
    error = error_of(line.split(), capsys)
    assert error["message"] == "the model does not fit in memory"
    assert "of it tokens" in error["got"]
    assert "smaller n or width" in error["hint"]
