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
from collections.abc import Sequence
from typing import Any

import typer

from varproof.base.errors import InputError, VarproofError, shorten

# the root of the parser's own errors; typer has carried it under several names, its place in the tree is stable
_ParserError: type[Exception] = typer.BadParameter.__mro__[2]

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


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
        sys.stderr.write("interrupted\n")
        return 130
    shown = describe(error, arguments)
    if os.environ.get("VARPROOF_DEBUG") == "1":
        traceback.print_exception(error)
    try:
        sys.stderr.write(f"error: {shown}\n")
        if "--json" in arguments:
            sys.stdout.write(json.dumps(as_payload(shown), indent=1) + "\n")
            sys.stdout.flush()
    except BrokenPipeError:
        _detach_stdout()
    return shown.exit_code


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
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return InfrastructureError("no space left to write", got=error.filename, hint="free some space and run again")
    if isinstance(error, OSError) and error.filename is not None:
        return InputError(f"cannot use this file: {error.strerror}", got=error.filename, allowed=_allowed_file(error))
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
    command = context.command_path if context is not None else "varproof"
    hint = f"{command} --help shows the options"
    unknown = getattr(error, "option_name", None)
    if context is not None and unknown is not None and hasattr(error, "possibilities"):
        known = [name for parameter in context.command.params for name in parameter.opts if name.startswith("-")]
        near = difflib.get_close_matches(unknown, known, n=1)
        hint = f"did you mean {near[0]}?" if near else hint
        return InputError(f"unknown option of `{command}`", got=unknown, allowed=", ".join(known), hint=hint)
    message = error.format_message().rstrip(".")
    parameter = getattr(error, "param", None)
    if parameter is None:
        return InputError(
            message,
            got=" ".join(arguments),
            allowed="a value after each option that takes one, and no argument beyond those that --help lists",
            hint=hint,
        )
    message = message.replace("Value error, ", "")
    choice = re.search(r"'([^']*)' is not one of (.*)$", message)
    if choice:
        allowed = choice[2].replace("'", "")
        return InputError(message.partition(":")[0], got=choice[1], allowed=allowed, hint=hint)
    allowed = getattr(parameter, "help", None) or "what --help shows for it"
    return InputError(message, got=_given(parameter.opts, arguments), allowed=allowed, hint=hint)


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
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
