"""The threshold claim: sharp in its tolerance, alive off the promise, and strict about its cells."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import threshold_lemma as claim_file
from varproof.claims.threshold_lemma import CLAIM

TINY = Fraction(1, 10**25)


@pytest.mark.parametrize(
    ("constant", "value"),
    [
        ("tolerance", Fraction(1, 2) + TINY),
        ("tolerance", Fraction(1, 2) - TINY),
        ("cut", Fraction(1, 2) + TINY),
        ("cut", Fraction(1, 2) - TINY),
        ("neutral", 1 + TINY),
        ("neutral", 1 - TINY),
    ],
)
def test_no_constant_can_move_at_all(constant, value):
    case = replace(CLAIM.case(), constants={**CLAIM.constants, constant: value})
    assert CLAIM.check(case).verdict is Verdict.REFUTED


def test_the_quarter_at_gap_ln_9():
    """e^g = 9: noise 1/4 is the tolerance, and the two levels are 1/4 and 3/4."""
    finding = CLAIM.check(replace(CLAIM.case(), cells={"root": (3,), "keys": (1,)}))
    assert finding.verdict is Verdict.PROVED
    assert (finding.measured, finding.bound) == (0.25, 0.25)


def test_the_high_level_is_attained_by_one_key_and_only_approached_by_more(monkeypatch):
    root, high_key = Fraction(3), 2 * Fraction(3) ** 2
    for weight in (Fraction(1), Fraction(1, 10**6)):
        output = (high_key + weight) / (high_key + weight + 2 * root)  # two keys: H = 2 r^2, neutral mass 2 r
        assert 0 < output - root / (root + 1) <= weight / (high_key + 2 * root)
    found = CLAIM.check(replace(CLAIM.case(), cells={"root": (3,), "keys": (1, 2)}))
    assert found.verdict is Verdict.PROVED
    assert "both attained" not in CLAIM.statement
    honest = claim_file._approach
    monkeypatch.setattr(claim_file, "_approach", lambda tally, high, *rest: honest(tally, high * 2, *rest))
    assert CLAIM.check(CLAIM.case()).verdict is Verdict.REFUTED


def test_one_uncounted_low_key_is_the_counterexample():
    variant = next(v for v in CLAIM.falsified if "count" in v.dropped)
    finding = CLAIM.check(replace(CLAIM.case(variant), cells={"root": (3,), "keys": (2,)}))
    first = finding.evidence["counterexamples"][0]
    assert len(first["weights"].split()) == 3
    assert all(Fraction(weight) <= 1 for weight in first["weights"].split())


@pytest.mark.parametrize("cells", [{"root": (1,)}, {"keys": (0,)}, {"keys": (6,)}, {"keys": ("two",)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
