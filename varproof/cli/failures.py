"""What a user sees when something goes wrong: got / allowed / hint on stderr, JSON on stdout with `--json`, exit code.

Anything unexpected is one line and exit code 70; the traceback appears only with `VARPROOF_DEBUG=1`.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import json
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from varproof.base.errors import InputError, VarproofError, printable, shorten
from varproof.cli.commands import COMMANDS

# the root of the parser's own errors; typer has carried it under several names, its place in the tree is stable
_ParserError: type[Exception] = typer.BadParameter.__mro__[2]

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BROKEN_STREAM = {errno.EIO, errno.EBADF}  # without a file name it is stdout that cannot be written
ANSWERED = "the answer was printed before this failure"
_PLAIN_WORDS = (
    (re.compile(r": Input should be a valid integer.*$"), ": an integer is needed"),
    (re.compile(r": Input should be a valid number.*$"), ": a number is needed"),
    (re.compile(r": Input should be greater than or equal to (.*)$"), r": at least \1 is needed"),
)


class InternalError(VarproofError):
    """An exception nobody planned for."""

    exit_code = 70


class InfrastructureError(VarproofError):
    """The machine, not the input, stands in the way."""

    exit_code = 5


def report_failure(error: BaseException, arguments: Sequence[str]) -> int:
    """Say what happened and return the exit code; `SystemExit` keeps its own."""
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):  # rich leaves its own way
        _detach_stdout()
        return 141
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0 if error.code is None else 70
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        _tell("interrupted\n")
        return 130
    shown = describe(error, arguments)
    if os.environ.get("VARPROOF_DEBUG") == "1":
        traceback.print_exception(error)
    _tell(f"error: {shown}\n")
    if sys.stdout is None:
        return shown.exit_code
    try:
        if "--json" in arguments and ANSWERED not in getattr(error, "__notes__", ()):
            sys.stdout.write(json.dumps(as_payload(shown), indent=1) + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):  # the reader is gone, the disk is full, or the stream is closed
        _detach_stdout()
    return shown.exit_code


@contextlib.contextmanager
def after_the_answer() -> Iterator[None]:
    """What fails in here fails after the answer was printed: with `--json` that stays the only object on stdout."""
    try:
        yield
    except Exception as error:
        error.add_note(ANSWERED)
        raise


def _tell(text: str) -> None:
    """Write to stderr; where that is closed or full nobody can be told."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def as_payload(error: VarproofError) -> dict[str, Any]:
    """The JSON form of an error.

    >>> as_payload(InputError("eps must be positive", got="0", allowed="eps > 0"))["error"]["allowed"]
    'eps > 0'
    """
    got = None if error.got is None else shorten(error.got)
    fields = {"message": error.message, "got": got, "allowed": error.allowed, "hint": error.hint}
    return {"format": "varproof/error/1", "error": fields}


def describe(error: BaseException, arguments: Sequence[str]) -> VarproofError:
    """The error of ours that says what `error` says."""
    if isinstance(error, VarproofError):
        return error
    if isinstance(error, _ParserError):
        return _usage(error, arguments)
    if isinstance(error, OSError) and error.filename is None and error.errno in _NO_SPACE | _BROKEN_STREAM:
        return InfrastructureError(f"cannot write the answer: {error.strerror}")
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        hint = "free some space and run again"
        return InfrastructureError(f"no space left to write: {error.strerror}", got=error.filename, hint=hint)
    if isinstance(error, OSError) and error.filename is not None:
        return InputError(f"cannot use this file: {error.strerror}", got=error.filename, allowed=_allowed_file(error))
    if isinstance(error, MemoryError):
        return InfrastructureError("not enough memory for what was asked: ask for less, or free some memory")
    name = type(error).__name__
    hint = "set VARPROOF_DEBUG=1 for the traceback and report it"
    text = shorten(str(error).replace("\n", " "))
    return InternalError(f"internal error, {name}: {text} ({hint})")


def _allowed_file(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "a file that exists, or a new one in a directory that exists"
    if isinstance(error, IsADirectoryError):
        return "a file, not a directory"
    return "a file that this user may open"


def _usage(error: Any, arguments: Sequence[str]) -> InputError:
    """A parser error (unknown option, missing or bad value, too many arguments) in our form."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else _command_path(arguments)
    hint = f"{command} --help shows the options"
    unknown = getattr(error, "option_name", None)
    if context is not None and unknown is not None and hasattr(error, "possibilities"):
        known = [name for parameter in context.command.params for name in parameter.opts if name.startswith("-")]
        near = difflib.get_close_matches(unknown, known, n=1)
        if hasattr(context.command, "commands"):
            near, hint = [], f"an option comes after its command; {command} --help lists the commands"
        hint = f"did you mean {near[0]}?" if near else hint
        return InputError(
            f"unknown option of `{command}`", got=unknown, allowed=", ".join([*known, "--help"]), hint=hint
        )
    if context is not None and (swallowed := _swallowed(context.command.params, arguments)) is not None:
        return swallowed
    message = printable(error.format_message().rstrip("."))
    parameter = getattr(error, "param", None)
    if parameter is None:
        return InputError(
            message,
            got=" ".join(arguments),
            allowed="a value after each option that takes one, and no argument beyond those that --help lists",
            hint=hint,
        )
    message = message.replace("Value error, ", "")
    for pattern, words in _PLAIN_WORDS:
        message = pattern.sub(words, message)
    choice = re.search(r"'([^']*)' is not one of (.*)$", message)
    if choice:
        allowed = choice[2].replace("'", "")
        return InputError(message.partition(":")[0], got=choice[1], allowed=allowed, hint=hint)
    allowed = getattr(parameter, "help", None) or "what --help shows for it"
    return InputError(message, got=_given(parameter.opts, arguments), allowed=allowed, hint=hint)


def _swallowed(parameters: Sequence[Any], arguments: Sequence[str]) -> InputError | None:
    """The first option of a command that took another option for its value, as after an empty variable of a shell."""
    valued = {name for p in parameters if not getattr(p, "is_flag", False) for name in p.opts if name.startswith("-")}
    words = iter(arguments)
    for word in words:
        if word == "--":
            return None
        if word in valued and looks_like_option(value := next(words, "")):
            return missing_value(word, value)
    return None


def looks_like_option(value: str) -> bool:
    """Whether a value reads like an option that was swallowed; no number and no growth begins like this.

    >>> looks_like_option("--R"), looks_like_option("-1"), looks_like_option("--1")
    (True, False, False)
    """
    return re.match(r"--[A-Za-z]", value) is not None


def missing_value(option: str, value: str) -> InputError:
    """The error of an option whose value is the next option."""
    return InputError(
        f"{option} got the value {shorten(value)}; is its value missing?",
        got=f"{option} {value}",
        allowed="a value after each option that takes one",
        hint="a variable of the shell may be empty",
    )


def _command_path(arguments: Sequence[str]) -> str:
    """The command that was asked for, as far as the arguments tell.

    >>> _command_path(["bench", "approx", "--cell"]), _command_path(["--bound"])
    ('varproof bench approx', 'varproof')
    """
    named = (command.words for command in COMMANDS if tuple(arguments[: len(command.words)]) == command.words)
    return " ".join(["varproof", *next(named, ())])


def _given(names: Sequence[str], arguments: Sequence[str]) -> str:
    """What the user wrote for an option; for a positional argument, all that was written.

    >>> _given(["--seed"], ["verify", "--seed", "x"]), _given(["--seed"], ["verify", "--seed=y"])
    ('x', 'y')
    """
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word in names:
            return following
        name, equals, value = word.partition("=")
        if equals and name in names:
            return value
    return " ".join(arguments)


def _detach_stdout() -> None:
    """Point stdout at nothing, so that the flush at exit cannot complain a second time."""
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())
