"""DIMACS files as they are found: what is tolerated and told, what is refused and with which line."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from pathlib import Path

import pytest

from reductions.problems import dimacs
from reductions.problems.cnf import Cnf
from reductions.problems.dimacs import dimacs_text, parse_dimacs, read_dimacs
from varproof.base.errors import InputError

PLAIN = "c a comment\nc\np cnf 3 2\n1 -2 0\n2 3 -1 0\n"
FORMULA = Cnf(3, ((1, -2), (2, 3, -1)))


def test_plain_files_need_no_tolerance() -> None:
    for text in (PLAIN, PLAIN.rstrip("\n"), PLAIN.replace(" ", "\t  "), "\n\n" + PLAIN + "\n \n"):
        result = parse_dimacs(text, strict=True)
        assert result.formula == FORMULA
        assert result.tolerated == ()


# text, formula, kinds of deviation with their lines
TOLERATED = {
    "comment after the header": (
        "p cnf 3 2\nc x\n1 -2 0\nc y\n2 3 -1 0\n",
        ("comments after the header (lines 2, 4)",),
    ),
    "comment inside a clause": (
        "p cnf 3 2\n1\nc 2 0\n-2 0\n2 3 -1 0\n",
        ("comments after the header (line 3)", "a clause over several lines (line 4)"),
    ),
    "comment behind a clause": ("p cnf 3 2\n1 -2 0 c 3 0\n2 3 -1 0\n", ("comments behind a clause (line 2)",)),
    "trailer": ("p cnf 3 2\n1 -2 0\n2 3 -1 0\n%\n0\n\n", ("a trailer that starts with % (line 4)",)),
    "trailer on one line": ("p cnf 3 2\n1 -2 0\n2 3 -1 0\n% 0\nc end\n", None),
    "clause over lines": ("p cnf 3 2\n1\n-2 0 \n2 3 -1 0\n", ("a clause over several lines (line 3)",)),
    "0 on its own line": ("p cnf 3 2\n1 -2\n0\n2 3 -1 0\n", ("a clause over several lines (line 3)",)),
    "clauses on one line": ("p cnf 3 2\n1 -2 0 2 3 -1 0\n", ("several clauses on a line (line 2)",)),
    "no last 0": ("p cnf 3 2\n1 -2 0\n2 3 -1", ("no 0 after the last clause (line 3)",)),
    "no last 0 before a trailer": (
        "p cnf 3 2\n1 -2 0\n2 3 -1\n%\n0\n",
        ("a trailer that starts with % (line 4)", "no 0 after the last clause (line 3)"),
    ),
    "too many announced": ("p cnf 3 9\n1 -2 0\n2 3 -1 0\n", ("the header announces 9 clauses, there are 2 (line 1)",)),
    "too few announced": ("c\np cnf 3 1\n1 -2 0\n2 3 -1 0\n", ("the header announces 1 clause, there are 2 (line 2)",)),
    "DOS": (
        PLAIN.replace("\n", "\r\n"),
        ("line ends that are not a single line feed (lines 1, 2, 3 and 2 more)",),
    ),
    "byte order mark": ("\ufeff" + PLAIN, ("a byte order mark (line 1)",)),
    "no header": (
        "1 -2 0\n2 3 -1 0\n",
        ("no header, so as many variables as the largest literal says, 3 (line 1)",),
    ),
}


@pytest.mark.parametrize("name", TOLERATED)
def test_tolerated_and_told(name: str) -> None:
    text, told = TOLERATED[name]
    result = parse_dimacs(text)
    assert result.formula == FORMULA
    if told is not None:
        assert result.tolerated == told
    assert result.tolerated
    with pytest.raises(InputError) as error:
        parse_dimacs(text, name="some.cnf", strict=True)
    assert "some.cnf" in error.value.message
    assert result.tolerated[0] in str(error.value.got)


def test_the_0_of_a_trailer_is_no_empty_clause() -> None:
    assert parse_dimacs("p cnf 1 1\n1 0\n%\n0\n").formula.clauses == ((1,),)
    assert parse_dimacs("p cnf 1 2\n1 0\n0\n").formula.clauses == ((1,), ())


REFUSED = {
    "garbage": ("p cnf 3 2\n1 -2 0\nhello 0\n", 3),
    "a fraction": ("p cnf 3 1\n1.5 0\n", 2),
    "signs": ("p cnf 3 1\n+1 0\n", 2),
    "minus alone": ("p cnf 3 1\n- 1 0\n", 2),
    "minus zero": ("p cnf 3 1\n1 -0\n", 2),
    "underscores": ("p cnf 30 1\n1_0 0\n", 2),
    "digits of another script": ("p cnf 3 1\n\u0663 0\n", 2),
    "thousands of digits": ("p cnf 3 1\n" + "1" * 5000 + " 0\n", 2),
    "literal above": ("p cnf 3 1\n1 4 0\n", 2),
    "literal below": ("c\np cnf 3 1\n1 0\n-4 0\n", 4),
    "literal without variables": ("p cnf 0 1\n1 0\n", 2),
    "other format": ("p dnf 3 1\n1 0\n", 1),
    "short header": ("p cnf 3\n1 0\n", 1),
    "long header": ("p cnf 3 1 1\n1 0\n", 1),
    "header without p": ("cnf 3 1\n1 0\n", 1),
    "negative numbers": ("p cnf -3 1\n1 0\n", 1),
    "words for numbers": ("p cnf three 1\n1 0\n", 1),
    "two headers": ("p cnf 3 1\np cnf 3 1\n1 0\n", 2),
    "late header": ("1 0\np cnf 3 1\n", 2),
    "clauses after the trailer": ("p cnf 3 1\n1 0\n%\n0\n2 0\n", 5),
    "empty": ("", 1),
    "only comments": ("c nothing\nc here\n", 2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_the_line(name: str) -> None:
    text, line = REFUSED[name]
    with pytest.raises(InputError) as error:
        parse_dimacs(text, name="some.cnf")
    assert error.value.message.startswith(f"some.cnf, line {line}: ")
    assert error.value.got is not None
    assert error.value.allowed
    assert error.value.exit_code == 2


@pytest.mark.parametrize("data", [b"p cnf 1 1\n1 0\n\0", b"\x1f\x8b\x08abc", b"BZh91AY", b"PK\x03\x04", b"\xff\xfe1 0"])
def test_binary_and_packed_files_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_dimacs(data)


def test_comments_in_any_encoding_and_with_any_line_separator_of_text() -> None:
    data = b"c caf\xe9 \x0b \x0c \xe2\x80\xa8 1 0 \x1c 2 0\np cnf 1 1\n1 0\n"
    assert parse_dimacs(data, strict=True).formula == Cnf(1, ((1,),))


def test_formulas_without_clauses_or_variables() -> None:
    assert parse_dimacs("p cnf 0 0\n", strict=True).formula == Cnf(0, ())
    assert parse_dimacs("p cnf 5 0\n", strict=True).formula == Cnf(5, ())
    assert parse_dimacs("p cnf 0 1\n0\n", strict=True).formula == Cnf(0, ((),))


def test_ten_million_variables_cost_nothing_to_read() -> None:
    tracemalloc.start()
    formula = parse_dimacs("p cnf 10000000 1\n1 -10000000 0\n").formula
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert formula == Cnf(10**7, ((1, -(10**7)),))
    assert peak < 100_000


def test_large_files_are_read_at_a_reasonable_pace() -> None:
    text = "p cnf 100 50000\n" + "1 -50 100 0\n" * 50_000
    began = time.perf_counter()
    assert len(parse_dimacs(text, strict=True).formula.clauses) == 50_000
    assert time.perf_counter() - began < 20  # 0.3 s alone; something quadratic would take minutes


def test_too_large_files_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some.cnf"
    path.write_text(PLAIN)
    assert read_dimacs(path, strict=True).formula == FORMULA
    monkeypatch.setattr(dimacs, "LARGEST_FILE", len(PLAIN) - 1)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("the file was read"))
    with pytest.raises(InputError, match="too large"):
        read_dimacs(path)


def test_a_file_that_is_not_there_and_a_directory(tmp_path: Path) -> None:
    for path in (tmp_path / "no.cnf", tmp_path):
        with pytest.raises(InputError):
            read_dimacs(path)


def test_written_files_are_read_back() -> None:
    for formula in itertools.islice(Cnf.samples(2), 100):
        assert parse_dimacs(dimacs_text(formula), strict=True).formula == formula
        assert parse_dimacs(dimacs_text(formula, ("one\ntwo", "p cnf 9 9")), strict=True).formula == formula
