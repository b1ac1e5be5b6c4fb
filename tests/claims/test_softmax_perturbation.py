"""The three softmax claims: what they visit, the exact ratio of the classical form, and refused cells."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from flint import ctx

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import score_perturbation, softmax_perturbation, softmax_perturbation_classical
from varproof.claims.model import Claim
from varproof.claims.softmax_perturbation import l1_move

SHARP, CLASSICAL, SCORES = (
    module.CLAIM for module in (softmax_perturbation, softmax_perturbation_classical, score_perturbation)
)


def test_l1_distance_by_hand():
    assert l1_move([Fraction(1), Fraction(1)], [Fraction(3), Fraction(1)]) == Fraction(1, 2)
    assert l1_move([Fraction(5)], [Fraction(7)]) == 0
    assert l1_move([Fraction(2), Fraction(9)], [Fraction(4), Fraction(4)]) == 0


@pytest.mark.parametrize("root", [Fraction(1000001, 1000000), Fraction(7, 5), 1000])
def test_the_bound_is_met_at_other_ratios(root):
    finding = SHARP.check(replace(SHARP.case(), cells={"root": (root,), "keys": (2, 4)}))
    assert finding.verdict is Verdict.PROVED


def test_a_larger_and_a_smaller_factor_are_both_refuted_by_the_smallest_change():
    for factor in (Fraction(2) - Fraction(1, 10**30), Fraction(2) + Fraction(1, 10**30)):
        finding = SHARP.check(replace(SHARP.case(), constants={"factor": factor}))
        assert finding.verdict is Verdict.REFUTED


def test_the_sharp_and_classical_bounds_differ_by_the_factor_two_in_the_limit():
    """At eps tiny, any lowest ratio above 2/(1-u)^2 is refuted and 2 itself is not."""
    u = Fraction(1, 10**20)
    cells = {"u": (u,)}
    good = replace(CLASSICAL.case(), cells=cells)
    assert CLASSICAL.check(good).verdict is Verdict.PROVED
    over = {**CLASSICAL.constants, "lowest_ratio": 2 / (1 - u) ** 2 + Fraction(1, 10**40)}
    assert CLASSICAL.check(replace(good, constants=over)).verdict is Verdict.REFUTED


def test_scores_leave_the_working_precision_alone():
    before = ctx.prec
    assert SCORES.check(SCORES.case()).verdict is Verdict.PROVED
    assert ctx.prec == before


@pytest.mark.parametrize(
    ("claim", "cells"),
    [
        (SHARP, {"root": (1,)}),
        (SHARP, {"root": ("x",)}),
        (SHARP, {"keys": (0,)}),
        (SHARP, {"keys": (30,)}),
        (CLASSICAL, {"u": (1,)}),
        (CLASSICAL, {"u": (0,)}),
        (SCORES, {"eta": (0,)}),
        (SCORES, {"eta": (10**9,)}),
        (SCORES, {"root": (Fraction(1, 2),)}),
    ],
)
def test_cells_without_meaning_are_refused(claim: Claim, cells):
    with pytest.raises(InputError):
        claim.check(replace(claim.case(), cells={**claim.cells, **cells}))
