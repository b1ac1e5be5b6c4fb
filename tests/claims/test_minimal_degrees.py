"""The claim on minimal degrees carries its certificates, and they check without it."""

from __future__ import annotations

from dataclasses import replace

from varproof.approx import check
from varproof.base.certificate import Certificate
from varproof.base.verdict import Verdict
from varproof.claims.minimal_degrees import CLAIM


def test_the_evidence_is_certificates_that_both_checkers_accept():
    found = CLAIM.check(replace(CLAIM.case(), cells={"bound": (4, 16), "eps_digits": (2,)}))
    assert found.verdict is Verdict.PROVED
    certificates = found.evidence["certificates"]
    assert set(certificates) == {f"{kind}-B{bound}-eps1e-2" for kind in ("rel", "abs") for bound in (4, 16)}
    for payload in certificates.values():
        assert check(Certificate(payload)).accepted
        assert check(Certificate(payload), engine="flint").accepted


def test_tighter_slack_than_the_grid_has_is_refuted_at_the_cell_that_needs_it():
    found = CLAIM.check(CLAIM.case(CLAIM.falsified[1]))
    assert found.verdict is Verdict.REFUTED
    assert {cell["degree"] for cell in found.evidence["counterexamples"]} <= {"39", "72"}
