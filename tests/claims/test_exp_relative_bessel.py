"""T2: the check needs the hypothesis n > B, and the constant of its upper bound is sharp."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from varproof.base.verdict import Verdict
from varproof.claims.exp_relative_bessel import CLAIM


def test_the_constant_two_is_sharp_to_one_percent():
    sharper = replace(CLAIM.case(), constants={"upper": Fraction(198, 100)})
    assert CLAIM.check(sharper).verdict is Verdict.REFUTED


def test_only_the_lower_bound_is_claimed_below_the_bound():
    below = replace(CLAIM.case(), cells={"bound": (4,), "degree": (2,)})
    found = CLAIM.check(below)
    assert found.verdict is Verdict.PROVED
    assert found.evidence["cells"] == 1


def test_without_the_hypothesis_the_same_cell_is_a_counterexample():
    below = replace(CLAIM.case(), cells={"bound": (4,), "degree": (2,)}, dropped=frozenset({"contraction"}))
    found = CLAIM.check(below)
    assert found.verdict is Verdict.REFUTED
    assert found.evidence["counterexamples"][0]["B"] == "4"
