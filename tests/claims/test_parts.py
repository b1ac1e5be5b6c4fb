"""Statements in parts: severity, gathered counterexamples, and what a missing module looks like."""

from __future__ import annotations

from varproof.base.verdict import Finding, Verdict
from varproof.claims.parts import assemble, waits_for

GOOD = ("good", Finding(Verdict.PROVED, 1.0, 2.0, {"cells": 3}, "exact"))
BAD = ("bad", Finding(Verdict.REFUTED, 5.0, 4.0, {"counterexamples": [{"n": "7"}]}, "fails at n = 7"))


def test_a_missing_part_leaves_the_whole_unknown_and_a_refuted_one_refutes_it():
    missing = waits_for("engine", "reductions", "a run")
    assert assemble([GOOD]).verdict is Verdict.PROVED
    assert assemble([GOOD], [missing]).verdict is Verdict.UNKNOWN
    assert assemble([GOOD, BAD], [missing]).verdict is Verdict.REFUTED
    assert "reductions" in missing.because


def test_counterexamples_name_their_part_and_the_first_numbers_are_shown():
    whole = assemble([GOOD, BAD])
    assert whole.evidence["counterexamples"] == [{"part": "bad", "n": "7"}]
    assert whole.evidence["checked"]["good"] == {"cells": 3}
    assert (whole.measured, whole.bound) == (1.0, 2.0)
    assert "counterexamples" not in assemble([GOOD]).evidence
