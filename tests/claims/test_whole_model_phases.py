"""S1 and S2 beyond attention: each part of the whole model notices a phase that costs more than it says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims import exact_cost_quartic, subquadratic_reading, whole_model_phases
from varproof.claims.whole_model_phases import attention_of_a_pass, decoder_attention, other_phases
from varproof.growth.schedules import geometric
from varproof.var.cost.forms import Form
from varproof.var.cost.moments import moments

QUARTIC, READING = exact_cost_quartic.CLAIM, subquadratic_reading.CLAIM
GRID = {"ratios": (2, Fraction(3, 2)), "sides": (9, 16, 64), "law": ("1-2", "1-3-4")}


def case(claim, **constants: Fraction):
    return replace(claim.case(), cells=GRID, constants={**claim.constants, **constants})


@pytest.mark.parametrize(
    ("part", "claim", "constant"),
    [
        (attention_of_a_pass, QUARTIC, "flops"),
        (other_phases, QUARTIC, "taps"),
        (other_phases, READING, "weights"),
        (decoder_attention, QUARTIC, "flops"),
        (decoder_attention, READING, "flops"),
    ],
)
@pytest.mark.parametrize("shift", [Fraction(1, 10**9), -Fraction(1, 10**9)])
def test_exact_parts_allow_no_other_constant(part, claim, constant, shift):
    assert part(case(claim)).verdict is Verdict.PROVED
    assert part(case(claim, **{constant: claim.constants[constant] + shift})).verdict is Verdict.REFUTED


@pytest.mark.parametrize("moment", ["square_pairs", "pairs", "maps", "lift"])
def test_a_phase_beyond_the_square_is_noticed(monkeypatch, moment):
    honest = whole_model_phases.phase_forms
    faster = {"transformer/more": Form.of(**{moment: 1})}
    monkeypatch.setattr(whole_model_phases, "phase_forms", lambda config: {**honest(config), **faster})
    found = other_phases(case(QUARTIC))
    assert found.verdict is Verdict.REFUTED
    first = found.evidence["counterexamples"][0]
    assert (first["phase"], first["sums"]) == ("transformer/more", moment)


def test_sums_over_the_square_hold_for_every_side():
    for ratio in (Fraction(2), Fraction(5, 2), Fraction(11, 10)):
        upper = whole_model_phases._over_square(ratio)
        for n in range(1, 80):
            schedule = geometric(n, ratio)
            at = moments(schedule)
            for name, constant in upper.items():
                assert getattr(at, name) <= constant * schedule.number_of_scales * n**2, (name, n, ratio)


@pytest.mark.parametrize("cells", [{"ratios": (1,)}, {"sides": (0,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        other_phases(replace(case(QUARTIC), cells={**GRID, **cells}))
