"""T1-T4 against the true best errors (an independent Remez) and against certified degrees; edges of the hypotheses."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from flint import arb

from varproof.approx import closed_forms as forms
from varproof.approx import minimal_degree
from varproof.base.errors import InputError

BOUNDS = [Fraction(1, 10), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4), Fraction(7)]
PARAMETERS = [Fraction(1, 100), Fraction(1, 3), Fraction(1), Fraction(2), Fraction(7, 2), Fraction(9)]


def exact(x: mpmath.mpf) -> arb:
    return arb(mpmath.nstr(x, 30)) * arb(1, 1e-18)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("degree", range(9))
def test_absolute_bounds_enclose_the_best_error(degree, bound, best):
    error = exact(best(degree, bound, "abs"))
    assert forms.absolute_lower(degree, bound) <= error
    assert error <= forms.absolute_upper(degree, bound)
    for parameter in PARAMETERS:
        assert error <= forms.absolute_exponential(degree, bound, parameter)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("degree", range(9))
def test_relative_bounds_enclose_the_best_error(degree, bound, best):
    error = exact(best(degree, bound, "rel"))
    assert forms.relative_lower(degree, bound) <= error
    upper = forms.relative_upper(degree, bound)
    assert upper is None or error <= upper
    for parameter in PARAMETERS:
        exponential = forms.relative_exponential(degree, bound, parameter)
        assert exponential is None or error <= exponential
        assert error <= forms.relative_poisson(degree, bound, parameter)


def test_bounds_are_sharp_far_above_the_bound(best):
    for kind, lower, upper in (
        ("abs", forms.absolute_lower(8, 1), forms.absolute_upper(8, 1)),
        ("rel", forms.relative_lower(8, 1), forms.relative_upper(8, 1)),
    ):
        error = exact(best(8, Fraction(1), kind))
        assert upper / error < 1.1
        assert error / lower < {"abs": 1.1, "rel": 2.2}[kind]


@pytest.mark.parametrize("bound", [2, 3, Fraction(5, 2)])
def test_the_relative_upper_bound_needs_more_degrees_than_the_bound(bound):
    for degree in range(12):
        value = forms.relative_upper(degree, bound)
        assert (value is None) == (degree + 1 <= bound) or value is None
        if degree + 1 <= bound:
            assert value is None
    assert forms.relative_upper(11, bound) is not None


def test_the_contraction_must_be_below_one(monkeypatch):
    assert forms.relative_upper(4, 4) is not None
    monkeypatch.setattr(forms, "bessel_j_tail", lambda order, bound: arb(1))
    assert forms.relative_upper(4, 4) is None
    monkeypatch.setattr(forms, "bessel_j_tail", lambda order, bound: arb(0.9, 0.2))
    assert forms.relative_upper(4, 4) is None


def test_the_exponential_form_is_none_where_it_proves_nothing():
    for degree in range(4):  # n <= B: no parameter works
        assert all(forms.relative_exponential(degree, 4, a) is None for a in PARAMETERS)
    assert forms.relative_exponential(20, 4, Fraction(9)) is None
    assert forms.relative_exponential(20, 4, Fraction(2)) is not None


@pytest.mark.parametrize("form", [forms.absolute_exponential, forms.relative_exponential, forms.relative_poisson])
@pytest.mark.parametrize("parameter", [0, -1, Fraction(-1, 10**9), arb(0, 1), arb("nan")])
def test_free_parameters_must_be_positive(form, parameter):
    with pytest.raises(InputError, match="free parameter"):
        form(5, 2, parameter)


@pytest.mark.parametrize(
    "form",
    [
        forms.absolute_lambert_degree,
        forms.relative_lambert_degree,
        forms.rel_upper_degree,
        forms.rel_lower_degree,
    ],
)
@pytest.mark.parametrize("eps", [0, 1, -1, 2, arb(1, 0.1), arb("nan")])
def test_eps_must_lie_between_zero_and_one(form, eps):
    with pytest.raises(InputError, match="eps"):
        form(2, eps)


@pytest.mark.parametrize("bound", [Fraction(1, 100), Fraction(1, 2), 1, 3, 8, 20])
@pytest.mark.parametrize(
    "eps", [Fraction(99, 100), Fraction(1, 2), Fraction(1, 100), Fraction(1, 10**6), Fraction(1, 10**20)]
)
def test_degrees_of_the_closed_forms_bracket_the_certified_one(bound, eps):
    relative, absolute = minimal_degree(bound, eps), minimal_degree(bound, eps, kind="abs")
    assert forms.rel_lower_degree(bound, eps) <= relative <= forms.rel_upper_degree(bound, eps)
    assert forms.abs_lower_degree(bound, eps) <= absolute <= forms.abs_upper_degree(bound, eps)
    assert relative <= forms.relative_lambert_degree(bound, eps)
    assert absolute <= forms.absolute_lambert_degree(bound, eps)


def test_the_lambert_degrees_as_stated():
    # rel, B = 16, eps = 1e-16: max(20, 16 exp(1 + W((ln 9e16 - 16) / (16 e))))
    with mpmath.workdps(40):
        for bound, eps in ((16, 16), (1, 8), (64, 2)):
            argument = (mpmath.log(9 * mpmath.mpf(10) ** eps) - bound) / (mpmath.e * bound)
            n = max(mpmath.mpf(5) / 4 * bound, bound * mpmath.exp(1 + mpmath.lambertw(argument).real))
            assert forms.relative_lambert_degree(bound, Fraction(1, 10**eps)) == int(mpmath.ceil(n)) - 1
            argument = 2 * (eps * mpmath.log(10) + mpmath.mpf(bound) / 4 + mpmath.log(4)) / (mpmath.e * bound)
            n = max(mpmath.mpf(bound), mpmath.mpf(bound) / 2 * mpmath.exp(1 + mpmath.lambertw(argument).real))
            assert forms.absolute_lambert_degree(bound, Fraction(1, 10**eps)) == int(mpmath.ceil(n)) - 1


def test_first_integer_is_the_first_and_asks_little():
    for start in (0, 5, -7):
        for change in (start, start + 1, start + 2, start + 77):
            asked: list[int] = []

            def holds(k: int, change: int = change, asked: list[int] = asked) -> bool:
                asked.append(k)
                return k >= change

            assert forms.first_integer(holds, start) == change
            assert len(asked) <= 2 * (change - start).bit_length() + 3
            assert min(asked) >= start


def test_the_poisson_form_as_stated():
    # (1 + 2/mu) e^{mu B} (1 + mu)^-n at mu = 2, B = 1, n = 3: 2 e^2 / 27
    assert forms.relative_poisson(2, 1, 2).overlaps(2 * arb(2).exp() / 27)


def test_the_lambert_degree_has_a_floor_of_five_quarters_of_the_bound():
    assert forms.relative_lambert_degree(400, Fraction(99, 100)) == 499
    assert forms.absolute_lambert_degree(4, Fraction(99, 100)) >= 3
