"""Flops of a VAR pass: a form that is off by one flop is refuted, and numbers that count count."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import var_pass_flops, var_passes
from varproof.claims.counted_numbers import Count, Counted
from varproof.claims.var_pass_flops import CLAIM
from varproof.growth.schedules import Schedule
from varproof.var.arithmetic.plain import Plain

SMALL = {"schedule": ("1-2",), "depth": (1,), "head_dim": (1,), "rows": (2,)}


def small(**constants: Fraction):
    return replace(CLAIM.case(), cells=SMALL, constants={**CLAIM.constants, **constants})


def refuted(finding) -> list[str]:
    return [part.name for part in finding.parts if part.verdict is Verdict.REFUTED]


def test_every_part_is_proved():
    found = CLAIM.check(CLAIM.case())
    assert [part.verdict for part in found.parts] == [Verdict.PROVED] * 3
    assert found.evidence["checked"]["every phase"]["cells"] > 500


@pytest.mark.parametrize("constant", list(CLAIM.constants))
def test_a_millionth_more_is_refuted(constant):
    found = CLAIM.check(small(**{constant: CLAIM.constants[constant] * (1 + Fraction(1, 10**6))}))
    assert refuted(found) == ["the formal model"]


def test_a_flop_that_a_closed_form_forgets_is_noticed(monkeypatch):
    honest = var_pass_flops.closed_forms

    def forgets(config):
        return {phase: flops - (phase == "decoder/attention") for phase, flops in honest(config).items()}

    monkeypatch.setattr(var_pass_flops, "closed_forms", forgets)
    found = CLAIM.check(small())
    assert refuted(found) == ["every phase"]
    assert {one["phase"] for one in found.evidence["counterexamples"]} == {"decoder/attention"}


def test_a_phase_that_only_the_pass_has_is_noticed(monkeypatch):
    honest = var_pass_flops.executed
    monkeypatch.setattr(var_pass_flops, "executed", lambda config, **kept: {**honest(config, **kept), "more": 1})
    assert refuted(CLAIM.check(small())) == ["every phase"]


def test_an_operation_that_counts_wrongly_is_noticed(monkeypatch):
    honest = Plain.scaled
    monkeypatch.setattr(Plain, "scaled", lambda ops, x, factor: honest(ops, honest(ops, x, 1.0), factor) * 1.0)
    found = CLAIM.check(small())
    assert "operations" in refuted(found)


def test_the_models_cover_both_decoders_and_all_activations():
    configs = [*var_passes.formal_models(Schedule((1, 2)), 1, 1), *var_passes.reference_models(Schedule((1, 2)), 1, 1)]
    assert {config.activation for config in configs[:3]} == {"relu", "gelu", "silu"}
    assert [config.decoder and config.decoder.groups for config in configs] == [None, 0, 2, None, 2]
    assert {config.cosine for config in configs[3:]} == {True, False}


def test_without_the_cache_every_step_computes_all_tokens():
    config = next(var_passes.formal_models(Schedule((1, 2)), 1, 1))
    kept, again = var_passes.executed(config), var_passes.executed(config, keeps_cache=False)
    phase = "transformer/ffn"
    assert again[phase] * 5 == kept[phase] * 6  # 1 + 5 tokens instead of 5
    assert again["reconstruction/convolution"] == kept["reconstruction/convolution"]


def test_counted_numbers_compute_and_count():
    count = Count()
    x = Counted(2.0, count)
    assert [float(y) for y in (x + 1, 1 + x, x - 1, 1 - x, x * 3, 3 * x, x / 4, 4 / x)] == [3, 3, 1, -1, 6, 6, 0.5, 2]
    assert [float(y) for y in (x.exp(), x.tanh(), x.sqrt())] == pytest.approx([np.exp(2), np.tanh(2), 2**0.5])
    assert count.flops == 11
    assert (float(-x), float(abs(-x)), x < 3, x <= 2, x > 2, x >= 2.5) == (-2, 2, True, True, False, False)
    assert count.flops == 11


@pytest.mark.parametrize("cells", [{"schedule": ("16",)}, {"depth": (0,)}, {"head_dim": (9,)}, {"rows": (0,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
