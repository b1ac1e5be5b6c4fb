"""The claim about the theorem base: what it visits, and that an overlap of two theorems is a counterexample."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.verdict import Verdict
from varproof.claims import regime_thresholds as claim_file
from varproof.claims.regime_cases import expect
from varproof.claims.regime_thresholds import CLAIM, POWERS
from varproof.claims.tally import Tally
from varproof.regimes.registry import THEOREMS


def test_every_named_power_belongs_to_a_hypothesis_of_the_base():
    named = {(theorem.id, hypothesis.quantity) for theorem in THEOREMS for hypothesis in theorem.hypotheses}
    assert set(POWERS) <= named
    assert set(POWERS.values()) == set(CLAIM.constants)


def test_an_overlap_is_kept_with_both_bounds():
    case = replace(CLAIM.case(), constants={**CLAIM.constants, "above": Fraction(9, 10)})
    found = CLAIM.check(case)
    assert found.verdict is Verdict.REFUTED
    overlaps = [one for one in found.evidence["counterexamples"] if "bounds" in one]
    assert overlaps
    assert all("polynomial" in one["bounds"] and "counting" in one["bounds"] for one in overlaps)


@pytest.mark.parametrize(
    ("d", "power", "expected"),
    [
        ("log(n)", Fraction(19, 20), "easy"),
        ("log(n)", Fraction(1), "hard"),
        ("log(n)*log(log(n))", Fraction(19, 20), "undecided"),
        ("log(n)/log(log(n))", Fraction(21, 20), "undecided"),
        ("log(n)**(19/20)", Fraction(21, 20), "easy"),
    ],
)
def test_the_expected_verdicts_around_the_threshold(d, power, expected):
    assert claim_file._expected(d, power) == expected


def test_expect_records_a_wrong_verdict_and_a_wrong_exponent():
    given = {"d": "3", "entry_bound": "n", "delta": "n**-3"}
    for verdict, exponent, wrong in (("easy", Fraction(10, 3), 0), ("hard", None, 1), ("easy", 2, 1)):
        tally = Tally()
        expect(tally, verdict, exponent, **given)
        assert len(tally.counterexamples) == wrong
