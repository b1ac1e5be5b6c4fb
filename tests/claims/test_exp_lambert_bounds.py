"""T4: the closed-form degrees reach their accuracy, and the numeric steps of the proof are really checked."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.approx.best_error import best_error
from varproof.approx.closed_forms import absolute_lambert_degree, relative_lambert_degree
from varproof.base.verdict import Verdict
from varproof.claims.exp_lambert_bounds import CLAIM


@pytest.mark.parametrize("bound", [Fraction(1, 2), 3, 20, 60])
@pytest.mark.parametrize("eps", [Fraction(9, 10), Fraction(1, 100), Fraction(1, 10**12)])
def test_the_degrees_reach_the_accuracy(bound, eps):
    assert best_error(relative_lambert_degree(bound, eps), bound, "rel").upper <= eps
    assert best_error(absolute_lambert_degree(bound, eps), bound, "abs").upper <= eps


def test_every_step_of_the_proof_is_visited():
    case = replace(CLAIM.case(), cells={"bound": (1,), "eps_digits": (2,), "mu": (Fraction(1),)})
    found = CLAIM.check(case)
    assert found.verdict is Verdict.PROVED
    assert found.evidence["cells"] > 4000


def test_a_smaller_absolute_degree_is_a_counterexample():
    case = replace(CLAIM.case(), constants={**CLAIM.constants, "abs_degree": Fraction(93, 100)})
    found = CLAIM.check(case)
    assert found.verdict is Verdict.REFUTED
    assert found.evidence["counterexamples"][0]["kind"] == "abs"
