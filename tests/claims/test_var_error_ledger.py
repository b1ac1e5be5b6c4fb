"""The error ledger as a claim: every rule is tight, a weaker one is refuted, and broken passes are noticed."""

from __future__ import annotations

import importlib
from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.balls import ball, to_float
from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import var_error_ledger
from varproof.claims.ledger_cases import DEVIATION, assumed_deviation_bound, layer_norm_case, rule_cases
from varproof.claims.var_error_ledger import CLAIM, KINDS, ledger_of

SMALL = replace(CLAIM.case(), cells={"model": ("forced",), "seed": (1,)})


def refuted(finding) -> list[str]:
    return [part.name for part in finding.parts if part.verdict is Verdict.REFUTED]


def test_every_rule_has_a_case_within_a_millionth():
    shares = {}
    for found in rule_cases():
        share = to_float(ball(found.measured)) / float(found.bound)
        shares[found.rule] = max(share, shares.get(found.rule, 0.0))
        assert 1 - 2e-6 < share <= 1, found.name
    assert set(shares) == set(CLAIM.constants)


@pytest.mark.parametrize(
    ("module", "function", "rule"),
    [
        ("bounded_attention", "perturbation", "attention"),
        ("bounded", "resampled_sizes", "interpolation"),
        ("bounded", "convolved_groups", "linear"),
        ("bounded_norms", "unit_bound", "normalisation"),
        ("bounded_norms", "normalised_bound", "normalisation"),
    ],
)
def test_a_rule_weakened_in_the_ledger_itself_is_noticed(monkeypatch, module, function, rule):
    place = f"varproof.var.ledger.{module}.{function}"
    honest = getattr(importlib.import_module(f"varproof.var.ledger.{module}"), function)
    monkeypatch.setattr(place, lambda *arguments, **options: 0.99 * honest(*arguments, **options))
    exceeded = {found.rule for found in rule_cases() if ball(found.measured) > ball(found.bound)}
    assert exceeded == {rule}


@pytest.mark.parametrize("rule", list(CLAIM.constants))
def test_a_rule_that_is_a_hundred_thousandth_weaker_is_refuted(rule):
    case = replace(SMALL, constants={**CLAIM.constants, rule: 1 - Fraction(1, 10**5)})
    found = CLAIM.check(case)
    assert refuted(found) == ["rules where they are tight"]
    assert {one["rule"] for one in found.evidence["counterexamples"]} == {rule}


def test_an_assumed_deviation_is_exceeded_sixteenfold():
    worst = layer_norm_case(DEVIATION)
    assert to_float(worst.measured) > 16 * float(assumed_deviation_bound())
    assert worst.measured < ball(worst.bound)


@pytest.mark.parametrize("kind", KINDS)
def test_passes_hold_with_fast_attention(kind):
    found = ledger_of(kind, 1)
    assert found.holds
    assert {call.engine for call in found.calls} == {"polynomial"}
    assert found.final_measured > 1e-6  # more than rounding


@pytest.mark.parametrize("kind", KINDS)
def test_without_certificates_the_passes_fail_at_attention(kind):
    variant = next(v for v in CLAIM.falsified if v.dropped == {"certificates"})
    case = replace(CLAIM.case(variant), cells={"model": (kind,), "seed": (1,)})
    found = CLAIM.check(case)
    assert refuted(found) == ["passes with fast attention"]
    assert "attention" in found.evidence["counterexamples"][0]["step"]


def test_a_step_beyond_its_bound_is_noticed(monkeypatch):
    honest = ledger_of("forced", 1)
    last = honest.entries[-1]
    entries = (*honest.entries[:-1], replace(last, measured=2 * last.bound))
    monkeypatch.setattr(var_error_ledger, "ledger_of", lambda kind, seed: replace(honest, entries=entries))
    found = CLAIM.check(SMALL)
    assert refuted(found) == ["passes with fast attention"]
    assert found.evidence["counterexamples"][0]["step"] == last.name


def test_a_pass_without_fast_attention_shows_nothing(monkeypatch):
    monkeypatch.setattr(var_error_ledger, "ledger_of", lambda kind, seed: ledger_of(kind, seed, engine="exact"))
    assert refuted(CLAIM.check(SMALL)) == ["passes with fast attention"]


@pytest.mark.parametrize("cells", [{"model": ("linear",)}, {"seed": (0,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(SMALL, cells={**SMALL.cells, **cells}))
