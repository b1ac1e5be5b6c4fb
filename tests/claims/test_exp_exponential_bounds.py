"""T3: every positive parameter is a valid certificate, the best one is near the root of the theory, wrong ones lose."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.exp_exponential_bounds import CLAIM


@pytest.mark.parametrize("parameter", [Fraction(1, 100), Fraction(7, 3), Fraction(6)])
def test_any_parameter_gives_a_true_bound(parameter):
    case = replace(CLAIM.case(), cells={**CLAIM.cells, "parameter": (parameter,)})
    assert CLAIM.check(case).verdict is Verdict.PROVED


def test_a_parameter_that_is_not_positive_is_refused():
    with pytest.raises(InputError, match="parameter"):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, "parameter": (Fraction(0),)}))


def test_a_slightly_larger_decay_is_refuted_at_a_high_degree():
    case = replace(
        CLAIM.case(),
        constants={**CLAIM.constants, "decay": Fraction(103, 100)},
        cells={"bound": (8,), "degree": (80,), "parameter": (Fraction(3),)},
    )
    assert CLAIM.check(case).verdict is Verdict.REFUTED
