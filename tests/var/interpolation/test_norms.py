"""The constants of interpolation: against the maximum over all sign patterns, the matrices, and the known numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
import sympy

from varproof.base.errors import InputError
from varproof.growth.schedules import PRESETS, Schedule, parse_schedule
from varproof.var.interpolation.norms import chained_norm, direct_norms, phase_sup, step_norms
from varproof.var.interpolation.operators import kernel_named, up

NAMES = ["bicubic", "bicubic:-1/2", "bspline", "bilinear", "nearest"]
COEFFICIENTS = ["-8", "-3", "-1", "-3/4", "-1/2", "-1/7", "0", "1/100", "1/2", "1", "2", "4", "5", "8", "10", "100"]
DOUBLING = Fraction(41, 32) ** 2  # 1.28125^2


def sup_by_signs(name: str) -> sympy.Expr:
    """sup_t sum_k |W(t-k)| = max over signs s of max_t sum_k s_k W(t-k), exactly: the extrema of sixteen cubics."""
    t = sympy.Symbol("t")
    pieces = [
        sum(sympy.Rational(c.numerator, c.denominator) * t**power for power, c in enumerate(polynomial))
        for polynomial in kernel_named(name).phase_polynomials()
    ]
    values = []
    for signs in product((1, -1), repeat=len(pieces)):
        f = sympy.expand(sum(sign * piece for sign, piece in zip(signs, pieces, strict=True)))
        slope = sympy.Poly(sympy.diff(f, t), t)
        inner = [] if slope.is_zero else sympy.real_roots(slope)
        values += [f.subs(t, point) for point in [*inner, sympy.Integer(0), sympy.Integer(1)] if 0 <= point <= 1]
    return sympy.Max(*map(sympy.nsimplify, map(sympy.simplify, values)))


@pytest.mark.parametrize("a", COEFFICIENTS)
def test_sup_over_phases_of_keys_cubics(a: str) -> None:
    axis = sup_by_signs(f"bicubic:{a}")
    found = phase_sup(f"bicubic:{a}")
    assert sympy.simplify(axis**2 - sympy.Rational(found.numerator, found.denominator)) == 0


@pytest.mark.parametrize("name", ["bilinear", "bspline"])
def test_sup_over_phases_of_the_others(name: str) -> None:
    assert sup_by_signs(name) == 1 == phase_sup(name)


def test_known_numbers() -> None:
    assert [phase_sup(name) for name in NAMES] == [Fraction(121, 64), Fraction(25, 16), 1, 1, 1]


@pytest.mark.parametrize("a", ["-27/40", "-33/40", "3/4"])
def test_another_coefficient_has_another_constant(a: str) -> None:
    assert phase_sup(f"bicubic:{a}") != phase_sup("bicubic")


@pytest.mark.parametrize("name", [*NAMES, "bicubic:1/2", "bicubic:10"])
def test_no_matrix_exceeds_the_sup_and_one_attains_it(name: str) -> None:
    for p, n in ((1, 4), (2, 3), (5, 7), (8, 16), (13, 16), (10, 30)):
        assert up(name, p, n).norm <= phase_sup(name)
    if name in NAMES:
        assert up(name, 10, 15).norm == phase_sup(name)  # cell 4 lies at 5/2: phase 1/2


@pytest.mark.parametrize("name", NAMES)
def test_norms_of_steps_are_those_of_the_matrices(name: str) -> None:
    schedule = parse_schedule("256")
    norms = step_norms(name, schedule)
    assert norms == tuple(up(name, p, q).norm for p, q in pairwise(schedule.sides))
    assert chained_norm(name, schedule) == np.prod([Fraction(1), *norms])
    direct = direct_norms(name, schedule)
    assert direct[:-1] == tuple(up(name, p, 16).norm for p in schedule.sides[:-1])
    assert direct[-1] == 1
    assert all(1 <= norm <= phase_sup(name) for norm in direct)


def test_the_chain_of_the_preset() -> None:
    norm = chained_norm("bicubic", parse_schedule("256"))
    assert Fraction("88.865") < norm < Fraction("88.875")
    assert norm != chained_norm("bicubic:-33/40", parse_schedule("256"))
    for name in ("bspline", "bilinear", "nearest"):
        assert chained_norm(name, parse_schedule("256")) == 1


def test_doubling() -> None:
    norms = step_norms("bicubic", Schedule((1, 2, 4, 8, 16, 32, 64)))
    assert norms == (1, Fraction(155, 128) ** 2, *[DOUBLING] * 4)
    assert step_norms("bicubic", Schedule((3, 6))) == (Fraction(155, 128) ** 2,)
    assert step_norms("bicubic:-27/40", Schedule((4, 8))) != (DOUBLING,)


@pytest.mark.parametrize("name", list(PRESETS))
def test_direct_interpolation_adds_at_most_the_sup_for_each_scale(name: str) -> None:
    schedule = parse_schedule(name)
    norms = direct_norms("bicubic", schedule)
    assert len(norms) == schedule.number_of_scales
    assert schedule.number_of_scales < sum(norms) <= schedule.number_of_scales * Fraction(121, 64)
    assert sum(norms) < chained_norm("bicubic", schedule)


def test_a_single_scale() -> None:
    one = Schedule((5,))
    assert (step_norms("bicubic", one), chained_norm("bicubic", one), direct_norms("bspline", one)) == ((), 1, (1,))


def test_unknown_kernels_are_refused() -> None:
    for call in (phase_sup, lambda k: step_norms(k, Schedule((1,))), lambda k: chained_norm(k, Schedule((1,)))):
        with pytest.raises(InputError, match="no interpolation kernel"):
            call("lanczos")
    with pytest.raises(InputError, match="no interpolation kernel"):
        direct_norms("lanczos", Schedule((1,)))
