"""Claims on rank, the degree law, kernels and layers: verdicts, killed variants, other cells, and faults put in."""

from __future__ import annotations

import importlib
from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.model import Claim

MODULES = (
    "rank_count",
    "as23_rank_doubling",
    "degree_law",
    "interpolation_kernel_constants",
    "layer_amplification",
    "kernel_values_in_unit_interval",
)


def load(module: str) -> Claim:
    claim: Claim = importlib.import_module(f"varproof.claims.{module}").CLAIM
    return claim


VARIANTS = [(module, variant) for module in MODULES for variant in load(module).falsified]


@pytest.mark.parametrize("module", MODULES)
def test_verdict_is_the_expected_one(module):
    claim = load(module)
    finding = claim.check(claim.case())
    assert finding.verdict is claim.expected
    assert finding.because
    if claim.corrected is not None:
        assert claim.corrected.check(claim.case()).verdict is claim.corrected.expected


@pytest.mark.parametrize(("module", "variant"), VARIANTS, ids=lambda value: getattr(value, "name", value))
def test_wrong_variants_are_killed_with_a_counterexample(module, variant):
    """The check that is true of the statement must refute it: the correction's where the literal one fails."""
    claim = load(module)
    for check in (claim.check, *((claim.corrected.check,) if claim.corrected else ())):
        finding = check(claim.case(variant))
        assert finding.verdict is Verdict.REFUTED
        assert finding.evidence["counterexamples"]


@pytest.mark.parametrize(("module", "variant"), VARIANTS, ids=lambda value: getattr(value, "name", value))
def test_variants_change_one_thing_by_at_most_a_tenth(module, variant):
    claim = load(module)
    assert len(variant.constants) + len(variant.dropped) == 1
    for name, value in variant.constants.items():
        assert abs(value / claim.constants[name] - 1) <= Fraction(1, 10)
    assert variant.dropped <= set(claim.hypotheses)


@pytest.mark.parametrize(
    ("module", "cells"),
    [
        ("rank_count", {"head_dim": (5,)}),
        ("rank_count", {"degree": (Fraction(1, 2),)}),
        ("as23_rank_doubling", {"degree": (-1,)}),
        ("degree_law", {"bound": (0,)}),
        ("degree_law", {"eps_digits": ("x",)}),
        ("interpolation_kernel_constants", {"a": (Fraction(1, 2),)}),
        ("interpolation_kernel_constants", {"a": (Fraction(-7, 2),)}),
        ("interpolation_kernel_constants", {"a": (-3 - Fraction(1, 10**40),)}),
        ("interpolation_kernel_constants", {"a": (Fraction(1, 10**10),)}),
        ("interpolation_kernel_constants", {"a": (-Fraction(1, 10**61),)}),
        ("interpolation_kernel_constants", {"a": ("x",)}),
        ("interpolation_kernel_constants", {"sides": (0,)}),
        ("kernel_values_in_unit_interval", {"phases": (1,)}),
        ("layer_amplification", {"factor": (1,)}),
        ("layer_amplification", {"ratio": (1,)}),
    ],
)
def test_cells_without_meaning_are_refused(module, cells):
    claim = load(module)
    with pytest.raises(InputError):
        claim.check(replace(claim.case(), cells={**claim.cells, **cells}))


def test_rank_count_measures_ranks_and_not_only_counts(monkeypatch):
    claim = load("rank_count")
    monkeypatch.setattr("varproof.claims.rank_count.COORDINATES", 0)  # all tokens zero: rank one
    assert claim.check(claim.case()).verdict is Verdict.REFUTED


def test_rank_count_sees_a_wrong_formula(monkeypatch):
    claim = load("rank_count")
    monkeypatch.setattr("varproof.claims.rank_count.monomial_rank", lambda d, g: d + g + 1)
    assert claim.check(claim.case()).verdict is Verdict.REFUTED


def test_doubling_sees_a_wrong_joint_form(monkeypatch):
    claim = load("as23_rank_doubling")
    monkeypatch.setattr("varproof.claims.as23_rank_doubling.as23_rank", lambda d, g: (d + g + 1) ** 2)
    assert claim.check(claim.case()).verdict is Verdict.REFUTED


def test_degree_law_needs_both_halves(monkeypatch):
    claim = load("degree_law")
    small = replace(claim.case(), cells={"bound": (16,), "eps_digits": (8,)})
    parts = {part.name: part.verdict for part in claim.check(small).parts}
    assert parts == {"law": Verdict.TESTED, "hidden constant": Verdict.PROVED}
    with monkeypatch.context() as patch:
        patch.setattr("varproof.claims.degree_law.MAX_BOXES", 20)  # too few boxes prove nothing
        assert claim.check(small).verdict is Verdict.UNKNOWN
    monkeypatch.setattr("varproof.claims.degree_law.certified_bracket", lambda kind, bound, digits: (11, 11))
    assert claim.check(small).verdict is Verdict.REFUTED


def test_degree_law_checks_the_hidden_constant_from_below_too(monkeypatch):
    claim = load("degree_law")
    small = replace(claim.case(), cells={"bound": (16,), "eps_digits": (8,)})
    monkeypatch.setattr("varproof.claims.degree_law.log_branch", lambda kind, angle: angle * 0 + 0.25)
    assert claim.check(small).verdict is Verdict.REFUTED


def test_degree_law_is_undecided_when_degrees_are_only_bracketed_widely(monkeypatch):
    claim = load("degree_law")
    small = replace(claim.case(), cells={"bound": (16,), "eps_digits": (8,)})
    monkeypatch.setattr("varproof.claims.degree_law.certified_bracket", lambda kind, bound, digits: (6, 91))
    assert claim.check(small).verdict is Verdict.UNKNOWN


def test_both_ends_of_the_kernel_parameter_belong_to_the_claim():
    claim = load("interpolation_kernel_constants")
    found = claim.check(replace(claim.case(), cells={**claim.cells, "a": (-3, 0)}))
    assert found.verdict is Verdict.PROVED


def test_kernel_constants_see_a_wrong_matrix_and_a_wrong_kernel(monkeypatch):
    claim = load("interpolation_kernel_constants")
    with monkeypatch.context() as patch:
        patch.setattr("varproof.claims.interpolation_kernel_constants.infinity_norm", lambda k, p, n: Fraction(1))
        assert claim.check(claim.case()).verdict is Verdict.REFUTED
    from varproof.approx.interpolation_kernels import keys_cubic

    monkeypatch.setattr("varproof.claims.interpolation_kernel_constants.keys_cubic", lambda a: keys_cubic("-1/2"))
    assert claim.check(claim.case()).verdict is Verdict.REFUTED


def test_the_literal_kernel_statement_fails_at_four_thirds():
    claim = load("kernel_values_in_unit_interval")
    finding = claim.check(claim.case())
    assert claim.id == "S7"
    assert finding.evidence["counterexamples"][0]["x"] == "4/3"
    assert finding.evidence["counterexamples"][0]["W"] == "-1/9"


@pytest.mark.parametrize("shift", [Fraction(1, 10**30), -Fraction(1, 10**30)])
def test_the_range_of_the_kernel_cannot_move_at_all(shift):
    claim = load("kernel_values_in_unit_interval")
    assert claim.corrected is not None
    constants = {**claim.constants, "lobe": claim.constants["lobe"] + shift}
    found = claim.corrected.check(replace(claim.case(), constants=constants))
    assert found.verdict is Verdict.REFUTED
    assert found.evidence["counterexamples"][0]["side"] == "min W"


def test_the_range_is_not_read_off_the_grid(monkeypatch):
    """A dip between grid points, as deep as 1/8, is seen by the zeros of the derivative."""
    from varproof.approx.interpolation_kernels import Kernel, keys_cubic

    claim = load("kernel_values_in_unit_interval")
    assert claim.corrected is not None
    inner, outer = keys_cubic("-3/4").pieces
    deeper = Kernel("deeper", (inner, tuple(Fraction(9, 8) * c for c in outer)))
    monkeypatch.setattr("varproof.claims.kernel_values_in_unit_interval.keys_cubic", lambda a: deeper)
    found = claim.corrected.check(replace(claim.case(), cells={**claim.cells, "phases": (2,)}))
    sides = {one["side"]: one["measured"] for one in found.evidence["counterexamples"] if "side" in one}
    assert sides["min W"] == "-0.12500000000000000000"
    assert "range" not in sides


def test_extremes_of_a_cubic_are_found_without_a_grid():
    from varproof.approx.interpolation_kernels import BSPLINE, keys_cubic
    from varproof.claims.kernel_values_in_unit_interval import _critical_points

    assert _critical_points(keys_cubic("-3/4").pieces[1], 1) == [1, 2, Fraction(4, 3)]
    assert _critical_points(keys_cubic(-2).pieces[0], 0) == [0, 1]
    assert _critical_points(BSPLINE.pieces[1], 1) == [1, 2]
    assert _critical_points((Fraction(0), Fraction(-1), Fraction(1), Fraction(0)), 0) == [0, 1, Fraction(1, 2)]
    with pytest.raises(ArithmeticError):
        _critical_points((Fraction(0), Fraction(-2), Fraction(0), Fraction(1)), 0)


def test_the_literal_kernel_statement_would_pass_for_a_kernel_without_lobes(monkeypatch):
    from varproof.approx.interpolation_kernels import BSPLINE

    claim = load("kernel_values_in_unit_interval")
    monkeypatch.setattr("varproof.claims.kernel_values_in_unit_interval.keys_cubic", lambda a: BSPLINE)
    assert claim.check(claim.case()).verdict is Verdict.PROVED


def test_layers_see_a_missing_scale(monkeypatch):
    claim = load("layer_amplification")
    monkeypatch.setattr(
        "varproof.claims.layer_amplification.fixed_ratio_sides", lambda ratio, scales: [1] * (scales - 1)
    )
    assert claim.check(claim.case()).verdict is Verdict.REFUTED
