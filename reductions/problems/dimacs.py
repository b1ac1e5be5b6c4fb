"""DIMACS files: a reader that accepts what the field has and says what it tolerated, and a writer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from reductions.problems.cnf import Cnf
from varproof.base.errors import InputError

LARGEST_FILE = 1 << 28  # bytes; looked up before the file is read
_INTEGER = re.compile(rb"-?[0-9]{1,18}")
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip"}


@dataclass(frozen=True)
class Dimacs:
    """What was read: the formula, and one sentence for each kind of deviation that was tolerated, with its lines."""

    formula: Cnf
    tolerated: tuple[str, ...] = ()


def read_dimacs(path: str | Path, *, strict: bool = False) -> Dimacs:
    """Read a file as `parse_dimacs` does. Raises `InputError`, also for files above 256 MiB (before reading)."""
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InputError(f"{path.name} is too large", got=f"{size} bytes", allowed=f"<= {LARGEST_FILE} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise InputError("the file cannot be read", got=error, allowed="a DIMACS file") from None
    return parse_dimacs(data, name=path.name, strict=strict)


def parse_dimacs(data: bytes | str, *, name: str = "formula", strict: bool = False) -> Dimacs:
    """The formula of a DIMACS text: comments `c ..`, one header `p cnf VARIABLES CLAUSES`, clauses ended by 0.

    Tolerated and told: a missing header, a wrong number of clauses in it, comments after it or behind a clause,
    clauses over several lines or several on one, a missing last 0, a trailer that starts with `%`, DOS line ends, a
    byte order mark. With `strict` each of these is refused: one clause a line, comments before the header.
    Raises `InputError` with the line for everything else: other text, literals beyond the header, a second header.
    Nothing is allocated for variables that do not occur.

    >>> parse_dimacs("p cnf 2 1\\n1 -2\\n0\\n2")
    Dimacs(formula=Cnf(variables=2, clauses=((1, -2), (2,))), tolerated=('a clause over several lines (line 3)', \
'no 0 after the last clause (line 4)', 'the header announces 1 clause, there are 2 (line 1)'))
    """
    raw = data.encode() if isinstance(data, str) else data
    for magic, tool in _COMPRESSED.items():
        if raw.startswith(magic):
            raise InputError(f"{name} is compressed", got=tool, allowed="DIMACS text", hint="unpack it first")
    if b"\0" in raw:
        raise InputError(f"{name} is binary", got=f"a zero byte at {raw.index(0)}", allowed="DIMACS text")
    reader = _Reader(name)
    if raw.startswith(b"\xef\xbb\xbf"):
        reader.tolerate("a byte order mark", 1)
        raw = raw[3:]
    number = 0
    # bytes split at line ends only; text would split at form feeds and the like too
    for number, line in enumerate(raw.splitlines(keepends=True), 1):
        if line.endswith((b"\r\n", b"\r")):
            reader.tolerate("line ends that are not a single line feed", number)
        reader.line(number, line)
    result = reader.finish(max(number, 1))
    if strict and result.tolerated:
        raise InputError(
            f"{name} is not plain DIMACS", got="; ".join(result.tolerated), hint="read it without --strict"
        )
    return result


def dimacs_text(formula: Cnf, comments: tuple[str, ...] = ()) -> str:
    """The formula as DIMACS text, one clause a line, after the comments. `parse_dimacs` reads it with `strict`.

    >>> print(dimacs_text(Cnf(2, ((1, -2), ())), ("two clauses",)), end="")
    c two clauses
    p cnf 2 2
    1 -2 0
    0
    """
    head = [f"c {line}" for comment in comments for line in comment.splitlines()]
    body = [" ".join(map(str, (*clause, 0))) for clause in formula.clauses]
    return "\n".join([*head, f"p cnf {formula.variables} {len(formula.clauses)}", *body, ""])


@dataclass
class _Reader:
    """State between lines: the header, whole clauses, the clause that is still open, lines of each deviation."""

    name: str
    header: tuple[int, int, int] | None = None  # variables, clauses, line
    clauses: list[tuple[int, ...]] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    open_line: int = 0
    largest: int = 0
    trailer: int = 0
    deviations: dict[str, list[int]] = field(default_factory=dict)

    def tolerate(self, what: str, line: int) -> None:
        """Note a deviation."""
        lines = self.deviations.setdefault(what, [])
        if not lines or lines[-1] != line:
            lines.append(line)

    def fail(self, line: int, message: str, got: bytes | str, allowed: str) -> NoReturn:
        """Refuse the file."""
        shown = got.decode("utf-8", "replace") if isinstance(got, bytes) else got
        raise InputError(f"{self.name}, line {line}: {message}", got=shown, allowed=allowed)

    def line(self, number: int, line: bytes) -> None:
        """Take one line."""
        words = line.split()
        if not words:
            return
        if words[0].startswith(b"c") and words[0] != b"cnf":
            if self.header or self.clauses or self.open:
                self.tolerate("comments after the header", number)
            return
        if self.trailer:
            if any(word not in (b"0", b"%") for word in words):
                self.fail(number, f"text after the trailer % of line {self.trailer}", line.strip(), "0 or nothing")
            return
        if words[0] in (b"p", b"cnf"):
            self.take_header(number, words, line)
            return
        if words[0] == b"%":
            self.trailer = number
            self.tolerate("a trailer that starts with %", number)
            self.line(number, b" ".join(words[1:]))
            return
        self.take_literals(number, words)

    def take_header(self, number: int, words: list[bytes], line: bytes) -> None:
        """Take `p cnf VARIABLES CLAUSES`."""
        allowed = "p cnf VARIABLES CLAUSES, once, before the clauses"
        if self.header:
            self.fail(number, f"a second header (the first is on line {self.header[2]})", line.strip(), allowed)
        if self.clauses or self.open:
            self.fail(number, "the header comes after a clause", line.strip(), allowed)
        if len(words) != 4 or words[1] != b"cnf":
            self.fail(number, "wrong header", line.strip(), allowed)
        if not all(re.fullmatch(rb"[0-9]{1,18}", word) for word in words[2:]):
            self.fail(number, "wrong numbers in the header", line.strip(), allowed)
        self.header = (int(words[2]), int(words[3]), number)

    def take_literals(self, number: int, words: list[bytes]) -> None:
        """Take a line of literals and ends of clauses."""
        ended = 0
        for word in words:
            if word.startswith(b"c"):
                self.tolerate("comments behind a clause", number)
                break
            if not _INTEGER.fullmatch(word) or word == b"-0":
                self.fail(number, "not a literal", word, "integers, comments, one header")
            literal = int(word)
            if literal and self.header and abs(literal) > self.header[0]:
                self.fail(number, "a literal out of range", word, f"1..{self.header[0]}, signed")
            if not self.open:
                self.open_line = number
                if ended:
                    self.tolerate("several clauses on a line", number)
            if literal:
                self.largest = max(self.largest, abs(literal))
                self.open.append(literal)
                continue
            if number != self.open_line:
                self.tolerate("a clause over several lines", number)
            self.clauses.append(tuple(self.open))
            self.open = []
            ended += 1

    def finish(self, last: int) -> Dimacs:
        """Close an open clause and compare with the header."""
        if self.open:
            self.tolerate("no 0 after the last clause", self.open_line)
            self.clauses.append(tuple(self.open))
        if self.header is None:
            if not self.clauses:
                self.fail(last, "no header and no clause", "nothing", "p cnf VARIABLES CLAUSES")
            self.tolerate(f"no header, so as many variables as the largest literal says, {self.largest}", 1)
        elif self.header[1] != len(self.clauses):
            told, there = self.header[1], len(self.clauses)
            plural = "clause" if told == 1 else "clauses"
            verb = "is" if there == 1 else "are"
            self.tolerate(f"the header announces {told} {plural}, there {verb} {there}", self.header[2])
        variables = self.header[0] if self.header else self.largest
        told_all = tuple(f"{what} ({_lines(lines)})" for what, lines in self.deviations.items())
        return Dimacs(Cnf(variables, tuple(self.clauses)), told_all)


def _lines(numbers: list[int]) -> str:
    """`line 3`, `lines 3, 5`, `lines 3, 5, 8 and 12 more`."""
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return ("line " if len(numbers) == 1 else "lines ") + ", ".join(map(str, numbers[:3])) + more
