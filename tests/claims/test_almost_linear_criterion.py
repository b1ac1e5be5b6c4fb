"""S6: a fixed ratio and K = O(1) exclude each other; the repaired statement stays UNKNOWN and says why."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.almost_linear_criterion import CLAIM


def test_the_fixed_ratio_reading_is_vacuous_and_the_rest_waits():
    verdicts = {part.name: part.verdict for part in CLAIM.check(CLAIM.case()).parts}
    assert verdicts["the criterion with a fixed ratio"] is Verdict.VACUOUS
    assert verdicts["scales of a fixed ratio"] is Verdict.PROVED
    assert verdicts["exponent 2 + o(1)"] is Verdict.UNKNOWN


def test_the_correction_has_no_vacuous_part():
    assert CLAIM.corrected is not None
    found = CLAIM.corrected.check(CLAIM.case())
    assert found.verdict is Verdict.UNKNOWN
    assert Verdict.VACUOUS not in {part.verdict for part in found.parts}


@pytest.mark.parametrize("constant", list(CLAIM.constants))
def test_a_change_of_a_ten_thousandth_downwards_is_refuted(constant):
    value = CLAIM.constants[constant] - Fraction(1, 10_000)
    found = CLAIM.check(replace(CLAIM.case(), constants={**CLAIM.constants, constant: value}))
    assert found.verdict is Verdict.REFUTED


@pytest.mark.parametrize("cells", [{"ratio": (1,)}, {"ratio": (Fraction(3, 2),)}, {"log_side": (10**6,)}])
def test_cells_without_meaning_are_refused(cells):
    with pytest.raises(InputError):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, **cells}))
