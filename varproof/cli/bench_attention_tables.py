"""Tables of a benchmark that fit the terminal: numbers and names stay whole, cases become headings, columns go."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rich.console import Console
from rich.table import Table

from varproof.cli.output import results

PROSE = 24  # columns that a text of several words gets at least
LEAST_WIDTH = 20
COMMAND = "pip install"  # never broken: it is to be copied


@dataclass(frozen=True)
class Sheet:
    """Rows of text under columns; a first column "case" may become headings.

    Columns in `right` are numbers; those in `spare` are left out first, in that order; `prose` may wrap at spaces.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    prose: str = ""


def wide_console() -> Console:
    """The console for results; a pipe is as wide as COLUMNS says, where that is set, as a terminal is."""
    console, asked = results(), os.environ.get("COLUMNS", "")
    if not console.is_terminal and asked.isascii() and asked.isdecimal() and int(asked) >= LEAST_WIDTH:
        console.width = int(asked)
    return console


def show_sheet(console: Console, sheet: Sheet) -> None:
    """Print the sheet in the first form that fits: as it is, with cases as headings, without columns it can spare.

    Where not even that fits, cells are folded as in every other table.
    """
    forms = [sheet]
    if sheet.columns[0] == "case":
        forms += [stack(without(sheet, sheet.spare[:count])) for count in range(len(sheet.spare) + 1)]
    fitting = [form for form in forms if least_width(form) <= console.width]
    shown = fitting[0] if fitting else forms[-1]
    console.print(_made(shown, whole=bool(fitting)))
    missing = [name for name in sheet.spare if name not in shown.columns]
    if missing:
        say(console, f"left out at {console.width} columns: {', '.join(missing)}; --json has all")


def say(console: Console, text: str) -> None:
    """Print a line of text: whole into a pipe, broken at spaces on a terminal, a command to be copied never broken."""
    if not console.is_terminal:
        console.print(text, soft_wrap=True)
        return
    before, command, after = text.partition(COMMAND)
    if not command or len(text) <= console.width:
        console.print(text)
        return
    console.print(before.rstrip())
    console.print(f"  {command}{after}", soft_wrap=True)


def without(sheet: Sheet, names: Sequence[str]) -> Sheet:
    """The sheet without some columns.

    >>> without(Sheet("", ("case", "time", "rank"), [("a", "1 s", "21")]), ["time"]).rows
    [('a', '21')]
    """
    kept = [at for at, name in enumerate(sheet.columns) if name not in names]
    columns, *rows = (tuple(row[at] for at in kept) for row in (sheet.columns, *sheet.rows))
    return replace(sheet, columns=columns, rows=rows)


def stack(sheet: Sheet) -> Sheet:
    """The sheet with the case above its rows instead of beside them; an empty name continues the case before.

    >>> stack(Sheet("", ("case", "engine", "time"), [("d2", "exact", "1 s"), ("N = 8", "tree", "2 s")])).rows
    [('d2', ''), ('N = 8', ''), ('  exact', '1 s'), ('  tree', '2 s')]
    """
    groups: list[tuple[list[str], list[tuple[str, ...]]]] = []
    for first, *rest in sheet.rows:
        if not groups or (first and first not in groups[-1][0] and not first.startswith("N = ")):
            groups.append(([], []))
        names, rows = groups[-1]
        if first and first not in names:
            names.append(first)
        rows.append((f"  {rest[0]}", *rest[1:]))
    made: list[tuple[str, ...]] = []
    empty = ("",) * (len(sheet.columns) - 2)
    for names, rows in groups:
        made += [(name, *empty) for name in names]
        made += rows
    return replace(sheet, columns=sheet.columns[1:], rows=made)


def least_width(sheet: Sheet) -> int:
    """The columns of the terminal that the sheet needs when only its prose wraps.

    >>> least_width(Sheet("", ("case", "time"), [("d2-r21", "1.25 ms")]))
    20
    """
    total = 3 * len(sheet.columns) + 1
    for at, name in enumerate(sheet.columns):
        texts = [*name.split("\n"), *(row[at] for row in sheet.rows)]
        natural = max(map(len, texts))
        longest_word = max((len(word) for text in texts for word in text.split()), default=0)
        total += max(longest_word, min(natural, PROSE)) if name == sheet.prose else natural
    return total


def _made(sheet: Sheet, *, whole: bool) -> Table:
    """The table; with `whole` only prose wraps, otherwise everything folds as in every other table."""
    made = Table(title=sheet.title or None, title_justify="left", title_style="bold")
    for name in sheet.columns:
        side: Literal["left", "right"] = "right" if name in sheet.right else "left"
        made.add_column(name, justify=side, no_wrap=whole and name != sheet.prose, overflow="fold")
    for row in sheet.rows:
        made.add_row(*row)
    return made
