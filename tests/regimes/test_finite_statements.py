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
    assert f"the tree method does the least work; exact attention needs {factor} times as many flops" in said
    assert "upper bound for what a tree engine does" in said
    small = text(d=64, delta="0.01", scale="cosine:4", schedule="256")
    assert "exact attention does the least work; the polynomial method needs 3,203,529 times as many flops" in small
    assert "Satisfying the hypothesis does not make a faster method pay at this size" in small
    assert "from 1,345,294,845 tokens on (full square attention" in small
    assert "The tree method (one level of cells) is counted for d <= 3 only" in small
    assert "1,955,721 times N" in small
    violated = text(d=64, R="3", delta="0.01", schedule="256")
    assert "Satisfying the hypothesis" not in violated


def test_the_kind_of_the_degree_is_said():
    assert "certified from both sides" in text(d=4, R="2", delta="0.01", schedule="256")
    closed = text(d=4, R="30", delta="0.01", schedule="256")
    assert "suffices by a closed form" in closed
    assert "certified from both sides" not in closed


def test_a_break_even_below_n_is_reconciled_with_exact_attention():
    masked = "the mask leaves exact attention 0.6195 of the N^2 pairs"
    said = text(d=2, delta="0.001", scale="cosine:17", schedule="256")
    assert "exact attention does the least work; the polynomial method needs 1.063 times" in said
    assert "from 447 tokens on" in said
    assert f"N = 680 is one of these, but {masked}" in said
    assert "here exact attention needs no more flops" in said
    # here the polynomial method pays (break-even 42), and below it would not even without the mask
    assert "the mask leaves" not in text(d=1, delta="0.001", scale="cosine:20", schedule="256")
    beyond = text(d=2, R="1", delta="1e-400", schedule="256")
    assert "from 22,373 tokens on" in beyond
    assert "the mask leaves" not in beyond


def test_the_tree_method_has_one_name_and_no_cut_is_called_best_where_none_pays():
    every = [
        text(d=1, delta="0.001", scale="cosine:20", schedule="256"),
        text(d=2, delta="0.001", scale="cosine:17", schedule="256"),
        text(d=2, R="1", delta="1e-400", schedule="256"),
        text(d=4, R="1", delta="0.1", schedule="256"),
    ]
    assert all("The tree method (one level of cells) " in said and "cell method" not in said for said in every)
    assert "does the least work with 3 parts of every axis and degree 12:" in every[0]
    assert "does the least work with all keys in one cell and degree 25:" in every[1]
    assert "1 parts" not in every[1]
    assert "no cut that is cheaper than exact attention" in every[2]
    assert not any(word in every[2] for word in ("e+400", "degree 0"))
    # 4 parts of both axes are 16 cells for 5 tokens
    assert "no cut that is cheaper" in text(d=2, R="1", delta="0.5", scale="one", schedule="1,2")
    assert not any("no cut" in said for said in (every[0], every[1], every[3]))


def test_no_cut_is_cheaper_exactly_where_every_key_is_alone():
    seen = set()
    for R, delta, n in itertools.product(("1/10", "1", "5", "40"), ("0.1", "1e-30"), (2, 16, 128)):
        for d in (1, 2, 3):
            answer = answer_finite(n=n, d=d, R=R, delta=delta, scale="one", schedule="doubling")
            none = "no cut that is cheaper" in " ".join(answer.statements)
            assert not none or answer.work["tree"] > answer.work["exact"]
            seen.add(none)
    assert seen == {True, False}


def test_cosine_in_one_dimension_has_no_range():
    said = text(d=1, delta="0.001", scale="cosine:20", schedule="256")
    assert "ranges over" not in said
    assert "the balanced entry bound is R = 4.47214 against" in said
