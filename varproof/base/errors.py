"""The errors a user can meet: each says what came, what is allowed and what to do."""

from __future__ import annotations


class VarproofError(Exception):
    """Base of every error this project raises on purpose.

    `got` is what came, `allowed` what would have been accepted, `hint` what to do next. The command line prints the
    three and leaves with `exit_code`; with `--json` they are the fields of `{"error": {...}}`.
    """

    exit_code = 70

    def __init__(self, message: str, *, got: object = None, allowed: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.got = got
        self.allowed = allowed
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        if self.got is not None:
            lines.append(f"  got:     {shorten(self.got)}")
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.hint:
            lines.append(f"  hint:    {self.hint}")
        return "\n".join(lines)


class InputError(VarproofError, ValueError):
    """A value the caller gave lies outside what the function is defined for."""

    exit_code = 2


class CertificateError(VarproofError):
    """A certificate could not be built for what was asked (the message names the obstacle)."""

    exit_code = 3


class MissingExtraError(VarproofError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    exit_code = 2


def printable(text: object) -> str:
    """`str(text)` with control characters and bytes that are no text (file names may hold both) written as escapes.

    >>> printable("a\\x1b[2Jb\\n")
    'a\\\\x1b[2Jb\\\\n'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def shorten(value: object, limit: int = 120) -> str:
    """`printable(value)`, cut in the middle to `limit` characters so that a message stays readable.

    >>> shorten("7" * 500, 21)
    '7777777777 … 7777777777 (500 characters)'
    """
    try:
        text = str(value)
    except ValueError:  # Python refuses to write out integers of more than a few thousand digits
        text = f"{type(value).__name__} too long to be written out"
    text = printable(text)
    if len(text) <= limit:
        return text
    half = (limit - 1) // 2
    return f"{text[:half]} … {text[-half:]} ({len(text)} characters)"
