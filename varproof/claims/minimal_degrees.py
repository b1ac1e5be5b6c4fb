"""Minimal degrees, certified from both sides, and how close the Bessel bounds of T1 and T2 come to them."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from varproof.approx import flint_checker, integer_checker
from varproof.approx.closed_forms import abs_lower_degree, abs_upper_degree, rel_lower_degree, rel_upper_degree
from varproof.approx.degree_certificate import DegreeCertificate, certify
from varproof.approx.start_points import Kind
from varproof.base.verdict import Finding
from varproof.claims.cells import chosen
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.tally import Tally

PAGE = "docs/explanation/polynomials-for-exp.md"
KINDS: tuple[Kind, ...] = ("rel", "abs")
GRID = {"bound": (1, 4, 16, 64), "eps_digits": (2, 4, 8, 16)}  # the statement is about these and no others


def check(case: Case) -> Finding:
    """Each cell: a certificate that both checkers accept, and the distance of the closed forms from its degree."""
    tally = Tally()
    certificates = {}
    for bound in chosen(case, "bound", GRID["bound"]):
        for digits in chosen(case, "eps_digits", GRID["eps_digits"]):
            eps = Fraction(1, 10**digits)
            for kind in KINDS:
                found = _certified(bound, eps, kind)
                lower, upper = _closed_forms(bound, eps, kind)
                cell = {"kind": kind, "B": bound, "eps": f"1e-{digits}", "degree": found.degree}
                tally.at_most(upper - found.degree, case.constants["upper_slack"], side="upper", **cell)
                tally.at_most(found.degree - lower, case.constants["lower_slack"], side="lower", **cell)
                tally.holds(lower <= found.degree <= upper, side="order", **cell)
                certificates[f"{kind}-B{bound}-eps1e-{digits}"] = dict(found.certificate.payload)
    tally.evidence["certificates"] = certificates
    return tally.finding(
        "every cell's degree carries a certificate that both checkers accepted; the closed forms are compared with it "
        "as integers. A statement about this grid, not about all B and eps"
    )


@lru_cache(maxsize=256)
def _certified(bound: int, eps: Fraction, kind: Kind) -> DegreeCertificate:
    """The certificate of a cell, accepted by both checkers (an exception of theirs makes the verdict ERROR)."""
    found = certify(bound, eps, kind=kind)
    integer_checker.check(found.certificate.payload)
    flint_checker.check(found.certificate.payload)
    return found


@lru_cache(maxsize=256)
def _closed_forms(bound: int, eps: Fraction, kind: Kind) -> tuple[int, int]:
    if kind == "rel":
        return rel_lower_degree(bound, eps), rel_upper_degree(bound, eps)
    return abs_lower_degree(bound, eps), abs_upper_degree(bound, eps)


CLAIM = Claim(
    id="minimal_degrees",
    statement=(
        "On the grid B = 1, 4, 16, 64, eps = 1e-2, 1e-4, 1e-8, 1e-16 the least degree, certified from both sides, is "
        "at most 1 below the upper bound of T1 (absolute error) or T2 (relative error) and at most 2 above the "
        "lower one."
    ),
    kind="upper",
    hypotheses={"both_sides": "every degree is certified from above and from below"},
    sources=(PAGE, "arXiv:2205.06249", "arXiv:2302.13214"),
    derived_from=("exp_absolute_bessel", "exp_relative_bessel"),
    check=check,
    falsified=(
        Variant("upper slack 0.9", "some cells are off by one", {"upper_slack": Fraction(9, 10)}),
        Variant("lower slack 1.8", "some cells are off by two", {"lower_slack": Fraction(18, 10)}),
    ),
    constants={"upper_slack": Fraction(1), "lower_slack": Fraction(2)},
    cells=GRID,
)
