"""How commands speak: results to stdout, talk to stderr, one JSON object with `--json`, tables that lose no column.

Option types shared by the commands, e.g. `def degree(..., as_json: JsonFlag = False, plot: PlotFile = None)`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from varproof.base.certificate import replacing, writable_target
from varproof.base.errors import InputError, printable
from varproof.cli.environment import environment

PLAIN_WIDTH = 120  # columns when stdout is a file or a pipe
PLOT_SUFFIXES = (".png", ".svg", ".pdf")

JsonFlag = Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON object instead of a table.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of everything random.")]
PlotFile = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Also draw a picture (.png, .svg or .pdf).")
]


def emit_json(command: str, payload: Mapping[str, Any]) -> None:
    """Print `payload` as one JSON object with `format` first and the `environment` block last.

    `command` is the command's path (`degree`, `bench approx`). Fractions become strings, enumerations their value;
    NaN and infinities are refused (`ValueError`), since JSON has no such numbers.
    """
    name = "-".join(command.split())
    answer = {"format": f"varproof/{name}/1", **payload, "environment": environment()}
    sys.stdout.write(json.dumps(answer, indent=1, allow_nan=False, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: object) -> object:
    """The JSON form of what `json` does not know.

    >>> _plain(Fraction(1, 3))
    '1/3'
    """
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Path):
        return os.fsencode(value).decode("utf-8", "backslashreplace")  # a name need not be text
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def results() -> Console:
    """The console for results (stdout): colour only on a terminal without NO_COLOR, a fixed width elsewhere."""
    return _console(stderr=False)


def talk() -> Console:
    """The console for everything that is not the result (stderr)."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    terminal = stream is not None and stream.isatty()  # None: closed by the caller, nothing is shown
    return Console(
        stderr=stderr,
        width=None if terminal else PLAIN_WIDTH,
        force_terminal=terminal,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()) -> Table:
    """A table whose long cells are folded onto several lines, never cut; columns named in `right` align right."""
    made = Table(title=title or None, title_justify="left", title_style="bold")
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    return made


def check_target(path: Path | None, *, suffixes: Sequence[str] = ()) -> None:
    """Refuse an output file that cannot be written, before the work starts (None is fine: nothing is written).

    Raises `InputError` for a suffix that is not among `suffixes` and for what `writable_target` refuses: a directory,
    a device or pipe, a write-protected file, a directory that is missing.
    """
    if path is None:
        return
    if not path.name:  # an empty text is the current directory to pathlib
        raise InputError("the output file has no name", got='"" or "."', allowed="a name such as map.png")
    if suffixes and path.suffix.lower() not in suffixes:
        bare = path.name.lower() in suffixes
        hint = f"write a name before the ending: picture{path.name}" if bare else "change the file's ending"
        message = "the file has an ending but no name" if bare else "unknown file type"
        raise InputError(message, got=path, allowed=", ".join(suffixes), hint=hint)
    writable_target(path)


@contextmanager
def picture(path: Path) -> Iterator[Path]:
    """Yield the file to draw into; it becomes `path` once it is complete, and that is said on stderr."""
    with replacing(path) as scratch:
        yield scratch
    talk().print(f"wrote {printable(path)}", soft_wrap=True)


def check_distinct(*paths: Path | None) -> None:
    """Refuse two outputs that are one file, also through a link: the second would replace the first."""
    real = [os.path.realpath(path) for path in paths if path is not None]
    if len(set(real)) < len(real):
        got = next(path for path in paths if path is not None)
        raise InputError("two outputs go to the same file", got=got, allowed="a file of its own for each")
