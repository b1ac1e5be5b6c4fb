"""T1: the exact functional behind the lower bound, and a check that notices faults beyond the listed variants."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from varproof.base.errors import InputError
from varproof.base.verdict import Verdict
from varproof.claims.exp_absolute_bessel import CLAIM, functional


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10])
def test_functional_equals_the_alternating_sum_of_cosines(n):
    for k in range(4 * n + 2):
        terms = [(-1) ** j * math.cos(math.pi * j * k / n) for j in range(n + 1)]
        terms[0] /= 2
        terms[-1] /= 2
        assert abs(float(functional(n, k)) - math.fsum(terms) / n) < 1e-12  # n + 1 <= 11 cosines of size 1


@pytest.mark.parametrize(("name", "value"), [("lower", Fraction(203, 100)), ("upper", Fraction(197, 100))])
def test_constants_are_sharp_to_a_few_percent(name, value):
    case = CLAIM.case()
    assert CLAIM.check(replace(case, constants={**CLAIM.constants, name: value})).verdict is Verdict.REFUTED


def test_a_cell_outside_the_axis_is_refused():
    with pytest.raises(InputError, match="cell axis bound"):
        CLAIM.check(replace(CLAIM.case(), cells={**CLAIM.cells, "bound": (1000,)}))
