"""The words of a finite answer: what they say, and what they never say."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction

import pytest

from varproof.base.display import shown
from varproof.regimes.finite import CRITERION, answer_finite
from varproof.regimes.finite_table import finite_rows

FORBIDDEN = re.compile(r"hard|seth|o\(|omega|np-|intractable|impossible", re.IGNORECASE)


def text(**arguments) -> str:
    return " ".join(answer_finite(**arguments).statements)


def test_no_instance_is_ever_called_by_the_name_of_a_class():
    entries = ("1e-3", "1", "3", "1e50")
    grid = itertools.product((1, 3, 4, 10**6), entries, ("1e-40", "0.01", "1.5", "4"), ("256", "1,2"))
    for d, R, delta, schedule in grid:
        answer = answer_finite(d=d, R=R, delta=delta, scale="sqrt", schedule=schedule)
        words = [*answer.statements, *(cell for row in finite_rows(answer) for cell in row), CRITERION]
        assert not any(FORBIDDEN.search(sentence) for sentence in words)
        assert all(sentence.endswith(".") and "  " not in sentence for sentence in answer.statements)
    for s, d in itertools.product(("1/2", "4", "100"), (2, 64)):
        answer = answer_finite(d=d, delta="0.01", scale=f"cosine:{s}", schedule="1024")
        assert not any(FORBIDDEN.search(sentence) for sentence in answer.statements)


def test_the_hypothesis_is_satisfied_or_violated_at_this_number_of_tokens():
    below = text(d=64, R="2", delta="0.01", schedule="256")
    above = text(d=64, R="3", delta="0.01", schedule="256")
    assert "At N = 680 this satisfies the stated hypothesis B < ln N" in below
    assert "At N = 680 this violates the stated hypothesis B < ln N" in above
    assert "violates" not in below
    assert "satisfies" not in above
    assert "vacuous" not in below
    assert "at a finite N that says nothing: here B >= ln N, and the remark is vacuous" in above


@pytest.mark.parametrize(
    ("temperature", "d", "phrase"),
    [
        ("4", 64, "ranges over 2 <= R <= 16, so the entries alone do not decide R < sqrt(ln N)"),
        ("1/4", 4, "ranges over 0.5 <= R <= 1, below sqrt(ln N) throughout"),
        ("100", 64, "ranges over 10 <= R <= 80, not below sqrt(ln N) anywhere in it"),
    ],
)
def test_cosine_reports_the_range_of_the_entries(temperature, d, phrase):
    assert phrase in text(d=d, delta="0.01", scale=f"cosine:{temperature}", schedule="256")


def test_constants_that_meet_delta_are_named():
    near, half, whole = (text(d=4, R="1", delta=delta, schedule="256") for delta in ("0.999", "1", "2"))
    assert "constant output 0" not in near
    assert "constant output 0" in half
    assert "degree 0 suffices" not in half
    assert "constant output 0" in whole
    assert "degree 0 suffices" in whole


def test_what_is_best_is_said_with_factors():
    answer = answer_finite(d=2, R="3", delta="1e-3", scale="one", schedule="doubling", n=64)
    said = " ".join(answer.statements)
    factor = shown(Fraction(answer.work["exact"], answer.work["tree"]))
    assert f"the cell method does the least work; exact attention needs {factor} times as many flops" in said
    assert "upper bound for what a tree engine does" in said
    small = text(d=64, delta="0.01", scale="cosine:4", schedule="256")
    assert "exact attention does the least work; the polynomial method needs 3,203,529 times as many flops" in small
    assert "Satisfying the hypothesis does not make a faster method pay at this size" in small
    assert "from 1,345,294,845 tokens on (full square attention" in small
    assert "tree method is counted for d <= 3 only" in small
    assert "1,955,721 times N" in small
    violated = text(d=64, R="3", delta="0.01", schedule="256")
    assert "Satisfying the hypothesis" not in violated


def test_the_kind_of_the_degree_is_said():
    assert "certified from both sides" in text(d=4, R="2", delta="0.01", schedule="256")
    closed = text(d=4, R="30", delta="0.01", schedule="256")
    assert "suffices by a closed form" in closed
    assert "certified from both sides" not in closed
