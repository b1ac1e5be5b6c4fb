"""The exchange algorithm against an independent one, its fallback when Newton leaves its basin, and its rate."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import mpmath
import pytest
from flint import arb

from varproof.approx.exchange import Exchange
from varproof.base.balls import dyadic
from varproof.base.errors import CertificateError


def solved(degree: int, half: Fraction, kind: str, steps: int = 7) -> Exchange:
    problem = Exchange(degree, half, kind, 120)
    for _ in range(steps):
        problem.step()
    return problem


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("degree", [0, 1, 2, 5, 9])
@pytest.mark.parametrize("half", [Fraction(1, 2), Fraction(2), Fraction(4)])
def test_the_level_is_the_best_error(kind, degree, half, best):
    with mpmath.workdps(40):
        level = mpmath.mpf(solved(degree, half, kind).level.str(40, radius=False))
        assert abs(level / best(degree, half, kind) - 1) < mpmath.mpf(10) ** -20


@pytest.mark.parametrize("kind", ["rel", "abs"])
def test_levels_rise_to_the_best_error(kind):
    problem = Exchange(8, Fraction(6), kind, 120)
    levels = []
    for _ in range(5):
        problem.step()
        levels.append(dyadic(problem.level))
    assert all(a <= b * (1 + Fraction(1, 2**100)) for a, b in pairwise(levels))
    assert levels[0] < levels[-1]
    assert problem.change < 1e-12
    assert problem.steps == 5


@pytest.mark.parametrize("kind", ["rel", "abs"])
@pytest.mark.parametrize("degree", [1, 4, 11])
def test_a_bad_reference_is_repaired_by_search(kind, degree, best):
    problem = solved(degree, Fraction(2), kind, 2)
    count = degree + 2
    problem.points[1:-1] = [(arb(-1) + arb(j) / count).mid() for j in range(1, count - 1)]  # crowded on the left half
    for _ in range(12):
        problem.step()
    inner = problem.points[1:-1]
    assert all(a < b for a, b in pairwise(problem.points))
    assert len(inner) == degree
    level = mpmath.mpf(problem.level.str(30, radius=False))
    assert abs(level / best(degree, Fraction(2), kind) - 1) < 1e-12


def test_a_polynomial_without_enough_extremes_is_reported():
    problem = solved(3, Fraction(1), "rel", 1)
    problem.polynomial *= 0
    with pytest.raises(CertificateError, match="lost its points") as error:
        problem.critical_points()
    assert "degree 3" in str(error.value.got)


def test_degree_zero_has_no_interior():
    problem = solved(0, Fraction(1), "rel", 1)
    assert problem.critical_points() == []
    assert abs(float(problem.level) - 0.7615941559557649) < 1e-15  # tanh 1
